"""Decay that is added to a gradient by hand: `p.grad.add_(p, alpha=decay)` and its spellings.

Only real gradients count (`p.grad`, or a name that holds it), and only a multiple of the same `p`. What the
`step` of an `Optimizer` subclass does is read in `steps`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Confidence, Sink
from wdlint.source.penalties import operands as penalty_operands
from wdlint.source.penalties import terms as penalty_terms
from wdlint.source.penalties.addends import added, addends, peeled
from wdlint.source.penalties.draft import PenaltyDraft, is_nothing, text
from wdlint.source.penalties.operands import selected
from wdlint.source.penalties.scalars import is_scalar
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import callers, flow
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Collection, Context, External, Known

_IN_PLACE = ("add_", "add")
_CARRIED = ("momentum", "buf", "veloc", "avg", "state", "moment", "nesterov")


def decayed_gradients(evaluator: Evaluation, module: t.Module) -> Iterator[PenaltyDraft]:
    """Every statement of a module that adds a multiple of a parameter to its own gradient."""
    for statement in callers.all_statements(module.scope):
        if not isinstance(statement, (t.Expression, t.Assign, t.AugAssign)):
            continue
        edit = _edit(statement)
        if edit is None:
            continue
        gradient, value, strength = edit
        context = evaluator.frame(statement.scope).at(statement)
        owner = _owner_of_gradient(gradient, context)
        if owner is None or _in_optimizer(evaluator, statement.scope) or _is_plain_descent(statement, owner):
            continue
        for addend in addends(value):
            same = penalty_terms.same(peeled(addend.parameter), peeled(owner))
            factor = strength if strength is not None else addend.factor
            if same and (factor is None or is_scalar(evaluator, factor, context)):
                yield from _draft(evaluator, statement, owner, factor, context)
    yield from _foreach(evaluator, module)


def _draft(
    evaluator: Evaluation, statement: t.Stmt, owner: t.Expr, factor: t.Expr | None, context: Context
) -> Iterator[PenaltyDraft]:
    coefficient = evaluator.evaluate(factor, context) if factor is not None else ()
    if is_nothing(coefficient) or _is_whole(coefficient):
        return
    held = penalty_operands.parameters(evaluator, peeled(owner), context)
    values: Answers = held.values if held is not None else evaluator.evaluate(peeled(owner), context)
    operands = tuple(selected(value, context, {}) for value in values)
    sure = Confidence.PROVEN if held is not None and held.proven else Confidence.ASSUMED
    yield PenaltyDraft(
        statement,
        text(evaluator.module, statement),
        Sink.GRADIENT,
        statement,
        coefficient,
        factor,
        2,
        operands,
        sure,
        statement,
    )


def _is_whole(coefficient: Answers) -> bool:
    """Whether the whole of a parameter is added: no decay has such a strength, a difference to other weights has.

    `p.grad.add_(p)`, where the gradient holds what is taken from it, as in Reptile.
    """
    return all(isinstance(v, Known) and v.value in (1, -1) for v in coefficient)


def _is_plain_descent(statement: t.Stmt, owner: t.Expr) -> bool:
    """Whether the same block goes on to step by the gradient alone: there the decay acts as on the weight itself."""
    steps = False
    for other in statement.block.statements[statement.index + 1 :]:
        for expression in syntax.expressions(other):
            for node in syntax.walk(expression):
                name = node.id if isinstance(node, t.Name) else node.attr if isinstance(node, t.Attribute) else ""
                if any(word in name.lower() for word in _CARRIED):
                    return False
        match other:
            case t.AugAssign(op="-", target=target):
                steps = steps or penalty_terms.same(peeled(target), peeled(owner))
            case t.Expression(value=t.Call(func=t.Attribute(attr="add_" | "sub_", value=target))):
                steps = steps or penalty_terms.same(peeled(target), peeled(owner))
            case t.Assign(targets=(target,)):
                steps = steps or penalty_terms.same(peeled(target), peeled(owner))
            case _:
                pass
    return steps


def _edit(statement: t.Expression | t.Assign | t.AugAssign) -> tuple[t.Expr, t.Expr, t.Expr | None] | None:
    """The gradient that a statement changes, what it adds to it, and the strength given apart (`alpha`)."""
    match statement:
        case t.AugAssign(op="+"):
            return statement.target, statement.value, None
        case t.Assign() if statement.value is not None and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, t.Attribute) and target.attr in ("grad", "data"):
                value = statement.value
                if isinstance(value, t.Call) and isinstance(value.func, t.Attribute) and value.func.attr == "add":
                    return added(value, target)
                return target, value, None
        case t.Expression(value=t.Call() as call):
            return _in_a_chain(call)
        case _:
            pass
    return None


def _in_a_chain(call: t.Call) -> tuple[t.Expr, t.Expr, t.Expr | None] | None:
    """The addition among calls in place: `p.grad.mul_(0.5).add_(p, alpha=decay)`, `p.grad.add_(p).clamp_(-1, 1)`."""
    link: t.Expr = call
    found: t.Call | None = None
    while isinstance(link, t.Call) and isinstance(link.func, t.Attribute):
        name = link.func.attr
        if found is None and name in _IN_PLACE:
            found = link
        elif not name.endswith("_") or name.endswith("__"):
            break
        link = link.func.value
    return added(found, link) if found is not None else None


def _owner_of_gradient(expr: t.Expr, context: Context, depth: int = 0) -> t.Expr | None:
    """`p` of `p.grad.data`, or of a name that holds `p.grad`; None where it is no gradient."""
    expr = peeled(expr)
    if isinstance(expr, t.Attribute) and expr.attr == "grad":
        return peeled(expr.value)
    if isinstance(expr, t.Name) and depth < 2 and context.statement is not None:
        scope = context.frame.scope
        for binding in flow.reaching(expr.id, context.statement, scope).bindings:
            if not isinstance(binding, t.Assign) or binding.value is None:
                continue
            if any(isinstance(target, t.Name) for target in binding.targets):
                found = _owner_of_gradient(binding.value, context.frame.at(binding), depth + 1)
                if found is not None:
                    return found
    return None


def _in_optimizer(evaluator: Evaluation, scope: t.Scope) -> bool:
    """Whether a scope belongs to a class that derives from an optimizer."""
    around: t.Scope | None = scope
    while around is not None:
        if isinstance(around.definition, t.ClassDef):
            for base in linear_bases(evaluator, evaluator.class_value(around.definition)):
                if isinstance(base, External) and "optim" in base.path.lower():
                    return True
        around = around.parent
    return False


def _foreach(evaluator: Evaluation, module: t.Module) -> Iterator[PenaltyDraft]:
    """`torch._foreach_add_(gradients, parameters, alpha=decay)`."""
    for call, statement in callers_of(evaluator, module, "_foreach_add_"):
        context = evaluator.frame(statement.scope).at(statement)
        first, second = penalty_terms.given(call, "self", 0), penalty_terms.given(call, "other", 1)
        alpha = next((a.value for a in call.args if a.keyword == "alpha"), None)
        if first is None or second is None or alpha is None or _in_optimizer(evaluator, statement.scope):
            continue
        element = _element(evaluator, first, context)
        if not (isinstance(element, t.Attribute) and element.attr == "grad"):
            continue
        coefficient = evaluator.evaluate(alpha, context)
        operands = evaluator.evaluate(second, context)
        if is_nothing(coefficient) or not any(isinstance(v, Collection) or not isinstance(v, Known) for v in operands):
            continue
        held = penalty_operands.all_of(evaluator, second, context)
        if held is not None:
            yield PenaltyDraft(
                call,
                text(evaluator.module, call),
                Sink.GRADIENT,
                call,
                coefficient,
                alpha,
                2,
                held.values,
                Confidence.PROVEN,
                statement,
            )


def callers_of(evaluator: Evaluation, module: t.Module, name: str) -> list[tuple[t.Call, t.Stmt]]:
    return evaluator.call_index.calls(module).get(name, [])


def _element(evaluator: Evaluation, expr: t.Expr, context: Context) -> t.Expr | None:
    """The element of a list comprehension, written here or bound to a name."""
    if isinstance(expr, t.Comprehension):
        return expr.element
    if isinstance(expr, t.Name) and context.statement is not None:
        for binding in flow.reaching(expr.id, context.statement, context.frame.scope).bindings:
            if isinstance(binding, t.Assign) and isinstance(binding.value, t.Comprehension):
                return binding.value.element
    return None
