"""How an L2 term is spelled: which operand an expression squares, and of which it takes the norm.

Whether that operand is a parameter is decided in `penalties.operands`, how a term travels to the loss in
`penalties.flow`.
"""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluator import Evaluator
from wdlint.source.values.values import Context, External, Instance, Known, bare, constant

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


# ---- calls of libraries


def called(evaluator: Evaluator, call: t.Call, context: Context) -> str | None:
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


def operands(evaluator: Evaluator, call: t.Call, context: Context) -> tuple[str | None, list[t.Expr]]:
    """A call as a function of a library with its positional arguments; a method's receiver comes first."""
    path = called(evaluator, call, context)
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    if path is not None:
        if not plain:
            plain = [a.value for a in call.args if a.keyword in ("input", "self", "x", "A")]
        return path, plain
    return None, [call.func.value, *plain] if isinstance(call.func, t.Attribute) else plain


# ---- squares and norms


def squared(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Expr | None:
    """The operand of an elementwise square or of a dot product with itself."""
    match expr:
        case t.Binary(op="**"):
            return expr.left if _number(evaluator, expr.right, context) == 2 else None
        case t.Binary(op="*" | "@"):
            return expr.left if times_itself(expr) else None
        case t.Call():
            name = syntax.last_name(expr)
            if name not in ("pow", "square", "mul", "multiply", "dot", "inner", "vdot", "pow_", "square_"):
                return None
            path, plain = operands(evaluator, expr, context)
            if path is not None and not path.startswith("torch."):
                return None
            if name in ("square", "square_"):
                return plain[0] if plain else None
            exponent = given(expr, "exponent", 1 if path is not None else 0)
            if name in ("pow", "pow_"):
                right = exponent is not None and _number(evaluator, exponent, context) == 2
                return plain[0] if plain and right else None
            return plain[0] if len(plain) == 2 and same(plain[0], plain[1]) else None
        case _:
            return None


def times_itself(expr: t.Binary) -> bool:
    """Whether a product is `w * w` or `w.t() @ w`."""
    return same(_unturned(expr.left), _unturned(expr.right))


def scaled_square(expr: t.Expr) -> tuple[t.Expr, t.Expr] | None:
    """The strength and the operand of `strength * w * w`, which is read as `(strength * w) * w`."""
    match expr:
        case t.Binary(op="*", left=t.Binary(op="*") as left) if same(left.right, expr.right):
            return left.left, expr.right
        case _:
            return None


def _unturned(expr: t.Expr) -> t.Expr:
    """`w` of `w.t()` and `w.T`, so that `w.t() @ w` is seen as a product with itself."""
    if isinstance(expr, t.Call) and isinstance(expr.func, t.Attribute) and expr.func.attr == "t":
        return expr.func.value
    return expr.value if isinstance(expr, t.Attribute) and expr.attr in ("T", "mT") else expr


def normed(evaluator: Evaluator, expr: t.Expr, context: Context) -> tuple[t.Expr, bool] | None:
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
    along = given(expr, "dim", order + 1) or given(expr, "axis", order + 1)
    whole = along is None or (constant(evaluator.evaluate(along, context)) is None and isinstance(along, t.Const))
    return first, not whole


def squared_error_to_zero(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Expr | None:
    """The operand of `F.mse_loss(p, torch.zeros_like(p))` and `nn.MSELoss()(p, zeros)`."""
    if not isinstance(expr, t.Call) or len(expr.args) < 2:
        return None
    if not any(word in syntax.last_name(expr).lower() for word in ("mse", "crit", "loss", "l2")):
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
    zeros = [bare(v) for v in evaluator.evaluate(second, context)]
    if zeros and all(isinstance(v, Instance) and isinstance(v.cls, External) and v.cls.path in _ZEROS for v in zeros):
        return first
    return None


def _number(evaluator: Evaluator, expr: t.Expr, context: Context) -> t.Constant:
    if isinstance(expr, t.Const):
        return expr.value
    return constant(evaluator.evaluate(expr, context))


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
