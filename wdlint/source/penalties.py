"""The L2 penalties of a module: terms over parameters that enter a loss or a gradient.

Here are the sinks (what is differentiated, returned by a training step, or is a gradient itself) and what is
known of each penalty's strength. What an L2 term is stands in `penalty_terms`, how a loss is followed to its
summands in `penalty_flow`, edits of gradients in `penalty_gradients`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from wdlint.facts import Confidence, Origin, Sink
from wdlint.source import arithmetic, callers, penalty_terms
from wdlint.source import tree as t
from wdlint.source.evaluate import Evaluator
from wdlint.source.penalty_flow import Factor, Reader, Term
from wdlint.source.penalty_terms import called, last_name
from wdlint.source.values import Answers, Context, Known, Unknown

_HINTS = ("norm", "pow", "square", "**", "reg", "l2", "L2", "penal", "decay", "mse", "dot", "grad")
_TRAINING_STEPS = frozenset(("training_step", "compute_loss"))
_BACKWARD = frozenset(("backward", "manual_backward", "backward_step"))
_LOSS_ENTRIES = frozenset(
    ("loss", "train_loss", "batch_loss", "batch_train_loss", "total_loss", "loss_grad", "training_loss")
)
_LOSS_WORDS = ("loss", "objective", "criterion", "penal", "regular", "reg_", "_reg", "l2", "cost")


@dataclass(frozen=True, slots=True, eq=False)
class PenaltyDraft:
    """An L2 penalty, with nodes of the linted module in place of places."""

    node: t.Expr | t.Stmt  # the penalty, or where it joins the loss if it stands in another file
    label: str
    sink: Sink
    sink_node: t.Expr | t.Stmt
    coefficient: Answers | None  # what the term is multiplied with; None: nothing is written
    coefficient_node: t.Expr | None  # the factor in the linted module that says so
    power: int  # 2: squared norm; 1: the norm itself
    operands: Answers
    confidence: Confidence


def penalties(evaluator: Evaluator, module: t.Module) -> Iterator[PenaltyDraft]:
    """Every L2 penalty in a module, in textual order of what is found first; each term once."""
    from wdlint.source.penalty_gradients import decayed_gradients

    reader = Reader(evaluator, module)
    seen: set[int] = set()
    for draft in (*_in_losses(evaluator, module, reader), *decayed_gradients(evaluator, module)):
        if id(draft.node) not in seen:
            seen.add(id(draft.node))
            yield draft


@dataclass(frozen=True, slots=True, eq=False)
class _LossSink:
    node: t.Expr | t.Stmt
    expr: t.Expr
    context: Context


def _in_losses(evaluator: Evaluator, module: t.Module, reader: Reader) -> Iterator[PenaltyDraft]:
    found = False
    for sink in _sinks(evaluator, module):
        found = True
        for term in reader.terms(sink.expr, sink.context):
            yield from _draft(evaluator, module, term, sink.node, Confidence.PROVEN)
    if not found:
        yield from _in_unseen_losses(evaluator, module)


def _in_unseen_losses(evaluator: Evaluator, module: t.Module) -> Iterator[PenaltyDraft]:
    """Penalties of a module that trains nothing itself: its losses go to callers who can't be seen."""
    for scope in _losses(module):
        reader = Reader(evaluator, module)
        for term in reader.returned(evaluator.frame(scope)):
            if term.operand.proven and scope.definition is not None:
                yield from _draft(evaluator, module, term, scope.definition, Confidence.ASSUMED)
    for statement, target, value in _rewritten_losses(module):
        reader = Reader(evaluator, module)
        terms = list(reader.terms(value, evaluator.frame(statement.scope).at(statement)))
        if target is None or any(penalty_terms.same(target, node) for node in reader.read):
            for term in terms:
                if term.operand.proven:
                    yield from _draft(evaluator, module, term, statement, Confidence.ASSUMED)


def _draft(
    evaluator: Evaluator, module: t.Module, term: Term, sink: t.Expr | t.Stmt, confidence: Confidence
) -> Iterator[PenaltyDraft]:
    own = term.context.module is module
    node = term.node if own else term.way.join
    if node is None or node.cst is None:
        return
    coefficient = _coefficient(evaluator, term)
    if coefficient is not None and is_nothing(coefficient):
        return
    written = [f.expr for f in term.way.factors if f.context.module is module and not f.inverse]
    plain = [e for e in written if not isinstance(e, t.Const)] or written
    if not term.operand.proven:
        confidence = Confidence.ASSUMED
    yield PenaltyDraft(
        node,
        text(node),
        Sink.LOSS,
        sink,
        coefficient,
        plain[0] if plain else None,
        term.power,
        term.operand.values,
        confidence,
    )


def text(node: t.Expr | t.Stmt) -> str:
    """A node as written, on one line."""
    return " ".join(cst.Module([]).code_for_node(node.cst).split())


# ---- strengths


def _coefficient(evaluator: Evaluator, term: Term) -> Answers | None:
    """The product of a term's factors; None where there is none."""
    if not term.way.factors:
        return None
    product: Answers = (Known(1),)
    for factor in term.way.factors:
        product = _times(product, _strength(evaluator, factor), factor)
    return product


def _strength(evaluator: Evaluator, factor: Factor) -> Answers:
    return evaluator.evaluate(factor.expr, factor.context)[:4]


def _times(product: Answers, others: Answers, factor: Factor) -> Answers:
    found: dict[object, Known | Unknown] = {}
    for left in product:
        for right in others:
            made: Known | Unknown | None = None
            if isinstance(left, Known) and left.value == 0:
                made = left
            elif isinstance(left, Known) and isinstance(right, Known):
                op = "/" if factor.inverse else "*"
                made = arithmetic.compute(op, left, right, factor.expr, factor.context.module)
            elif isinstance(right, Known) and right.value == 0 and not factor.inverse:
                made = right
            if made is None:
                made = Unknown(f"@{id(factor.expr)}", computed=True, positive=True)
            key = (made.value, made.origin) if isinstance(made, Known) else "unknown"
            found.setdefault(key, made)
    return tuple(found.values())


def is_nothing(answers: Answers) -> bool:
    """Whether a strength is 0 as written, which nobody can raise from outside."""
    return all(isinstance(v, Known) and v.value == 0 and v.origin is Origin.WRITTEN for v in answers)


# ---- sinks


def _sinks(evaluator: Evaluator, module: t.Module) -> Iterator[_LossSink]:
    """What a module differentiates, and what its training steps return."""
    for statement in callers.all_statements(module.scope):
        frame = None
        for expression in t.expressions(statement):
            for node in t.walk(expression):
                if isinstance(node, t.Call):
                    frame = frame or evaluator.frame(statement.scope)
                    context = frame.at(statement)
                    for value in _differentiated(evaluator, node, context):
                        yield _LossSink(node, value, context)
        if isinstance(statement, t.Return) and statement.value is not None:
            definition = statement.scope.definition
            if isinstance(definition, t.FunctionDef) and definition.name in _TRAINING_STEPS:
                if definition.scope.kind == "class":
                    yield _LossSink(statement, statement.value, evaluator.frame(statement.scope).at(statement))


def _differentiated(evaluator: Evaluator, call: t.Call, context: Context) -> Iterator[t.Expr]:
    """The expressions whose gradient a call computes."""
    name = last_name(call)
    first = call.args[0].value if call.args and not call.args[0].star else None
    if name in _BACKWARD and isinstance(call.func, t.Attribute):
        yield call.func.value
        if first is not None:
            yield first
    elif name == "grad" and first is not None:
        if called(evaluator, call, context) == "torch.autograd.grad":
            yield first
    elif "scaler" in name and first is not None and len(call.args) > 1:
        yield first


def _losses(module: t.Module) -> Iterator[t.Scope]:
    """Functions that, by their name, return a loss or a regulariser."""
    for statement in callers.all_statements(module.scope):
        if isinstance(statement, t.FunctionDef):
            name = statement.name.lower()
            owner = statement.scope.definition
            of_loss = isinstance(owner, t.ClassDef) and any(w in owner.name.lower() for w in ("loss", "criterion"))
            if any(word in name for word in _LOSS_WORDS) or (name in ("forward", "__call__") and of_loss):
                yield statement.inner


def _rewritten_losses(module: t.Module) -> Iterator[tuple[t.Stmt, t.Expr | None, t.Expr]]:
    """Statements that put more into a loss held elsewhere, as callbacks do: `state["loss"] = penalty + old`.

    With each the target that the new value must contain to be the loss itself, None where `+=` says so.
    """
    for statement in callers.all_statements(module.scope):
        if isinstance(statement, t.AugAssign) and statement.op == "+" and _is_loss_entry(statement.target):
            yield statement, None, statement.value
        elif isinstance(statement, t.Assign) and statement.value is not None and len(statement.targets) == 1:
            if _is_loss_entry(statement.targets[0]):
                yield statement, statement.targets[0], statement.value


def _is_loss_entry(target: t.Expr) -> bool:
    """Whether an attribute or item is named as the loss itself, not as one part or a statistic of it."""
    if isinstance(target, t.Subscript):
        index = target.index
        name = index.value if isinstance(index, t.Const) else index.attr if isinstance(index, t.Attribute) else ""
    else:
        name = target.attr if isinstance(target, t.Attribute) else ""
    return isinstance(name, str) and name.lower() in _LOSS_ENTRIES
