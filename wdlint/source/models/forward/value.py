"""Values that may hold a parameter of a class, and what an operation can do with one.

Who makes them from a program is `models.forward.flow`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from wdlint.source.read import tree as t


class How(Enum):
    """What an operation does with a parameter."""

    CONTRACTED = "contracted"  # matmul, linear, convolution
    EMBEDDED = "embedded"  # F.embedding
    CODED = "coded"  # its exp, softplus or log works on the input
    BENT = "bent"  # slope, threshold, divisor: a constant of a nonlinear function
    SCALED = "scaled"  # multiplied elementwise
    TABULATED = "tabulated"  # a table cut out by precomputed positions, then added or contracted
    ADDED = "added"
    CHOSEN = "chosen"  # rows chosen by index, nothing more seen
    JOINED = "joined"  # put beside the input, or in its place
    ENTERED = "entered"  # fed to a layer as an input
    RETURNED = "returned"
    FACTOR = "factor"  # multiplied with another parameter, before either meets the input


class Mark(Enum):
    """What was done to a parameter before it met the input."""

    CODED = "coded"
    REDUCED = "reduced"  # a norm, mean or the like of it
    CHOSEN = "chosen"  # indexed by the input
    TABULATED = "tabulated"  # indexed by a buffer, or resampled
    MIXED = "mixed"  # contracted with a fixed matrix
    BLENDED = "blended"  # met the input already: only a weight's place counts from here
    SQUASHED = "squashed"  # a gate or a mixing weight: sigmoid, softmax
    LAYERED = "layered"  # went through a layer
    TRANSFORMED = "transformed"  # by Fourier: a product is a convolution from here
    SHAPED = "shaped"  # went through an exponential or a sine: a kernel that is worked out from constants


@dataclass(frozen=True, slots=True)
class Carrier:
    """One parameter inside a value."""

    attribute: str
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression may hold. `active`: depends on the input. `path`: an untracked member below `self`."""

    carriers: frozenset[Carrier] = frozenset()
    active: bool = False
    items: tuple[Value, ...] = ()
    entries: tuple[tuple[object, Value], ...] = ()
    path: str = ""
    function: t.FunctionDef | t.Lambda | None = None
    mask: bool = False
    chooser: bool = False  # a one-hot code: a product with it looks rows up
    sequence: bool = False  # a list whose length is not known

    @property
    def learned(self) -> bool:
        """Whether this is a parameter of a member that nobody asked about."""
        return self.path.endswith(("weight", "bias"))

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters in it; one of a layer has none that counts."""
        return frozenset(c.attribute for c in self.carriers) or frozenset({OF_LAYER} if self.learned else ())

    @property
    def pure(self) -> Iterable[Carrier]:
        """Parameters that have not met the input yet, in a fixed order."""
        return sorted((c for c in self.carriers if Mark.BLENDED not in c.marks), key=order)


@dataclass(frozen=True, slots=True)
class Touch:
    """One operation that meets a parameter with the input."""

    attribute: str
    how: How
    node: t.Node
    method: str
    detail: str = ""  # the operation or layer by name
    late: bool = False  # it had met the input, or gone through a layer, before
    beside: frozenset[str] = frozenset()  # the parameters that it met, where the input was not there; "*": a layer's


OF_LAYER = "*"
STATIC = Value()
ACTIVE = Value(active=True)


def order(carrier: Carrier) -> tuple[str, list[str]]:
    return carrier.attribute, sorted(m.value for m in carrier.marks)


def merge(values: Iterable[Value]) -> Value:
    """What one of several values may hold."""
    found = list(values)
    if not found:
        return STATIC
    if len(found) == 1:
        return found[0]
    items: tuple[Value, ...] = ()
    lengths = {len(v.items) for v in found if v.items}
    if len(lengths) > 1:
        found = [flat(v) for v in found]
    elif lengths:
        columns = zip(*(v.items for v in found if v.items), strict=True)
        items = tuple(merge(column) for column in columns)
    return Value(
        frozenset().union(*(v.carriers for v in found)),
        any(v.active for v in found),
        items,
        tuple({id(v): (k, v) for f in found for k, v in f.entries}.values()),
        next((v.path for v in found if v.path), ""),
        next((v.function for v in found if v.function), None),
        any(v.mask for v in found),
        any(v.chooser for v in found),
        len(lengths) > 1 or any(v.sequence for v in found),
    )


def mark(value: Value, added: Mark) -> Value:
    """The value with every carrier marked."""
    carriers = frozenset(Carrier(c.attribute, c.marks | {added}) for c in value.carriers)
    return Value(carriers, value.active, tuple(mark(v, added) for v in value.items), mask=value.mask)


def element(value: Value) -> Value:
    """What iterating over a value gives."""
    if value.items:
        return merge(value.items)
    return replace(value, function=None) if not value.entries else merge(v for _, v in value.entries)


def flat(value: Value) -> Value:
    """The value without its parts, their carriers kept."""
    if not value.items and not value.entries:
        return value
    parts = [flat(v) for v in (*value.items, *(v for _, v in value.entries))]
    whole = merge([Value(value.carriers, value.active, mask=value.mask), *parts])
    return Value(whole.carriers, whole.active, mask=whole.mask)


Environment = dict[str, Value]  # by local name


def without_reduced(carriers: Iterable[Carrier]) -> frozenset[Carrier]:
    """Drop a parameter's own statistics where the parameter itself is there too."""
    whole = {c.attribute for c in carriers if Mark.REDUCED not in c.marks}
    return frozenset(c for c in carriers if Mark.REDUCED not in c.marks or c.attribute not in whole)


def meaning(carrier: Carrier, how: How) -> How:
    """What a use means for a parameter with this past."""
    if Mark.LAYERED in carrier.marks and how in (How.CONTRACTED, How.ADDED, How.SCALED):
        return How.ENTERED
    if Mark.TRANSFORMED in carrier.marks and how is How.SCALED:
        how = How.CONTRACTED
    if Mark.TABULATED in carrier.marks and how in (How.ADDED, How.CONTRACTED):
        return How.TABULATED
    if Mark.MIXED in carrier.marks and how is How.SCALED:
        return How.TABULATED  # filters made of a fixed basis: no channel's scale
    if Mark.CODED in carrier.marks and how in (How.SCALED, How.ADDED):
        return How.CODED
    if Mark.SHAPED in carrier.marks and how is How.CONTRACTED:
        return How.CODED
    return how
