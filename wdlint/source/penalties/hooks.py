"""Decay that a hook adds to its tensor's gradient: `p.register_hook(lambda grad, p=p: grad + decay * p)`.

A hook counts where its tensor is a parameter and it returns the gradient plus a multiple of that same parameter.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Confidence, Sink
from wdlint.source.penalties import operands as penalty_operands
from wdlint.source.penalties.addends import added, addends, peeled
from wdlint.source.penalties.draft import PenaltyDraft, is_nothing, text
from wdlint.source.penalties.operands import selected
from wdlint.source.penalties.scalars import is_scalar
from wdlint.source.penalties.terms import called
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Context,
    Element,
    FunctionValue,
    Partial,
    Unknown,
    Value,
)

_GRADIENT = Unknown("@gradient")  # what a hook is given
_AFTERWARDS = "register_post_accumulate_grad_hook"  # is given the parameter, whose gradient is there already


def decaying_hooks(evaluator: Evaluation, module: t.Module) -> Iterator[PenaltyDraft]:
    """Every hook of a module that adds a multiple of a parameter to that parameter's gradient."""
    for name in ("register_hook", _AFTERWARDS):
        for call, statement in evaluator.call_index.calls(module).get(name, []):
            context = evaluator.frame(statement.scope).at(statement)
            if not isinstance(call.func, t.Attribute) or not call.args:
                continue
            owner = penalty_operands.parameters(evaluator, call.func.value, context)
            if owner is None:
                continue
            given = owner.values if name == _AFTERWARDS else (_GRADIENT,)
            for hook in evaluator.evaluate(call.args[0].value, context):
                for result, inside in _results(evaluator, hook, given, call, context):
                    yield from _draft(evaluator, module, owner, result, inside, (statement, context))


def _results(
    evaluator: Evaluation, hook: Value, given: Answers, call: t.Call, context: Context
) -> Iterator[tuple[t.Expr, Context]]:
    """What a hook returns, or does in its one expression, and where that stands."""
    before: tuple[Answers, ...] = ()
    if isinstance(hook, Partial):
        before = evaluator.positional(hook.arguments)
        named = evaluator.keywords(hook.arguments)
        hook = hook.callee
    else:
        named = ()
    if not isinstance(hook, FunctionValue):
        return
    if isinstance(hook.definition, t.Lambda):
        yield hook.definition.body, evaluator.lambda_context(hook, (*before, given))
        return
    frame = evaluator.call_frame(hook, Arguments(positional=(*before, given), keywords=named), call, context)
    for statement in t.statements(hook.definition.inner.body) if frame is not None else ():
        if isinstance(statement, t.Return) and statement.value is not None and frame is not None:
            yield from _written(statement.value, frame.at(statement))


def _written(value: t.Expr, context: Context) -> Iterator[tuple[t.Expr, Context]]:
    """A returned value where it is put together: `total` of `total = grad + decay * p`."""
    if isinstance(value, t.Name) and context.statement is not None:
        for binding in flow.reaching(value.id, context.statement, context.frame.scope).bindings:
            if isinstance(binding, t.Assign) and binding.value is not None and isinstance(binding.targets[0], t.Name):
                yield binding.value, context.frame.at(binding)
    yield value, context


def _draft(
    evaluator: Evaluation,
    module: t.Module,
    owner: penalty_operands.Operand,
    result: t.Expr,
    inside: Context,
    registered: tuple[t.Stmt, Context],
) -> Iterator[PenaltyDraft]:
    addition = _addition(evaluator, result, inside)
    if addition is None or inside.module is not module:
        return
    value, strength = addition
    for addend in addends(value):
        held = penalty_operands.parameters(evaluator, peeled(addend.parameter), inside)
        factor = strength if strength is not None else addend.factor
        if held is None or not _same(held.values, owner.values):
            continue
        if factor is not None and not is_scalar(evaluator, factor, inside):
            continue
        coefficient = evaluator.evaluate(factor, inside) if factor is not None else None
        if coefficient is not None and is_nothing(coefficient):
            continue
        statement, context = registered
        yield PenaltyDraft(
            result, text(evaluator.module, result), Sink.GRADIENT, result, coefficient, factor, 2,
            tuple(selected(v, context, {}) for v in owner.values),
            Confidence.PROVEN if owner.proven and held.proven else Confidence.ASSUMED, inside.statement or statement,
        )  # fmt: skip


def _addition(evaluator: Evaluation, result: t.Expr, inside: Context) -> tuple[t.Expr, t.Expr | None] | None:
    """What is added to the gradient, and the strength given apart; None where it is no sum with the gradient."""
    match result:
        case t.Binary(op="+"):
            return (result, None) if any(_is_gradient(evaluator, s, inside) for s in _summands(result)) else None
        case t.Call(func=t.Attribute(attr="add" | "add_") as func):
            gradient, rest = func.value, result.args
            if called(evaluator, result, inside) == "torch.add" and len(rest) > 1:
                gradient, rest = rest[0].value, rest[1:]
            parts = added(t.Call(None, func, rest), gradient)
            if parts is None or not _is_gradient(evaluator, gradient, inside):
                return None
            return parts[1], parts[2]
        case _:
            return None


def _summands(expr: t.Expr) -> Iterator[t.Expr]:
    if isinstance(expr, t.Binary) and expr.op == "+":
        yield from _summands(expr.left)
        yield from _summands(expr.right)
    else:
        yield expr


def _is_gradient(evaluator: Evaluation, expr: t.Expr, inside: Context) -> bool:
    if isinstance(expr, t.Attribute) and expr.attr == "grad":
        return True
    return any(value == _GRADIENT for value in evaluator.evaluate(peeled(expr), inside))


def _same(left: Answers, right: Answers) -> bool:
    """Whether two expressions are the same parameter: of one loop's turn, or one value."""
    for one in left:
        for other in right:
            if isinstance(one, Element) and isinstance(other, Element):
                if (one.turn, one.part) == (other.turn, other.part):
                    return True
            elif one is other or one == other:
                return True
    return False
