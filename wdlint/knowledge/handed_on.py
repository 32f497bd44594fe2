"""Libraries that make an optimizer of a class and options which a call hands to them, under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("handed_on.tsv")
LIBRARIES = frozenset(
    ("stable_baselines3", "sb3_contrib", "skorch", "pytorch_tabnet", "darts", "neuralforecast", "schnetpack")
)


@dataclass(frozen=True, slots=True)
class HandedOn:
    """One such class of a library."""

    path: str
    chooses: str  # the path of keys to the optimizer's class, the first of them an argument of the call
    usual: str  # the class where none is given; empty: then the options are not read either
    options: str  # the path of keys to the options, or their prefix with `*`
    groups: str  # the argument that gives groups of the caller's own; empty: there is none
    one_group: bool  # all parameters of a model that has gains and biases as a rule
    source: str


def handed_on(path: str) -> HandedOn | None:
    """What is known of a class at an import path, e.g. `skorch.NeuralNetClassifier`."""
    rows = _rows()
    return rows.get(path) or rows.get(f"{path.rpartition('.')[0]}.*")


@cache
def _rows() -> Mapping[str, HandedOn]:
    found: dict[str, HandedOn] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        paths, chosen, options, groups, held, source = line.split("\t")
        chooses, _, usual = chosen.partition("=")
        for path in paths.split():
            found[path] = HandedOn(path, chooses, usual, options, groups, bool(held), source)
    return found
