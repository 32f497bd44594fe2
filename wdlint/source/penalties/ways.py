"""How a summand travels to a loss, and the L2 term found at the end of the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wdlint.source.penalties.operands import Operand
from wdlint.source.read import tree as t
from wdlint.source.values.values import Context


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
