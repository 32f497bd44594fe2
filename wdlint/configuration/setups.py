"""An optimizer as a file configures it: the same fact that the source engine makes of a construction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wdlint.documents.nodes import Mapping as Node
from wdlint.facts import (
    Amount,
    Coupling,
    Division,
    Fix,
    Group,
    IdleDecay,
    Loop,
    OptimizerClass,
    OptimizerUse,
    Origin,
    Place,
    Ternary,
)

EVERYTHING = Division(weights=Ternary.YES, gains=Ternary.YES, biases=Ternary.YES)
CANT_TELL = Division()  # who holds what is decided elsewhere


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One file to be looked at.

    `neighbour` reads another file by a path as seen from this one; `scripts` gives the texts of the Python files
    of the project that mention a word.
    """

    file: str
    root: Node
    text: str
    neighbour: Callable[[str], Node | None]
    scripts: Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """An optimizer that a file configures, and what repairs it there, by the code of the finding."""

    use: OptimizerUse
    fixes: Mapping[str, Fix] = field(default_factory=dict)


Read = Callable[[Document], "Sequence[Setup | IdleDecay] | None"]  # None: a file of another dialect


@dataclass(frozen=True, slots=True, eq=False)
class Dialect:
    """One way in which files configure a training loop.

    `marks` are words of which a file holds one of each row, and `keys` those of which it holds `least`, so that the
    others are never parsed.
    """

    name: str
    marks: tuple[tuple[bytes, ...], ...]
    suffixes: tuple[str, ...]
    read: Read
    keys: tuple[bytes, ...] = ()
    least: int = 0

    def may_be(self, file: str, data: bytes) -> bool:
        if not file.endswith(self.suffixes) or not all(any(word in data for word in row) for row in self.marks):
            return False
        return not self.least or sum(key in data for key in self.keys) >= self.least


def written(value: float, place: Place, text: str = "") -> Amount:
    """A strength that stands in the file."""
    return Amount(value, Origin.WRITTEN, text, place)


def by_default(value: float) -> Amount:
    """A strength that the file does not name."""
    return Amount(value, Origin.OPTIMIZER_DEFAULT)


def configured(
    known: OptimizerClass,
    amount: Amount,
    place: Place,
    loop: Loop,
    *,
    rate: Amount | None = None,
    held: Division = EVERYTHING,
    callee: str = "",
) -> OptimizerUse:
    """The use of an optimizer with one decay over what `held` says.

    Where it leaves out gains or biases, these have a group of their own, without decay: a split that the file states.
    """
    is_written = amount.origin is not Origin.OPTIMIZER_DEFAULT
    label = "all trainable parameters" if held == EVERYTHING else "what is not exempt"
    groups = [Group(label, amount, place, division=held, learning_rate=rate, amount_written=is_written)]
    is_divided = held not in (EVERYTHING, CANT_TELL)
    if is_divided:
        rest = Division(~held.weights, ~held.gains, ~held.biases)
        groups.append(Group("what is exempt", Amount(0.0, Origin.WRITTEN), place, division=rest, learning_rate=rate))
    return OptimizerUse((known,), tuple(groups), place, callee, divided=is_divided, loop=loop)


def unknown_class(name: str, source: str = "") -> OptimizerClass:
    return OptimizerClass(name, Coupling.UNKNOWN, source=source)
