"""The place of a parameter among all of a model, and that of the child which holds it among the model's children.

A place is known from the front and from the end as far as what stands before and after it is: a `*` stands for any
number of layers, and what may be missing may stand anywhere. Tests of places are read in
`selections.conditions.places`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

from wdlint.facts import Ternary
from wdlint.source.models.members import ANY
from wdlint.source.selections import predicates as s


@dataclass(frozen=True, slots=True)
class Row:
    """Names in their order, each with whether it is there; `complete` says that nothing is missing from them."""

    names: tuple[tuple[str, Ternary], ...]
    complete: bool

    def takes(self, name: str, start: int | None, stop: int | None) -> Ternary:
        """Whether the slice between two places takes a name."""
        at = next((index for index, (one, _) in enumerate(self.names) if one == name), None)
        if at is None:
            return Ternary.UNKNOWN
        front, end = self._count(self.names[:at], name), self._count(self.names[at + 1 :], name)
        answer = Ternary.YES
        if start is not None:
            answer &= _at_least(front, start) if start >= 0 else ~_at_least(end, -start)
        if stop is not None:
            answer &= ~_at_least(front, stop) if stop >= 0 else _at_least(end, -stop)
        return answer

    def _count(self, names: Sequence[tuple[str, Ternary]], name: str) -> tuple[float, float]:
        """The least and the greatest number of things that stand under names, all before or all after a name."""
        together = name.partition(ANY)[0] + ANY  # of several layers some stand before and some after another one's
        least = sum(
            1 for one, there in names if there is Ternary.YES and not (ANY in name and one.startswith(together))
        )
        known = self.complete and ANY not in name and not any(ANY in one for one, _ in names)
        return least, len(names) if known else inf


def _at_least(count: tuple[float, float], number: int) -> Ternary:
    least, most = count
    return Ternary.YES if least >= number else Ternary.NO if most < number else Ternary.UNKNOWN


Rows = Callable[[str, bool], Row | None]  # by the path of a module, of its children or of all parameters below it


def row(names: Iterable[tuple[str, Ternary]], complete: bool) -> Row:
    """A row of names; of one that is met twice, as it may be of two kinds, one is there at most."""
    found: dict[str, Ternary] = {}
    for name, there in names:
        found[name] = found.get(name, there) | there
    return Row(tuple(found.items()), complete)


def placed(rows: Rows, prefix: str) -> Callable[[s.Placed, str], Ternary]:
    """What answers for parameters that are named below `prefix`; paths of conditions start at the model."""

    def answer(selector: s.Placed, name: str) -> Ternary:
        whole = f"{prefix}.{name}" if prefix else name
        if selector.path and not whole.startswith(selector.path + "."):
            return Ternary.UNKNOWN if ANY in whole + selector.path else Ternary.NO
        known = rows(selector.path, selector.of_children)
        if known is None:
            return Ternary.UNKNOWN
        rest = whole[len(selector.path) + 1 :] if selector.path else whole
        if selector.of_children:
            child, below, _ = rest.partition(".")
            return known.takes(child, selector.start, selector.stop) if below else Ternary.NO
        return known.takes(rest, selector.start, selector.stop)

    return answer
