"""How an L2 term is spelled: which operand an expression squares, and of which it takes the norm.

Whether that operand is a parameter is decided in `penalties.operands`, how a term travels to the loss in
`penalties.flow`.
"""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import (
    Attribute,
    Context,
    External,
    Instance,
    Known,
    Method,
    Part,
    bare,
    constant,
)

_NORM_FUNCTIONS = frozenset(
    f"torch.{name}"
    for name in (
        "norm",
        "functional.norm",
        "linalg.norm",
        "linalg.vector_norm",
        "linalg.matrix_norm",
        "frobenius_norm",
    )
)
_MEAN_SQUARES = frozenset(
    ("torch.nn.functional.mse_loss", "torch.nn.MSELoss", "torch.nn.modules.loss.MSELoss", "torch.mse_loss")
)
_ZEROS = frozenset(("torch.zeros_like", "torch.zeros", "torch.zeros_like_", "torch.autograd.Variable"))
_SHAPING = frozenset(("expand_as", "expand", "to", "cuda", "cpu", "type_as", "detach", "view_as"))


# ---- calls of libraries


def called(evaluator: Asking, call: t.Call, context: Context) -> str | None:
    """The import path of a library's function, or None where a method or the project's own is called."""
    for value in evaluator.evaluate(call.func, context):
        if isinstance(value, External):
            return value.path
    dotted = syntax.dotted(call.func)
    return dotted if dotted is not None and dotted.startswith("torch.") else None


def given(call: t.Call, name: str, position: int) -> t.Expr | None:
    """An argument by name or position; None where it is not given, or spread."""
    for argument in call.args:
        if argument.keyword == name:
            return argument.value
    plain = [a for a in call.args if a.keyword is None]
    if any(a.star for a in plain[: position + 1]) or position >= len(plain):
        return None
    return plain[position].value


def operands(evaluator: Asking, call: t.Call, context: Context) -> tuple[str | None, list[t.Expr]]:
    """A call as a function of a library with its positional arguments; a method's receiver comes first."""
    path = called(evaluator, call, context)
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    if path is not None:
        if not plain:
            plain = [a.value for a in call.args if a.keyword in ("input", "self", "x", "A")]
        return path, plain
    return None, [call.func.value, *plain] if isinstance(call.func, t.Attribute) else plain


# ---- squares and norms


def squared(evaluator: Asking, expr: t.Expr, context: Context) -> t.Expr | None:
    """The operand of an elementwise square; products with itself are in `penalties.products`."""
    match expr:
        case t.Binary(op="**"):
            return expr.left if is_two(evaluator, expr.right, context) else None
        case t.Call():
            name = syntax.last_name(expr)
            if name not in ("pow", "square", "pow_", "square_"):
                return None
            path, plain = operands(evaluator, expr, context)
            if path is not None and not path.startswith("torch."):
                return None
            if name in ("square", "square_"):
                return plain[0] if plain else None
            exponent = given(expr, "exponent", 1 if path is not None else 0)
            right = exponent is not None and is_two(evaluator, exponent, context)
            return plain[0] if plain and right else None
        case _:
            return None


def normed(evaluator: Asking, expr: t.Expr, context: Context) -> tuple[t.Expr, bool] | None:
    """The operand of a Euclidean norm, and whether it is taken along one axis only."""
    if not isinstance(expr, t.Call) or "norm" not in syntax.last_name(expr):
        return None
    name = syntax.last_name(expr)
    path = called(evaluator, expr, context)
    if path is not None:
        if path not in _NORM_FUNCTIONS:
            return None
        first, order = given(expr, "input", 0) or given(expr, "x", 0) or given(expr, "A", 0), 1
    elif name == "norm" and isinstance(expr.func, t.Attribute):
        first, order = expr.func.value, 0
    else:
        return None
    if first is None:
        return None
    kind = given(expr, "p", order) or given(expr, "ord", order)
    if kind is not None:
        answers = evaluator.evaluate(kind, context)
        if not all(isinstance(v, Known) and v.value in (None, 2, "fro") for v in answers):
            return None
        second = any(isinstance(v, Known) and v.value == 2 for v in answers)
        if second and path is not None and _spectral(evaluator, path, first, context):
            return None
    along = given(expr, "dim", order + 1) or given(expr, "axis", order + 1)
    whole = along is None or (constant(evaluator.evaluate(along, context)) is None and isinstance(along, t.Const))
    return first, not whole


def _spectral(evaluator: Asking, path: str, operand: t.Expr, context: Context) -> bool:
    """Whether the norm of order 2 is the largest singular value: in `linalg`, where the operand is a matrix."""
    if path != "torch.linalg.norm":
        return path == "torch.linalg.matrix_norm"
    named = (Method, Attribute, Part)  # one weight by its name, not whatever parameter a loop comes to
    return any(isinstance(value, named) for value in evaluator.evaluate(operand, context))


def squared_error_to_zero(evaluator: Asking, expr: t.Expr, context: Context) -> tuple[t.Expr, bool] | None:
    """The operand, and whether its squares are averaged, of an error to zeros: `F.mse_loss(p, zeros)`."""
    if not isinstance(expr, t.Call) or len(expr.args) < 2:
        return None
    named = syntax.last_name(expr.func if isinstance(expr.func, t.Call) else expr).lower()
    if not any(word in named for word in ("mse", "crit", "loss", "l2")):
        return None
    callees = evaluator.evaluate(expr.func, context)
    paths = {
        v.path if isinstance(v, External) else v.cls.path
        for v in map(bare, callees)
        if isinstance(v, External) or (isinstance(v, Instance) and isinstance(v.cls, External))
    }
    if not paths or not paths <= _MEAN_SQUARES:
        return None
    first, second = given(expr, "input", 0), given(expr, "target", 1)
    if first is None or second is None:
        return None
    maker = expr.func if isinstance(expr.func, t.Call) else expr
    reduction = given(maker, "reduction", 9)
    for value in map(bare, callees) if maker is expr and reduction is None else ():
        if isinstance(value, Instance) and value.node is not None:  # made before: `criterion = nn.MSELoss(…)`
            reduction = given(value.node, "reduction", 2)
    summed = isinstance(reduction, t.Const) and reduction.value != "mean"
    return (first, not summed) if is_zeros(evaluator, second, context) else None


def is_zeros(evaluator: Asking, expr: t.Expr, context: Context) -> bool:
    """Whether an expression is a tensor of zeros: `torch.zeros_like(p)`, `p.new_zeros(…)`, `torch.tensor(0.0)`."""
    while isinstance(expr, t.Call) and isinstance(expr.func, t.Attribute) and expr.func.attr in _SHAPING:
        expr = expr.func.value
    if isinstance(expr, t.Call) and syntax.last_name(expr) == "new_zeros":
        return True
    answers = [bare(v) for v in evaluator.evaluate(expr, context)]
    return bool(answers) and all(_zero(evaluator, v, context) for v in answers)


def _zero(evaluator: Asking, value: object, context: Context) -> bool:
    if isinstance(value, Known):
        return value.value == 0 and value.value is not False
    if not isinstance(value, Instance) or not isinstance(value.cls, External):
        return False
    if value.cls.path in ("torch.tensor", "torch.as_tensor") and value.arguments is not None:
        first = evaluator.positional(value.arguments)[:1]
        return bool(first) and constant(first[0]) == 0
    return value.cls.path in _ZEROS


def is_two(evaluator: Asking, expr: t.Expr, context: Context) -> bool:
    """Whether an exponent or the order of a norm is 2."""
    value = expr.value if isinstance(expr, t.Const) else constant(evaluator.evaluate(expr, context))
    return value == 2


def same(left: t.Expr, right: t.Expr) -> bool:
    """Whether two expressions are written alike."""
    match left, right:
        case t.Name(), t.Name():
            return left.id == right.id
        case t.Const(), t.Const():
            return left.value == right.value
        case t.Attribute(), t.Attribute():
            return left.attr == right.attr and same(left.value, right.value)
        case t.Subscript(), t.Subscript():
            return same(left.value, right.value) and same(left.index, right.index)
        case t.Unary(), t.Unary():
            return left.op == right.op and same(left.operand, right.operand)
        case t.Call(), t.Call():
            if len(left.args) != len(right.args) or not same(left.func, right.func):
                return False
            pairs = zip(left.args, right.args, strict=True)
            return all(a.keyword == b.keyword and a.star == b.star and same(a.value, b.value) for a, b in pairs)
        case _:
            return False
