"""The probe's verdict beside measured facts, and whether the user's optimizer was left as it was.

    python benchmarks/model_probe.py OPTIMIZERS.csv [--package torch] [--show]

The facts file has one row a class: package, qualified_name, measured_2d, ... . Each importable class is built with
its defaults and a decay over a real layer, stepped three times under a learning-rate schedule, probed live, and
compared bit by bit: parameters, gradients, state, groups, and the state of the random numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib
import inspect
import io
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent))
from model_zoo import declare_torchvision

from wdlint.model.holding.wrappers import leaves
from wdlint.model.optimizers.manner import Manner, Probe
from wdlint.model.optimizers.probe import DECAY_KEYS, probe

# What the measured words mean, as manners that count as the same.
SAME = {
    "decoupled-lr*wd": {Manner.DECOUPLED, Manner.AFTER, Manner.MASKED},
    "decoupled-lr-independent": {Manner.DECOUPLED, Manner.AFTER},
    "decoupled-post-step": {Manner.AFTER, Manner.DECOUPLED},
    "coupled-adaptive": {Manner.COUPLED},
    "linear-with-carry": {Manner.LINEAR},
    "norm-scaled": {Manner.NORM_SCALED},
    "coupled-or-nonproportional(no carry)": {Manner.OTHER, Manner.COUPLED},
    "none": {Manner.NONE},
    "no-wd-argument": {Manner.NONE},
}


def found(path: str) -> type | None:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
    except Exception:
        return None


# What some classes want to be given besides parameters, by a part of the path.
WISHES: dict[str, dict[str, Any]] = {
    "bitsandbytes.optim.sgd": {"momentum": 0.9}, "bitsandbytes.optim.lars": {"momentum": 0.9},
    "ranger21": {"num_iterations": 100}, "BSAM": {"num_data": 100},
}  # fmt: skip
WRAPPERS = ("lookahead", "orthograd", "trac", "ScheduleFreeWrapper", "pcgrad")  # they take an optimizer


def build(cls: type, layer: nn.Module, path: str) -> Any:
    accepted = inspect.signature(cls).parameters
    key = next((k for k in DECAY_KEYS if k in accepted), None)
    options: dict[str, Any] = {key: 0.05} if key else {}
    if "lr" in accepted and accepted["lr"].default is inspect.Parameter.empty:
        options["lr"] = 1e-3
    for part, wish in WISHES.items():
        options |= wish if part in path else {}
    if any(part in path for part in WRAPPERS):
        return cls(torch.optim.AdamW(layer.parameters(), weight_decay=0.05))
    if "base_optimizer" in accepted:
        return cls(list(layer.parameters()), base_optimizer=torch.optim.AdamW, weight_decay=0.05)
    if next(iter(accepted)) == "model":
        return cls(layer, **options)
    if ".muon." in path:
        return cls([{"params": list(layer.parameters()), "use_muon": True, **options}])
    return cls(list(layer.parameters()), **options)


def frozen(value: Any) -> Any:
    """Everything of an optimizer that could change, as bytes and plain values."""
    if isinstance(value, Tensor):
        return tuple(value.shape), str(value.dtype), value.detach().clone().contiguous().view(-1).tolist()
    if isinstance(value, dict):
        return {str(k) if not isinstance(k, Tensor) else id(k): frozen(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [frozen(v) for v in value]
    return value if isinstance(value, (int, float, str, bool, type(None))) else repr(type(value))


def snapshot(optimizer: Any, parameters: list[nn.Parameter]) -> Any:
    return (
        frozen(parameters), frozen([p.grad for p in parameters]), frozen(dict(optimizer.state)),
        frozen(optimizer.param_groups), torch.get_rng_state().tolist(),
    )  # fmt: skip


def train(optimizer: Any, layer: nn.Module, path: str) -> None:
    """Three true steps, under a schedule where the learning rate is a number."""
    rates = all(isinstance(group.get("lr"), (int, float)) for group in optimizer.param_groups)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.9**step) if rates else None
    if hasattr(optimizer, "train"):
        optimizer.train()

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = layer(torch.randn(4, 8)).square().sum()
        loss.backward(create_graph="essian" in path or "SophiaH" in path)
        return loss

    for _ in range(3):
        closure()
        try:
            optimizer.step()
        except Exception as error:
            if "closure" not in str(error):
                raise
            optimizer.step(closure)
        if schedule is not None:
            schedule.step()


def measure(path: str) -> tuple[Probe, bool, float] | str:
    """The verdict, whether all is as it was, and the seconds; or why the class could not be used."""
    cls = found(path)
    if cls is None:
        return "not importable"
    torch.manual_seed(0)
    layer = nn.Linear(8, 6, bias=False)
    parameters = list(layer.parameters())
    try:
        optimizer = build(cls, layer, path)
        train(optimizer, layer, path)
    except Exception as error:
        return f"can't be built and stepped: {type(error).__name__}: {error}"
    optimizer = leaves(optimizer)[0]
    before = snapshot(optimizer, parameters)
    start = time.perf_counter()
    result = probe(optimizer)
    seconds = time.perf_counter() - start
    return result, snapshot(optimizer, parameters) == before, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("facts")
    parser.add_argument("--package", action="append")
    parser.add_argument("--show", action="store_true", help="print every class that differs or can't be probed")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    declare_torchvision()  # timm imports it
    tallies: dict[str, Counter[str]] = {}
    with open(options.facts, newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if not options.package or r["package"] in options.package]
    for row in rows:
        with contextlib.redirect_stdout(io.StringIO()):
            got = measure(row["qualified_name"])
        tally = tallies.setdefault(row["package"], Counter())
        if isinstance(got, str):
            outcome = "not importable" if got == "not importable" else "not built"
            words = got
        else:
            result, untouched, seconds = got
            wraps = row["measured_2d"] == "no-wd-argument" and result.manner is not Manner.NONE
            expected = {Manner.DECOUPLED} if wraps else SAME.get(row["measured_2d"])  # AdamW is what is inside
            outcome = (
                "failed" if result.manner is Manner.FAILED
                else "no fact" if expected is None
                else "agrees" if result.manner in expected
                else "differs"
            )  # fmt: skip
            words = f"{result.manner.value} {result.why}, {seconds * 1000:.0f} ms"
            tally["untouched" if untouched else "TOUCHED"] += 1
            if options.show and not untouched:
                print(f"touched: {row['qualified_name']}")
        tally[outcome] += 1
        if options.show and outcome not in ("agrees", "not importable"):
            print(f"{outcome}: {row['qualified_name']}: measured {row['measured_2d']}, probe: {words}"[:250])
    for package, tally in sorted(tallies.items()):
        print(f"{package:22} " + ", ".join(f"{k} {n}" for k, n in sorted(tally.items())))


if __name__ == "__main__":
    main()
