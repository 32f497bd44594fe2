"""Whether a factor of a summand is a plain strength: a number of the program, not a tensor of the data.

What multiplies squares of weights by activations, masks or importances makes another regulariser.
"""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.names import parameter_named
from wdlint.source.values.values import (
    Answers,
    Attribute,
    Context,
    Element,
    External,
    FunctionValue,
    Instance,
    Known,
    Method,
    TextOf,
    Unknown,
    bare,
)

_NUMBERS = frozenset(
    (
        "max", "min", "abs", "round", "pow", "sqrt", "exp", "log", "log10", "tensor", "as_tensor", "scalar_tensor",
        "FloatTensor", "Tensor",
    )
)  # fmt: skip


def is_scalar(evaluator: Asking, expr: t.Expr, context: Context, depth: int = 0) -> bool:
    """Whether an expression is a number, as far as can be told; a name that can't be followed is taken for one."""
    if depth > 6:
        return False
    match expr:
        case t.Const():
            return isinstance(expr.value, (int, float))
        case t.Unary():
            return is_scalar(evaluator, expr.operand, context, depth + 1)
        case t.Binary():
            return expr.op != "@" and all(
                is_scalar(evaluator, side, context, depth + 1) for side in (expr.left, expr.right)
            )
        case t.Conditional():
            return all(is_scalar(evaluator, side, context, depth + 1) for side in (expr.body, expr.orelse))
        case t.Compare() | t.Boolean():
            return True
        case t.Call():
            return _call(evaluator, expr, context, depth)
        case t.Attribute() if expr.attr in ("shape", "ndim"):
            return True
        case t.Subscript() if isinstance(expr.value, t.Attribute) and expr.value.attr == "shape":
            return True
        case t.Name():
            return _name(evaluator, expr, context, depth)
        case t.Subscript() if _about_element(evaluator.evaluate(expr.index, context)):
            return False  # an importance of its own for each parameter
        case t.Attribute() | t.Subscript():
            return _answers(evaluator.evaluate(expr, context))
        case _:
            return False


def _about_element(answers: Answers) -> bool:
    """Whether an index or name is that of the loop's parameter."""
    return any(isinstance(value, (Element, Attribute, TextOf)) for value in answers)


def _answers(answers: Answers) -> bool:
    return all(_plain(bare(value)) for value in answers)


def _plain(value: object) -> bool:
    if isinstance(value, Known):
        return value.value is None or isinstance(value.value, (int, float, str))
    if isinstance(value, Instance) and isinstance(value.cls, External):
        name = value.cls.path.rsplit(".", 1)[-1]
        return name in ("tensor", "as_tensor", "Tensor", "FloatTensor", "Namespace") or not value.cls.path.startswith(
            "torch."
        )
    return isinstance(value, (Unknown, Method, External))


def _name(evaluator: Asking, expr: t.Name, context: Context, depth: int) -> bool:
    answers = evaluator.evaluate(expr, context)
    if not _answers(answers):
        return False
    if all(isinstance(v, Known) for v in answers):
        return True
    if context.local is not None and expr.id in context.local:
        return False  # runs beside the parameters
    frame = context.frame
    scope = frame.scope
    if expr.id not in scope.bound or parameter_named(scope.definition, expr.id) is not None:
        return True
    for binding in flow.reaching(expr.id, context.statement, scope).bindings:
        if (
            isinstance(binding, t.For)
            and isinstance(binding.iter, t.Call)
            and syntax.dotted(binding.iter.func) == "zip"
        ):
            return False  # runs beside the parameters
        if isinstance(binding, t.Assign) and binding.value is not None:
            plain = any(isinstance(target, t.Name) for target in binding.targets)
            if plain and not is_scalar(evaluator, binding.value, frame.at(binding), depth + 1):
                return False
    return True


def _call(evaluator: Asking, expr: t.Call, context: Context, depth: int) -> bool:
    func = expr.func
    name = func.id if isinstance(func, t.Name) else func.attr if isinstance(func, t.Attribute) else ""
    if isinstance(func, t.Name) and name in ("float", "int", "len"):
        return True
    if isinstance(func, t.Name) and name == "getattr" and len(expr.args) > 1:
        return not _about_element(evaluator.evaluate(expr.args[1].value, context))
    if isinstance(func, t.Attribute) and name in ("size", "numel", "dim", "item", "get"):
        return True
    if name in _NUMBERS:
        return all(is_scalar(evaluator, a.value, context, depth + 1) for a in expr.args)
    callees = evaluator.evaluate(func, context)
    if any(isinstance(v, FunctionValue) for v in callees):
        return _answers(evaluator.evaluate(expr, context))
    if any(isinstance(v, External) and v.path.startswith(("math.", "numpy.")) for v in callees):
        return True
    return all(isinstance(v, Known) for v in evaluator.evaluate(expr, context))
