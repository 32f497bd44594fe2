"""Libraries that make an optimizer of a class and options which a call hands to them, under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wdlint.knowledge.optimizers import Argument, argument

TABLE = Path(__file__).with_name("handed_on.tsv")
LIBRARIES = frozenset(
    "stable_baselines3 sb3_contrib skorch pytorch_tabnet pytorch_tabular darts neuralforecast pytorch_forecasting "
    "gluonts schnetpack pykeen tianshou flair ultralytics braindecode".split()
)


@dataclass(frozen=True, slots=True)
class HandedOn:
    """One such class of a library."""

    path: str
    chooses: str  # the path of keys to the optimizer's class, the first of them an argument of the call
    usual: str  # the class where none is given; empty: then the options are not read either
    options: str  # the path of keys to the options, or their prefix with `*`; empty: the decay is an argument itself
    decay: Argument | None  # the decay, where it is an argument of the call
    groups: str  # the argument that gives groups of the caller's own; empty: there is none
    held: str  # "one group": all parameters of a model with gains and biases; "divided": a split that suits most models
    model: Argument | None  # the model or its class, where the call is given it
    source: str

    @property
    def one_group(self) -> bool:
        return self.held == "one group"


def handed_on(path: str) -> HandedOn | None:
    """What is known of a class at an import path, e.g. `skorch.NeuralNetClassifier`."""
    rows = _rows()
    return rows.get(path) or rows.get(f"{path.rpartition('.')[0]}.*")


@cache
def called_by_methods() -> Mapping[str, frozenset[str]]:
    """The names of functions and methods in the table, e.g. `fine_tune`, with their libraries."""
    found: dict[str, set[str]] = {}
    for path in _rows():
        name = path.rpartition(".")[2]
        if name[:1].islower():
            found.setdefault(name, set()).add(path.partition(".")[0])
    return {name: frozenset(libraries) for name, libraries in found.items()}


@cache
def _rows() -> Mapping[str, HandedOn]:
    found: dict[str, HandedOn] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        paths, chosen, options, groups, held, source = line.split("\t")
        chooses, _, usual = chosen.partition("=")
        is_itself = options.startswith("weight_decay")
        held, _, model = held.partition(" of ")
        of = argument(model) if model else None
        decay, by_name = (argument(options), "") if is_itself else (None, options)
        for path in paths.split():
            found[path] = HandedOn(path, chooses, usual, by_name, decay, groups, held, of, source)
    return found
