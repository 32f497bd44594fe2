"""How a summand travels to a loss, the L2 term found at the end of the way, and what may be asked of who reads them.

The parts that follow a loss to its summands are given a `Reading` and need not import the reader: `penalties.flow`
puts them together and is the one that answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from wdlint.source.penalties.operands import Operand
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context, Frame, FunctionValue


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Something that a summand is multiplied with, or divided by."""

    expr: t.Expr
    context: Context
    inverse: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What happens to a summand between where it stands and the loss."""

    factors: tuple[Factor, ...] = ()
    power: float = 1.0  # applied to the summand as a number
    negative: bool = False
    whole: bool = False  # under a norm or a threshold: a sum inside it is no sum of penalties
    mean: bool = False  # the innermost reduction around it is a mean
    added: bool = False  # to something else, as opposed to being the whole loss
    path: tuple[str | int | None, ...] = ()  # which entry of a container or object is meant
    joins: t.Expr | None = None  # the sum of the linted module by which the summand joins the loss
    apart: bool = False  # from there on it is a summand of its own, and no longer the running loss
    join: t.Expr | None = None  # the last expression of the linted module on the way
    statement: t.Stmt | None = None  # the one that holds it
    calls: int = 0
    steps: int = 0

    def times(self, expr: t.Expr, context: Context, inverse: bool = False) -> Way:
        """The way with one more factor; a factor met again in a loop's next turn counts once."""
        if any(f.expr is expr for f in self.factors):
            return self
        return replace(self, factors=(*self.factors, Factor(expr, context, inverse)))


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """An L2 term that the loss holds as a summand."""

    node: t.Expr
    context: Context
    operand: Operand
    power: int
    way: Way
    averaged: bool = False  # over entries: the strength that acts on each is a share


class Reading(Protocol):
    """Reads the summands of losses in one linted module; see `penalties.flow.Reader`."""

    evaluator: Evaluation
    unresolved: set[str]  # names of calls that could not be followed
    by_name: Mapping[str, Sequence[FunctionValue]]  # methods that a call of something unseen may mean
    entered: set[int]  # the functions of the project that were entered, by identity
    clauses: dict[int, tuple[t.Clause, Context]]  # of comprehensions entered, by the context inside
    sites: dict[int, tuple[t.Call, Context, bool]]  # the call that entered a frame, and whether its function was bound

    def terms(self, expr: t.Expr, context: Context, way: Way | None = None) -> Iterator[Term]: ...
    def joined(self, way: Way, expr: t.Expr, context: Context, side: t.Expr) -> Way: ...
    def returned(self, frame: Frame, way: Way | None = None) -> Iterator[Term]: ...
