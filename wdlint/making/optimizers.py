"""Write `optimizers.tsv` from the measurements of optimizer classes.

    python -m wdlint.making.optimizers MEASURED.csv

MEASURED.csv has one row a class: its import paths, its signature, and how a probe saw its decay act.
The probe forks a run of several steps on a toy tensor with varying gradients into one step with
decay and one without, and looks at the displacement that is the decay's own: proportional to the
parameter (decoupled), carried in the momentum as well (coupled), rescaled coordinate by coordinate
(coupled to an adaptive step), or shared with the step's norm (LAMB, LARS). Classes that are named
here by hand were read in their libraries' source; `read_in_source` says which. Where a library is
installed, the group keys that its classes read are taken from `Optimizer.defaults`.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wdlint.facts import Coupling
from wdlint.knowledge.optimizers import TABLE
from wdlint.making.read_in_source import FORMER_NAMES, READ, Entry

HEADER = (
    "# Written by wdlint/making/optimizers.py: path, other paths, parameters, decay, learning rate,"
    " coupling, switches, group keys, what the step exempts, source"
)

# Verdicts of the probe. `norm-scaled`: decay stands beside the rescaled update and only shares a
# trust ratio with it, one number a tensor, so it isn't rescaled coordinate by coordinate.
VERDICTS = {
    "decoupled-lr*wd": Coupling.DECOUPLED,
    "decoupled-lr-independent": Coupling.DECOUPLED,
    "decoupled-post-step": Coupling.DECOUPLED,
    "decoupled-masked": Coupling.DECOUPLED,
    "decoupled-lr*wd by default (p.mul_(1-lr*wd))": Coupling.DECOUPLED,
    "decoupled by default": Coupling.DECOUPLED,
    "decoupled by default (adam_w_mode=True); coupled if False": Coupling.DECOUPLED,
    "decoupled (Lion)": Coupling.DECOUPLED,
    "norm-scaled": Coupling.DECOUPLED,
    "coupled-adaptive": Coupling.COUPLED_ADAPTIVE,
    "coupled by default": Coupling.COUPLED_ADAPTIVE,
    "coupled": Coupling.COUPLED_ADAPTIVE,
    "linear-with-carry": Coupling.COUPLED_PLAIN,
    "linear (coupled into momentum) by default; wd_after_momentum=True: decoupled": Coupling.COUPLED_PLAIN,
    "no-wd-argument": Coupling.NONE,
    "none": Coupling.NONE,
}

# Where the verdict on its own would mislead.
CORRECTIONS = {
    # The gradient of SGD without momentum: proportional to the parameter, yet an L2 term of the gradient.
    "ASGD": Coupling.COUPLED_PLAIN,
    # LARS puts decay into SGD's gradient before momentum; its trust ratio is one number a tensor.
    "Lars": Coupling.COUPLED_PLAIN,
    "LARS": Coupling.COUPLED_PLAIN,
    "LARS8bit": Coupling.COUPLED_PLAIN,
    "LARS32bit": Coupling.COUPLED_PLAIN,
    "PytorchLARS": Coupling.COUPLED_PLAIN,
    # Schedule-free Adam adds decay after the division by the second moment; the averaging carries it on.
    "AdamWScheduleFree": Coupling.DECOUPLED,
    "AdamWScheduleFreeClosure": Coupling.DECOUPLED,
    "AdamWScheduleFreePaper": Coupling.DECOUPLED,
    "AdamWScheduleFreeReference": Coupling.DECOUPLED,
    "RAdamScheduleFree": Coupling.DECOUPLED,
    "RAdamScheduleFreeClosure": Coupling.DECOUPLED,
    "ScheduleFreeAdamW": Coupling.DECOUPLED,
    "ScheduleFreeRAdam": Coupling.DECOUPLED,
    "SFAdamW": Coupling.DECOUPLED,
    "SGDScheduleFreeClosure": Coupling.COUPLED_PLAIN,
    # Measured for their 8-bit siblings; the probe's tensor was too small for these.
    "AdEMAMix32bit": Coupling.DECOUPLED,
    "PagedAdEMAMix32bit": Coupling.DECOUPLED,
    # Read: with the default `reg_inside_moment=False` decay is added after the moments.
    "FusedNovoGrad": Coupling.DECOUPLED,
    # Read: `update += weight_decay * p` after the division by the second moment.
    "OnebitAdam": Coupling.DECOUPLED,
}

# Flags of classes that could not be measured, as their source has them.
FLAGS_READ = {
    "apex.optimizers.FusedAdam": "adam_w_mode=False:COUPLED_ADAPTIVE",
    "apex.optimizers.FusedSGD": "wd_after_momentum=True:DECOUPLED",
    "apex.optimizers.FusedNovoGrad": "reg_inside_moment=True:COUPLED_PLAIN",
    "apex.optimizers.FusedAdagrad": "adagrad_w_mode=True:DECOUPLED",
    "deepspeed.ops.adam.FusedAdam": "adam_w_mode=False:COUPLED_ADAPTIVE",
    "deepspeed.ops.adam.DeepSpeedCPUAdam": "adamw_mode=False:COUPLED_ADAPTIVE",
    "fastai.optimizer.Adam": "decouple_wd=False:COUPLED_ADAPTIVE",
    "fastai.optimizer.SGD": "decouple_wd=False:COUPLED_PLAIN",
    "fastai.optimizer.RMSProp": "decouple_wd=False:COUPLED_ADAPTIVE",
    "fastai.optimizer.RAdam": "decouple_wd=False:COUPLED_ADAPTIVE",
    "fastai.optimizer.QHAdam": "decouple_wd=False:COUPLED_ADAPTIVE",
}

# Bases, and wrappers that `wrappers` knows.
NO_OPTIMIZERS = {
    "BaseOptimizer", "Optimizer1State", "Optimizer2State", "Optimizer8bit", "MuonBase", "_AdamBase",
    "PSGDBase", "SOAPBase", "BaseOpt", "ChainOpt", "StatefulOptimizer", "MSAM", "ScheduleFree",
    "LayerWiseDummyOptimizer", "CPUOffloadOptimizer", "SplitOpt", "SAMWrapper", "Lookahead",
    "SafeFP16Optimizer", "OrthoGrad", "PCGrad", "TRAC", "Magma", "ScheduleFreeWrapper",
    "SAM", "GSAM", "WSAM", "LookSAM", "FriendlySAM", "BSAM",
}  # fmt: skip

# The step decays matrices only, whatever the group says (pytorch_optimizer 1-D parameters, measured).
EXEMPT_VECTORS = {"pytorch_optimizer.optimizer.lars.LARS", "pytorch_optimizer.optimizer.psgd.Kron"}


def coupling(row: dict[str, str]) -> Coupling:
    """How the class decays with its default arguments."""
    name = row["qualified_name"].rsplit(".", 1)[-1]
    if name in CORRECTIONS:
        return CORRECTIONS[name]
    path = preferred(row)[0]
    if path.rsplit(".", 1)[-1] in CORRECTIONS:
        return CORRECTIONS[path.rsplit(".", 1)[-1]]
    with_momentum = json.loads(row["under_flags"] or "{}").get("momentum=0.9", {}).get("2d")
    if with_momentum == "linear-with-carry":  # SGD: plain only as long as there is no momentum to see it in
        return Coupling.COUPLED_PLAIN
    return VERDICTS.get(row["measured_2d"], Coupling.UNKNOWN)


def switches(row: dict[str, str], usual: Coupling) -> str:
    """The flags that change the coupling, e.g. `decoupled_weight_decay=True:DECOUPLED`."""
    path = preferred(row)[0]
    if path in FLAGS_READ:
        return FLAGS_READ[path]
    if usual is CORRECTIONS.get(path.rsplit(".", 1)[-1]):
        return ""
    found: dict[str, Coupling] = {}
    for settings, verdicts in json.loads(row["under_flags"] or "{}").items():
        if settings.startswith("momentum="):
            continue
        pairs = [setting.split("=", 1) for setting in settings.split(",")]
        alone = [found[setting] for setting in settings.split(",") if setting in found] or [usual]
        under = VERDICTS.get(verdicts["2d"], Coupling.UNKNOWN)
        if under not in alone:
            found[",".join(f"{flag}={literal(value)}" for flag, value in pairs)] = under
    return ";".join(f"{settings}:{under.name}" for settings, under in found.items())


def literal(value: str) -> str:
    return value if value in ("True", "False", "None") or value.replace(".", "").isdigit() else repr(value)


def preferred(row: dict[str, str]) -> list[str]:
    """The import paths of a class, the one that users write first."""
    paths = [row["qualified_name"], *row["aliases"].split()]
    paths = [path for path in paths if "<locals>" not in path]
    return sorted(paths, key=lambda path: (path.count("."), "._" in path, path))


def argument(name: str, position: str, default: str) -> str:
    """`weight_decay@4=0.01`; a default that is no number is left out."""
    if not name:
        return ""
    try:
        value = f"={float(default):g}"
    except ValueError:
        value = ""
    return name + (f"@{position}" if position else "") + value


def group_keys(path: str) -> str:
    """The keys of `Optimizer.defaults`, where the library is installed and the class takes plain parameters."""
    try:
        torch: Any = importlib.import_module("torch")
        module, _, name = path.rpartition(".")
        cls = getattr(importlib.import_module(module), name)
        parameter = torch.nn.Parameter(torch.zeros(4, 4))
        try:
            made = cls([parameter])
        except TypeError:
            made = cls([parameter], lr=1e-3)
        return " ".join(["params", *made.defaults])
    except Exception:  # whatever a library does when it is built without its device or its model
        return ""


def measured(path: Path) -> Iterator[Entry]:
    """One entry a class of the measurements."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        paths = preferred(row)
        name = paths[0].rsplit(".", 1)[-1]
        if name in NO_OPTIMIZERS or not row["params_name"]:
            continue
        usual = coupling(row)
        yield Entry(
            paths=tuple(paths),
            parameters=argument(row["params_name"], "0", ""),
            decay=argument(row["wd_name"], row["wd_index"], row["wd_default"]),
            rate=argument(row["lr_name"], row["lr_index"], row["lr_default"]) if row["lr_name"] != "alpha" else "",
            coupling=usual,
            switches=switches(row, usual),
            exempts="gains biases" if row["qualified_name"] in EXEMPT_VECTORS else "",
            source="source read" if "NOT" in row["source"] else "measured " + row["version"].split("+")[0],
        )


def main() -> None:
    lines, seen = [], set()
    for entry in [*measured(Path(sys.argv[1])), *READ]:
        first, *others = [path for path in entry.paths if path not in seen] or [""]
        if not first:
            continue
        others += [former for former, now in FORMER_NAMES.items() if now == first]
        seen.update([first, *others])
        keys = entry.reads or group_keys(first)
        fields = (entry.parameters, entry.decay, entry.rate, entry.coupling.name, entry.switches, keys)
        lines.append("\t".join([first, " ".join(others), *fields, entry.exempts, entry.source]))
    TABLE.write_text("\n".join([HEADER, *sorted(lines)]) + "\n", encoding="utf-8")
    print(f"{len(lines)} classes, {len(seen)} import paths, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
