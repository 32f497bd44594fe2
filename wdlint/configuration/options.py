"""What a mapping of options gives an optimizer class: its decay and learning rate, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from wdlint.configuration.setups import by_default, written
from wdlint.documents.nodes import LINE_END, Entry, Mapping, Node, Scalar, number
from wdlint.facts import Amount, Applicability, Edit, Fix, OptimizerClass, Place
from wdlint.knowledge.optimizers import KnownOptimizer, optimizer

_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_REFERENCES = 5  # one may lead to another
_TWINS = {"torch.optim.Adam": "AdamW", "torch.optim.adam.Adam": "AdamW"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """An optimizer class with what a file gives it."""

    known: OptimizerClass
    amount: Amount
    place: Place  # of the key that decides: the decay's, or else the class's
    rate: Amount | None = None


def chosen(path: str, options: Mapping | None, named: Entry, root: Mapping) -> Chosen | None:
    """The optimizer at an import path, with its options from the file.

    None where the path is no known optimizer, or what its decay is can't be told.

    Args:
        path: the import path.
        options: what the file gives the class by name.
        named: the entry that names the class.
        root: the whole document, to which references lead.
    """
    found = optimizer(path)
    if found is None or found.decay is None or (options is not None and not options.complete):
        return None
    decay = options.entry(found.decay.name) if options is not None else None
    known = found.described(_flags(options))
    rate = _rate(found, options, root)
    if decay is None:
        return Chosen(known, by_default(found.decay.default or 0.0), named.place, rate)
    value = number(resolved(decay.value, root))
    return Chosen(known, written(value, decay.place), decay.place, rate) if value is not None else None


def _rate(found: KnownOptimizer, options: Mapping | None, root: Mapping) -> Amount | None:
    entry = options.entry(found.learning_rate.name) if options is not None and found.learning_rate else None
    value = number(resolved(entry.value, root)) if entry is not None else None
    return written(value, entry.place) if entry is not None and value is not None else None


def _flags(options: Mapping | None) -> dict[str, object]:
    """The options as the table's switches compare them; what can't be told is `...`."""
    entries = options.entries if options is not None else ()
    return {entry.key: entry.value.value if isinstance(entry.value, Scalar) else ... for entry in entries}


def resolved(node: Node, root: Mapping) -> Node:
    """What a value is: of a reference such as `${optim.decay}` that to which it leads in the document."""
    for _ in range(_REFERENCES):
        found = _REFERENCE.fullmatch(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
        if found is None:
            return node
        target: Node | None = root
        for key in found[1].split("."):
            target = target.get(key) if isinstance(target, Mapping) else None
        if target is None:
            return node
        node = target
    return node


def decoupled(named: Entry, path: str, text: str) -> dict[str, Fix]:
    """The repair of a coupled optimizer: the class that decays the weights, where the file names the other by its path.

    `text` is what stands in the file for the name, quotes included.
    """
    twin = _TWINS.get(path)
    name = path.rpartition(".")[2]
    start = text.rfind(name)
    if start < 0 and twin is not None:  # some know it by a word without capitals
        name, twin = name.lower(), twin.lower()
        start = text.rfind(name)
    if twin is None or start < 0:
        return {}
    place = named.value.place
    column = place.column + start
    place = Place(place.file, place.line, column, place.line, column + len(name))
    hazard = "the update rule changes, and the decay has to be tuned anew"
    return {"WD201": Fix(f"Use {twin}", Applicability.UNSAFE, (Edit(place, twin),), hazard)}


def excerpt(text: str, place: Place) -> str:
    """What stands at a place of one line."""
    return _lines(text)[place.line - 1][place.column - 1 : place.end_column - 1] if place.line == place.end_line else ""


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    return LINE_END.split(text)
