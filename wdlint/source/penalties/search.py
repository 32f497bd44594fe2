"""The L2 penalties of a module: terms over parameters that enter a loss or a gradient.

Here each term is drafted with what is known of its strength. Where losses end is found in `penalties.sinks`,
how they are followed to their summands in `penalties.flow`; what an L2 term is stands in `penalties.terms`, edits
of gradients in `penalties.gradients`.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Confidence, Origin, Sink
from wdlint.source.penalties import terms as penalty_terms
from wdlint.source.penalties.draft import PenaltyDraft, is_nothing, text
from wdlint.source.penalties.flow import Reader
from wdlint.source.penalties.gradients import decayed_gradients
from wdlint.source.penalties.handed_out import handed_out
from wdlint.source.penalties.hooks import decaying_hooks
from wdlint.source.penalties.sinks import Sinks, sinks
from wdlint.source.penalties.summands import Factor, Term, Way
from wdlint.source.penalties.terms import called
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic
from wdlint.source.values.amounts import source_text
from wdlint.source.values.entrances import never_runs
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Known, Unknown

_STARTS = ("tensor", "zeros")  # what a sum may start from


def penalties(evaluator: Evaluation, module: t.Module) -> Iterator[PenaltyDraft]:
    """Every L2 penalty in a module; the terms of one statement that have one strength are one penalty."""
    ends = sinks(module)
    if not ends.torch:
        return
    found: list[Iterator[PenaltyDraft]] = []
    if ends.hinted:
        found.append(_in_losses(evaluator, module, ends))
    if ends.gradients:
        found.append(decayed_gradients(evaluator, module))
    if ends.hooks:
        found.append(decaying_hooks(evaluator, module))
    drafts: dict[tuple[int, str], PenaltyDraft] = {}
    nodes: set[int] = set()
    for draft in itertools.chain.from_iterable(found):
        site = id(draft.statement), draft.strength
        if id(draft.node) in nodes:
            continue  # met on another way
        nodes.add(id(draft.node))
        if site in drafts:
            draft = replace(drafts[site], operands=(*drafts[site].operands, *draft.operands))
        drafts[site] = draft
    yield from drafts.values()


def _in_losses(evaluator: Evaluation, module: t.Module, ends: Sinks) -> Iterator[PenaltyDraft]:
    reader = Reader(evaluator, module)
    for sink in ends.losses:
        context = evaluator.frame(sink.statement.scope).at(sink.statement)
        if sink.function and isinstance(sink.node, t.Call) and called(evaluator, sink.node, context) != sink.function:
            continue
        before = len(reader.read)
        terms = _all(reader.terms(sink.expr, context))
        if not _is_all(terms, reader.read[before:], sink.statement.scope):
            for term in terms:
                yield from _draft(evaluator, module, term, sink.node, Confidence.PROVEN)
    yield from _in_unseen_losses(evaluator, module, ends, reader.unresolved if ends.losses else None)
    if not ends.losses:
        for term in handed_out(evaluator, module):
            yield from _draft(evaluator, module, term, term.node, Confidence.ASSUMED)


def _is_all(terms: list[Term], read: list[t.Expr], scope: t.Scope) -> bool:
    """Whether a loss is nothing but terms without a strength, as in tests of optimizers: there nothing is penalised.

    `read` is all that was met on the way to them.
    """
    inside = {id(node) for term in terms for node in syntax.walk(term.node)}
    if not terms or any(term.way.factors for term in terms):
        return False
    given = {p.name for p in scope.definition.params} if isinstance(scope.definition, t.FunctionDef) else ()
    for expr in read:
        match expr:
            case t.Name():
                bound = scope.bound.get(expr.id, ())
                if expr.id in given or not bound or not all(isinstance(b, (t.Assign, t.AugAssign)) for b in bound):
                    return False
            case t.Call() if syntax.last_name(expr) in _STARTS and not any(
                isinstance(node, t.Name) for argument in expr.args for node in syntax.walk(argument.value)
            ):
                pass
            case t.Attribute() | t.Subscript():
                return False
            case t.Call() | t.Binary() if not any(id(node) in inside for node in syntax.walk(expr)):
                return False
            case _:
                pass
    return True


def _in_unseen_losses(
    evaluator: Evaluation, module: t.Module, ends: Sinks, asked: set[str] | None
) -> Iterator[PenaltyDraft]:
    """Penalties in losses that go to callers who can't be seen.

    A module that trains nothing itself (`asked` is None) hands its losses out. One that does calls some
    under a name that could not be followed, such as a method that sub-classes override.
    """
    readings: list[tuple[t.FunctionDef, list[Term], set[int]]] = []
    for function in ends.functions:
        if asked is not None and function.name not in asked:
            continue
        reader = Reader(evaluator, module)
        terms = _all(reader.returned(evaluator.frame(function.inner), Way(added=True)))
        readings.append((function, terms, reader.entered - {id(function)}))
    helpers = {entered for _, _, inside in readings for entered in inside}  # their strengths are those of their callers
    for function, terms, _ in readings:
        for term in terms if id(function) not in helpers else ():
            if not any(isinstance(value, Unknown) for value in term.operand.values):
                yield from _draft(evaluator, module, term, function, Confidence.ASSUMED)
    for statement, target, value in ends.rewritten if asked is None else ():
        reader = Reader(evaluator, module)
        terms = _all(reader.terms(value, evaluator.frame(statement.scope).at(statement), Way(added=True)))
        if target is None or any(penalty_terms.same(target, node) for node in reader.read):
            for term in terms:
                yield from _draft(evaluator, module, term, statement, Confidence.ASSUMED)


def _all(terms: Iterator[Term]) -> list[Term]:
    """The terms as far as they can be read: a loss of too many parts is read up to there."""
    found: list[Term] = []
    with contextlib.suppress(RecursionError):
        found.extend(terms)
    return found


def _draft(
    evaluator: Evaluation, module: t.Module, term: Term, sink: t.Expr | t.Stmt, confidence: Confidence
) -> Iterator[PenaltyDraft]:
    own = term.context.module is module
    node = term.node if own else term.way.join
    statement = term.context.statement if own else term.way.statement
    if node is None or node.origin is None:
        return
    for at in (statement, term.way.statement):
        if at is not None and never_runs(evaluator, at, evaluator.frame(at.scope)):
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
        text(evaluator.module, node),
        Sink.LOSS,
        sink,
        coefficient,
        plain[0] if plain else None,
        term.power,
        term.operand.values,
        confidence,
        statement,
        term.way.joins,
        _product(module, term),
        term.averaged,
    )


# ---- strengths


def _product(module: t.Module, term: Term) -> str:
    """The factors of a term as they are written, the outermost first; nothing where one stands in another file."""
    over: list[str] = []
    under: list[str] = []
    for factor in term.way.factors:
        written = source_text(module, factor.expr) if factor.context.module is module else ""
        if not written:
            return ""
        if isinstance(factor.expr, (t.Binary, t.Conditional, t.Boolean)) and len(term.way.factors) > 1:
            written = f"({written})"
        (under if factor.inverse else over).append(written)
    return " / ".join((" * ".join(over or ["1"]), *under)) if over or under else ""


def _coefficient(evaluator: Evaluation, term: Term) -> Answers | None:
    """The product of a term's factors; None where there is none."""
    if not term.way.factors:
        return None
    first, *others = term.way.factors
    product = _strength(evaluator, first)
    if first.inverse:
        product = _times((Known(1),), product, first)
    for factor in others:
        product = _times(product, _strength(evaluator, factor), factor)
    return product


def _strength(evaluator: Evaluation, factor: Factor) -> Answers:
    answers = evaluator.evaluate(factor.expr, factor.context)
    if factor.context.local is None and any(isinstance(v, Unknown) and v.positive for v in answers):
        # `if l2 > 0:` keeps a default of 0 out of its body: then the whole term is what is off by default.
        outside = evaluator.evaluate(factor.expr, factor.context.frame.at(_outermost(factor.context.statement)))
        if outside and all(isinstance(v, Known) and v.value == 0 for v in outside):
            return outside[:4]
    return answers[:4]


def _outermost(statement: t.Stmt | None) -> t.Stmt | None:
    """The statement of a scope's own block that holds a statement."""
    while statement is not None and isinstance(statement.block.parent, t.Statement):
        if isinstance(statement.block.parent, (t.FunctionDef, t.ClassDef)):
            break
        statement = statement.block.parent
    return statement


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
                if isinstance(made, Known):  # set where the one is that is no plain number in the formula
                    setting = left if left.origin is not Origin.WRITTEN else right
                    made = replace(made, node=setting.node, module=setting.module)
            elif isinstance(right, Known) and right.value == 0 and not factor.inverse:
                made = right
            if made is None:
                made = Unknown(f"@{id(factor.expr)}", computed=True, positive=True)
            key = (made.value, made.origin) if isinstance(made, Known) else "unknown"
            found.setdefault(key, made)
    return tuple(found.values())
