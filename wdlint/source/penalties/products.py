"""Squares that are spelled as products of a tensor with itself: `w * w`, `v @ v`, `einsum("ij,ij->", w, w)`.

And those of many tensors by one call: `torch._foreach_mul(ws, ws)` and its kin.

A matrix product with itself is a Gram matrix. Its trace is the squared norm; its other entries tell how alike rows
are, which orthogonality terms hold small and L2 terms don't.
"""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.source.penalties.operands import Operand, all_of
from wdlint.source.penalties.terms import called, given, is_two, operands, same
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import Context, constant

_MATRIX_PRODUCTS = frozenset(("matmul", "mm", "bmm", "inner"))
_PRODUCTS = frozenset(("mul", "multiply", "dot", "vdot", "tensordot", "einsum")) | _MATRIX_PRODUCTS
_TRACES = frozenset(("trace", "diagonal", "diag"))


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """What is multiplied with itself. `gram`: as a matrix product, which is a squared norm for a vector alone."""

    operand: t.Expr
    gram: bool = False


def product_with_itself(evaluator: Asking, expr: t.Expr, context: Context) -> Square | None:
    """The square that a product is; None for a product of two things."""
    match expr:
        case t.Binary(op="*" | "@"):
            return Square(_unturned(expr.left), gram=expr.op == "@") if times_itself(expr) else None
        case t.Call() if syntax.last_name(expr) in _TRACES:
            _, plain = operands(evaluator, expr, context)
            inner = product_with_itself(evaluator, plain[0], context) if plain else None
            return Square(inner.operand) if inner is not None and inner.gram else None
        case t.Call() if syntax.last_name(expr) in _PRODUCTS:
            return _called_product(evaluator, expr, context)
        case _:
            return None


def _called_product(evaluator: Asking, call: t.Call, context: Context) -> Square | None:
    path, plain = operands(evaluator, call, context)
    if path is not None and not path.startswith("torch."):
        return None
    name = syntax.last_name(call)
    if name == "einsum":
        factors = einsum_operands(call)
        pair = len(factors) == 2 and same(factors[0], factors[1])
        return Square(factors[0]) if pair and _contracts_all(call) else None
    if len(plain) < 2 or not same(_unturned(plain[0]), _unturned(plain[1])):
        return None
    if name == "tensordot":
        axes = given(call, "dims", 2)
        count = constant(evaluator.evaluate(axes, context)) if axes is not None else 2
        return Square(plain[0], gram=count == 1) if count in (1, 2) else None
    return Square(_unturned(plain[0]), gram=name in _MATRIX_PRODUCTS)


def times_itself(expr: t.Binary) -> bool:
    """Whether a product is `w * w` or `w.t() @ w`."""
    return same(_unturned(expr.left), _unturned(expr.right))


def scaled_square(expr: t.Expr) -> tuple[t.Expr, t.Expr] | None:
    """The strength and the operand of `strength * w * w` and `strength * w @ w`: the first `*` binds first."""
    match expr:
        case t.Binary(op="*" | "@", left=t.Binary(op="*") as left) if same(
            _unturned(left.right), _unturned(expr.right)
        ):
            return left.left, _unturned(expr.right)
        case _:
            return None


def _unturned(expr: t.Expr) -> t.Expr:
    """`w` of `w.t()` and `w.T`, so that `w.t() @ w` is seen as a product with itself."""
    if isinstance(expr, t.Call) and isinstance(expr.func, t.Attribute) and expr.func.attr == "t":
        return expr.func.value
    return expr.value if isinstance(expr, t.Attribute) and expr.attr in ("T", "mT") else expr


# ---- einsum


def einsum_operands(call: t.Call) -> list[t.Expr]:
    """The tensors of `einsum(equation, a, b)` and `einsum(equation, [a, b])`."""
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    rest = plain[1:]
    return list(rest[0].items) if len(rest) == 1 and isinstance(rest[0], t.Display) else rest


def sums_all(call: t.Call) -> t.Expr | None:
    """The tensor whose entries `einsum("ij->", x)` adds up."""
    tensors = einsum_operands(call)
    inputs, output = _equation(call)
    return tensors[0] if len(tensors) == len(inputs) == 1 and output == "" else None


def _contracts_all(call: t.Call) -> bool:
    """Whether an equation pairs every axis of one operand with the same of the other: `ij,ij->`, `i,i`."""
    inputs, output = _equation(call)
    return len(inputs) == 2 and inputs[0] == inputs[1] and output == ""


def _equation(call: t.Call) -> tuple[list[str], str | None]:
    """An equation's inputs and output, the output worked out where it is not written; none where it can't be read."""
    first = call.args[0].value if call.args else None
    if not isinstance(first, t.Const) or not isinstance(first.value, str):
        return [], None
    left, arrow, right = first.value.replace(" ", "").partition("->")
    output = right if arrow else "".join(c for c in left if c not in ",." and left.count(c) == 1)
    return left.split(","), output


# ---- many tensors by one call


def of_all(evaluator: Asking, call: t.Call, context: Context) -> tuple[Operand, int] | None:
    """The parameters, and whether their norms (1) or their squares (2) are taken; None for other calls."""
    name = syntax.last_name(call)
    if name not in ("_foreach_norm", "_foreach_pow", "_foreach_mul"):
        return None
    path = called(evaluator, call, context)
    first = given(call, "self", 0)
    second = given(call, "other", 1) or given(call, "exponent", 1) or given(call, "ord", 1)
    if path is None or not path.startswith("torch.") or first is None:
        return None
    if name == "_foreach_mul":
        squared = second is not None and same(first, second)
    elif name == "_foreach_pow":
        squared = second is not None and is_two(evaluator, second, context)
    else:
        squared = second is None or is_two(evaluator, second, context)
    operand = all_of(evaluator, first, context) if squared else None
    return (operand, 1 if name.endswith("norm") else 2) if operand is not None else None
