"""Generated programs run in forks of a process that has imported torch, and what their optimizers hold at the end.

All versions of a program run in one fork, one after the other, each from the same seed.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
import signal
import sys
import types
import warnings
from dataclasses import dataclass, field
from typing import Any

SECONDS = 60
GAINS = ("scale",)


@dataclass
class Held:
    """One parameter: its kind, and of each group that holds it the decay and the learning rate."""

    kind: str
    groups: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class Live:
    """An optimizer at the end of a run."""

    name: str
    couples: bool
    parameters: dict[str, Held]
    strangers: int  # parameters of no model
    numbers: tuple[int, ...]  # parameters of each group
    line: int = 0  # of the program, where it is made


@dataclass
class Run:
    """What became of one version of a program."""

    error: str = ""
    losses: list[float] = field(default_factory=list)
    optimizers: list[Live] = field(default_factory=list)


def runs(texts: list[tuple[str, bool]]) -> list[Run]:
    """Each text run once; its flag says whether steps are taken with the decay that the groups have."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        with open(writing, "wb") as pipe:
            pickle.dump([_run(text, decays) for text, decays in texts], pipe)
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else [Run("the process ended") for _ in texts]


def _run(text: str, decays: bool) -> Run:
    import torch

    run = Run()
    made: list[tuple[Any, int]] = []
    models: list[Any] = []
    originals = torch.optim.Optimizer.__init__, torch.nn.Module.__init__, torch.Tensor.backward

    def optimizer(self: Any, *args: Any, **named: Any) -> None:
        originals[0](self, *args, **named)
        made.append((self, _line_of_program()))
        if not decays:
            self.register_step_pre_hook(_without_decay)
            self.register_step_post_hook(_with_decay)

    def module(self: Any, *args: Any, **named: Any) -> None:
        originals[1](self, *args, **named)
        models.append(self)

    def backward(self: Any, *args: Any, **named: Any) -> None:
        run.losses.append(self.item())
        originals[2](self, *args, **named)

    torch.optim.Optimizer.__init__, torch.nn.Module.__init__ = optimizer, module  # type: ignore[method-assign]
    torch.Tensor.backward = backward  # type: ignore[method-assign]
    torch.manual_seed(0)
    random.seed(0)
    sys.argv = ["train.py"]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, "<program>", "exec"), main.__dict__)
    except BaseException as error:
        run.error = f"{type(error).__name__}: {error}"[:200]
    finally:
        torch.optim.Optimizer.__init__, torch.nn.Module.__init__ = originals[:2]  # type: ignore[method-assign]
        torch.Tensor.backward = originals[2]  # type: ignore[method-assign]
    if not run.error:
        run.optimizers = [_live(one, line, models) for one, line in made]
    return run


def _line_of_program() -> int:
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename != "<program>":
        frame = frame.f_back
    return frame.f_lineno if frame is not None else 0


def _without_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        group["kept"], group["weight_decay"] = group["weight_decay"], 0.0


def _with_decay(optimizer: Any, args: Any, named: Any) -> None:
    for group in optimizer.param_groups:
        group["weight_decay"] = group.pop("kept")


def _live(optimizer: Any, line: int, models: list[Any]) -> Live:
    inner = {id(child) for model in models for child in model.children()}
    found: dict[str, Held] = {}
    by_id: dict[int, Held] = {}
    roots = [m for m in models if id(m) not in inner and any(True for _ in m.parameters())]
    for number, root in enumerate(roots):
        for path, module in root.named_modules():
            for leaf, p in module.named_parameters(recurse=False):
                if id(p) not in by_id:
                    name = f"{path}.{leaf}" if path else leaf
                    by_id[id(p)] = found[name if len(roots) == 1 else f"{number}:{name}"] = Held(_kind(module, leaf))
    strangers = 0
    for group in optimizer.param_groups:
        for p in group["params"]:
            if id(p) in by_id:
                by_id[id(p)].groups.append((float(group["weight_decay"]), float(group["lr"])))
            else:
                strangers += 1
    return Live(
        type(optimizer).__name__, _couples(optimizer), found, strangers,
        tuple(len(group["params"]) for group in optimizer.param_groups), line,
    )  # fmt: skip


def _kind(module: Any, leaf: str) -> str:
    kind = type(module).__name__
    if "bias" in leaf:
        return "bias"
    if "Norm" in kind or leaf in GAINS:
        return "gain"
    return "embedding" if kind == "Embedding" else "weight"


def _couples(optimizer: Any) -> bool:
    name = type(optimizer).__name__
    if name in ("NAdam", "RAdam", "Adam"):
        return not optimizer.defaults.get("decoupled_weight_decay", False)
    return name in ("RMSprop", "Adagrad", "Adamax", "Adadelta")
