"""The expression tree of a selection: what a hand-made split asks of a parameter.

Nodes are frozen and hashable and hold nothing of the source they were read from. Here is what they
are and how they are combined and simplified; what they answer is in `membership`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from wdlint.facts import Kind

Comparison = Literal["<", "<=", "==", "!=", ">", ">="]
Mode = Literal["search", "match", "fullmatch"]

_OPPOSITE: dict[Comparison, Comparison] = {"<": ">=", "<=": ">", "==": "!=", "!=": "==", ">": "<=", ">=": "<"}


class Text:
    """A text computed from the current parameter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class FullName(Text):
    """The parameter's name in its model: `blocks.*.norm1.weight`.

    `moved` says that the test was written of the names in a part of the model: its texts are not those of the source.
    """

    moved: bool = False


@dataclass(frozen=True, slots=True)
class OwnerName(Text):
    """The path of the module that holds it: `blocks.*.norm1`; empty for the model itself."""


@dataclass(frozen=True, slots=True)
class Leaf(Text):
    """Its name on that module: `weight`."""


@dataclass(frozen=True, slots=True)
class OwnerType(Text):
    """The `__name__` of that module's class: `LayerNorm`."""


@dataclass(frozen=True, slots=True)
class Lower(Text):
    """`text.lower()`."""

    text: Text


@dataclass(frozen=True, slots=True)
class Upper(Text):
    """`text.upper()`."""

    text: Text


@dataclass(frozen=True, slots=True)
class Segment(Text):
    """`text.split(".")[index]`."""

    text: Text
    index: int


@dataclass(frozen=True, slots=True)
class Replaced(Text):
    """`text.replace(old, new)`."""

    text: Text
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Prefixed(Text):
    """`prefix + text`, such as the `module.` that a wrapper puts before every name."""

    prefix: str
    text: Text


class Selector:
    """A condition on a parameter."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Contains(Selector):
    """`needle in text`."""

    text: Text
    needle: str


@dataclass(frozen=True, slots=True)
class StartsWith(Selector):
    """`text.startswith(needle)`."""

    text: Text
    needle: str


@dataclass(frozen=True, slots=True)
class EndsWith(Selector):
    """`text.endswith(needle)`."""

    text: Text
    needle: str


@dataclass(frozen=True, slots=True)
class Equals(Selector):
    """`text == value`."""

    text: Text
    value: str


@dataclass(frozen=True, slots=True)
class Within(Selector):
    """`text in haystack`, where the haystack is a string: a membership test that was meant for a list."""

    text: Text
    haystack: str


@dataclass(frozen=True, slots=True)
class Matches(Selector):
    """`re.search(pattern, text, flags)`, `re.match` or `re.fullmatch`."""

    text: Text
    pattern: str
    mode: Mode = "search"
    flags: int = 0


@dataclass(frozen=True, slots=True)
class InNames(Selector):
    """`text in names`: one of these texts exactly."""

    text: Text
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dims(Selector):
    """A comparison of the number of dimensions, `p.ndim op number`."""

    op: Comparison
    number: int


@dataclass(frozen=True, slots=True)
class Size(Selector):
    """A comparison of a size, `p.shape[axis] op number`; without an axis, of `p.numel()`."""

    axis: int | None
    op: Comparison
    number: int


@dataclass(frozen=True, slots=True)
class Vector(Selector):
    """`p.numel() == max(p.shape)`: all of its sizes but one are 1, as those of a scale of shape (C, 1, 1)."""


@dataclass(frozen=True, slots=True)
class OfKind(Selector):
    """The parameter is of one of these kinds, as `wdlint.decay_groups` tells them."""

    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class OwnerIs(Selector):
    """`isinstance(owner, classes)`, the classes by dotted path."""

    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AncestorIs(Selector):
    """The same of any module on the path to the parameter, the owner included."""

    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class DirectlyBelow(Selector):
    """The owner is a child of the module at this path, and no module further below; "" is the model itself."""

    path: str


@dataclass(frozen=True, slots=True)
class Placed(Selector):
    """Its place, counted as a slice does, among all parameters below `path` ("" is the model itself).

    With `of_children` it is the place of the child of that module which holds the parameter.
    """

    path: str
    of_children: bool
    start: int | None = None
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Trainable(Selector):
    """`p.requires_grad`."""


@dataclass(frozen=True, slots=True)
class HasFlag(Selector):
    """The parameter carries this attribute, such as `_no_weight_decay`, and it is true."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque(Selector):
    """A condition that can't be told. Equal keys are one condition; `words` describe it and don't count."""

    key: str
    words: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Always(Selector):
    """A condition that holds for every parameter, or for none."""

    value: bool


@dataclass(frozen=True, slots=True)
class _Compound(Selector):
    """Several conditions as one. Its hash is kept: trees can be large, and are looked up often."""

    parts: tuple[Selector, ...]
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((type(self).__name__, self.parts)))

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:  # the hash of a text differs from process to process
        return type(self), (self.parts,)


class And(_Compound):
    """All parts hold. Made by `both`."""

    __slots__ = ()


class Or(_Compound):
    """At least one part holds. Made by `either`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Not(Selector):
    """The part does not hold. Made by `negation`."""

    part: Selector


def both(*parts: Selector) -> Selector:
    """All of the parts (none: always), simplified."""
    return _combined(parts, And, neutral=True)


def either(*parts: Selector) -> Selector:
    """At least one of the parts (none: never), simplified."""
    return _combined(parts, Or, neutral=False)


def negation(part: Selector) -> Selector:
    """The opposite, simplified."""
    if isinstance(part, Always):
        return Always(not part.value)
    if isinstance(part, Not):
        return part.part
    if isinstance(part, Dims):
        return Dims(_OPPOSITE[part.op], part.number)
    if isinstance(part, Size):
        return Size(part.axis, _OPPOSITE[part.op], part.number)
    return Not(part)


def _combined(parts: Iterable[Selector], join: type[And] | type[Or], *, neutral: bool) -> Selector:
    chosen: dict[Selector, None] = {}
    for part in parts:
        for inner in part.parts if isinstance(part, join) else (part,):
            if inner != Always(neutral):
                chosen[inner] = None
    if Always(not neutral) in chosen or any(negation(part) in chosen for part in chosen):
        return Always(not neutral)
    if not chosen:
        return Always(neutral)
    return next(iter(chosen)) if len(chosen) == 1 else join(tuple(chosen))
