"""Values inside an optimizer's step, and how decay enters them.

A cell says what a tensor or number is made of: the parameter, its gradient, statistics of the gradient, the decay
strength. The arithmetic below follows the term λ·p: whether it joins a raw gradient, and is rescaled or carried
in a momentum afterwards, or acts on the parameter itself. Who reads it from a program is `optimizers.step.flow`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from wdlint.source.read import tree as t


class Tag(Enum):
    """What a value is made of."""

    PARAMETER = "p"
    GRADIENT = "g"  # linear in the gradient
    STATISTIC = "s"  # a nonlinear function of the gradient or the parameter: square, norm, maximum, inverse
    RESCALED = "r"  # a gradient divided by its statistic, or its sign
    RATE = "η"
    DECAY = "λ"
    KEPT = "1-λ"  # the factor that decay leaves


@dataclass(frozen=True, slots=True)
class Condition:
    """A test around a statement: the options it reads, and its answer for their defaults and by dimensions."""

    options: frozenset[str]
    holds: bool | None  # for the options' defaults; None: can't tell
    for_vectors: bool | None  # for a parameter with one dimension
    for_matrices: bool | None


@dataclass(slots=True, eq=False)
class Term:
    """One place where decay meets a parameter, and what becomes of it."""

    node: t.Node
    key: str
    conditions: tuple[Condition, ...]
    in_rate: bool = False  # multiplied by the learning rate
    direct: bool = False  # acts on the parameter itself
    joined: bool = False  # added to a gradient that was not rescaled yet
    rescaled: bool = False  # and rescaled afterwards
    late: bool = False  # added to a rescaled gradient
    carried: bool = False  # and kept in the optimizer's state
    calls: str = ""  # a library function does it, by name

    @property
    def seen(self) -> bool:
        """Whether the term reaches a gradient or a parameter at all."""
        return self.direct or self.joined or self.late or bool(self.calls)


@dataclass(slots=True, eq=False)
class Cell:
    """One value. In-place operations change it, so every name that holds it sees them."""

    tags: set[Tag] = field(default_factory=set)
    terms: set[Term] = field(default_factory=set)
    options: frozenset[str] = frozenset()  # constructor arguments and group keys it comes from
    items: tuple[Cell, ...] = ()
    entries: dict[object, Cell] = field(default_factory=dict)
    role: str = ""  # "self", "group", "groups", "state" or ""
    functions: tuple[t.FunctionDef | t.Lambda, ...] = ()  # what it may call
    spread: int = -1  # the item that a star spreads over an unknown number of places
    kept: bool = False  # lies in the optimizer's state
    constant: t.Constant = None

    def has(self, *tags: Tag) -> bool:
        """Whether any of these tags is there."""
        return not self.tags.isdisjoint(tags)

    def absorb(self, other: Cell) -> None:
        """Take up another value's content, as an in-place operation does."""
        self.tags |= other.tags
        self.terms |= other.terms
        self.options |= other.options
        if self.kept:
            for term in other.terms:
                term.carried = term.carried or term.late


_G, _S, _R, _P = Tag.GRADIENT, Tag.STATISTIC, Tag.RESCALED, Tag.PARAMETER


def union(cells: Iterable[Cell]) -> Cell:
    """One of several values, or a value made of all of them."""
    found = list(cells)
    if len(found) == 1:
        return found[0]
    result = Cell()
    for cell in found:
        result.tags |= cell.tags
        result.terms |= cell.terms
        result.options |= cell.options
        result.entries.update(cell.entries)
        result.role = result.role or (cell.role if cell.role != "constant" else "")
        result.functions = (*result.functions, *(f for f in cell.functions if f not in result.functions))
        result.kept = result.kept or cell.kept
    if found and all(c.role == "constant" and c.constant == found[0].constant for c in found):
        result.role, result.constant = "constant", found[0].constant
    lengths = {len(c.items) for c in found if c.items}
    if len(lengths) == 1:
        result.items = tuple(union(column) for column in zip(*(c.items for c in found if c.items), strict=True))
    return result


def copy(cell: Cell) -> Cell:
    """A value of its own with the same content."""
    return Cell(
        set(cell.tags), set(cell.terms), cell.options, cell.items, dict(cell.entries), cell.role, cell.functions
    )


@dataclass(slots=True)
class Algebra:
    """Arithmetic on cells. `place` gives the statement and the tests around it; `terms` collects decay."""

    terms: list[Term] = field(default_factory=list)
    node: t.Node | None = None
    conditions: tuple[Condition, ...] = ()

    def term(self, cell: Cell, in_rate: bool) -> Term:
        key = next(iter(sorted(k for k in cell.options if is_decay(k))), "")
        assert self.node is not None
        for term in self.terms:
            if term.node is self.node and term.key == key and term.conditions == self.conditions:
                term.in_rate = term.in_rate or in_rate
                return term
        made = Term(self.node, key, self.conditions, in_rate)
        self.terms.append(made)
        return made

    def multiply(self, left: Cell, right: Cell) -> Cell:
        """left · right"""
        for factor, tensor in ((left, right), (right, left)):
            if factor.has(Tag.DECAY, Tag.KEPT) and tensor.has(_P) and not tensor.has(_G) and not factor.has(_P):
                term = self.term(factor, factor.has(Tag.RATE) or tensor.has(Tag.RATE))
                if factor.has(Tag.KEPT):
                    term.direct = True
                    return Cell({_P}, set())
                return Cell(set(), {term, *tensor.terms}, factor.options)
        result = Cell(left.tags | right.tags, left.terms | right.terms, left.options | right.options)
        result.tags.discard(Tag.KEPT)
        grad_left, grad_right = left.has(_G, _R) or bool(left.terms), right.has(_G, _R) or bool(right.terms)
        if grad_left and grad_right:
            return Cell({_S}, set(), result.options)
        if left.has(_P) and right.has(_P):
            return Cell({_S}, set(), result.options)
        for tensor, scale in ((left, right), (right, left)):
            if scale.has(_S) and not scale.has(_G) and (tensor.has(_G) or tensor.terms):
                self.rescale(result)
        if left.has(Tag.RATE) or right.has(Tag.RATE):
            for term in result.terms:
                term.in_rate = True
        return result

    def product(self, left: Cell, right: Cell) -> Cell:
        """left @ right: with a factor made of gradients it rescales."""
        if (left.has(_G) and right.has(_G, _S)) or (left.has(_S) and right.has(_G)):
            whole = Cell(left.tags | right.tags, left.terms | right.terms, left.options | right.options)
            self.rescale(whole)
            return whole
        return self.multiply(left, right)

    def divide(self, left: Cell, right: Cell) -> Cell:
        """left / right"""
        if right.has(Tag.KEPT) and left.has(_P):
            return self.multiply(left, right)
        if right.has(_G, _S, _R) and (left.has(_G, _R) or left.terms):
            result = Cell(set(left.tags), set(left.terms), left.options | right.options)
            self.rescale(result)
            return result
        if right.has(_G, _S, _R):
            return Cell({_S} | (left.tags - {_P, _G}), set(left.terms), left.options | right.options)
        return Cell(left.tags | (right.tags - {Tag.RATE}), left.terms | right.terms, left.options | right.options)

    def rescale(self, cell: Cell) -> None:
        """Mark a gradient rescaled, with the decay in it."""
        if cell.has(_G):
            cell.tags.add(_R)
        cell.tags.discard(_S)
        for term in cell.terms:
            term.rescaled = term.rescaled or term.joined

    def add(self, left: Cell, right: Cell) -> Cell:
        """left ± right"""
        for own, other in ((left, right), (right, left)):
            bare = not other.tags - {Tag.RATE} and not other.terms
            if own.has(Tag.DECAY) and not own.has(_P, _G) and not own.terms and bare:
                return Cell(own.tags | {Tag.KEPT}, set(), own.options | other.options)
        for parameter, update in ((left, right), (right, left)):
            if parameter.has(_P) and not parameter.has(_G) and (update.has(_G, _R, _S) or update.terms):
                self.apply(update)
                return Cell({_P}, set())
        result = Cell(left.tags | right.tags, left.terms | right.terms, left.options | right.options)
        for own, other in ((left, right), (right, left)):
            if own.terms and not own.has(_G, _R) and other.has(_G, _R, _S):
                for term in own.terms:
                    if other.has(_R):
                        term.late = True
                    else:
                        term.joined = True
        return result

    def apply(self, update: Cell) -> None:
        """The parameter takes an update in: decay alone in it acts directly."""
        if not update.has(_G, _R):
            for term in update.terms:
                if not term.joined and not term.late:
                    term.direct = True

    def statistic(self, cell: Cell) -> Cell:
        """A nonlinear function of a value: its square, norm, maximum."""
        if cell.has(_G, _R, _P, _S) or cell.terms:
            return Cell({_S}, set(), cell.options)
        return Cell(set(cell.tags), set(cell.terms), cell.options)

    def sign(self, cell: Cell) -> Cell:
        """The sign of a gradient: rescaled as far as it goes."""
        result = copy(cell)
        self.rescale(result)
        return result


_NOT_DECAY = ("lr_decay", "decouple", "momentum_decay", "beta", "filter", "adapt", "decay_rate_", "decay_type", "mode")


def is_decay(name: str) -> bool:
    """Whether an option's name can mean a decay strength."""
    lowered = name.lower().lstrip("_")
    if any(part in lowered for part in _NOT_DECAY) or lowered in ("decay_rate", "ema_decay"):
        return False
    parts = lowered.split("_")
    return "decay" in lowered or "l2" in parts or "wd" in parts or lowered.startswith(("wd", "l2", "lambda", "lambd"))


def is_rate(name: str) -> bool:
    """Whether an option's name means a learning rate."""
    lowered = name.lower().lstrip("_")
    return lowered in ("lr", "eta", "learning_rate", "step_size", "alpha_t") or lowered.startswith("lr")
