"""Multiples of a tensor that are added to a gradient: `grad + decay * p`, `grad.add_(p, alpha=decay)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.source.read import tree as t

_PEELED = ("data", "detach", "clone", "float", "cpu", "to")


@dataclass(frozen=True, slots=True, eq=False)
class Addend:
    """A multiple of a parameter: `factor * parameter`; a factor of None is 1."""

    parameter: t.Expr
    factor: t.Expr | None


def added(call: t.Call, gradient: t.Expr) -> tuple[t.Expr, t.Expr, t.Expr | None] | None:
    """What a call of `add` adds to a gradient, and the strength given apart; the gradient comes first."""
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    alpha = next((a.value for a in call.args if a.keyword == "alpha"), None)
    if len(plain) == 2:  # the spelling of early releases: add_(strength, tensor)
        return gradient, plain[1], plain[0]
    other = plain[0] if plain else next((a.value for a in call.args if a.keyword == "other"), None)
    return (gradient, other, alpha) if other is not None else None


def addends(value: t.Expr) -> Iterator[Addend]:
    """The multiples of names and attributes that an expression adds up."""
    match value:
        case t.Binary(op="+"):
            yield from addends(value.left)
            yield from addends(value.right)
        case t.Binary(op="*"):
            yield Addend(value.left, value.right)
            yield Addend(value.right, value.left)
            for part, other in ((value.left, value.right), (value.right, value.left)):
                if isinstance(part, t.Binary) and part.op == "*":
                    yield from (Addend(a.parameter, other) for a in addends(part))
        case t.Call(func=t.Attribute(attr="mul" | "mul_")) if len(value.args) == 1:
            assert isinstance(value.func, t.Attribute)
            yield Addend(value.func.value, value.args[0].value)
        case t.Name() | t.Attribute() | t.Subscript() | t.Call():
            yield Addend(value, None)
        case _:
            return


def peeled(expr: t.Expr) -> t.Expr:
    """`p` of `p.data`, `p.detach()` and `p.data.clone()`."""
    while True:
        if isinstance(expr, t.Attribute) and expr.attr in _PEELED:
            expr = expr.value
        elif isinstance(expr, t.Call) and isinstance(expr.func, t.Attribute) and expr.func.attr in _PEELED:
            expr = expr.func.value
        else:
            return expr
