"""The constants that a test runs over: the names, classes and parameters listed beforehand."""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, contents
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import TABLE, ClassValue, Context, External, MappingValue, SequenceValue, Value, bare

_ALTERNATIVES = 200  # constants that an `any(… for … in …)` may run over


def constants_of(evaluator: Asking, value: Value) -> list[Value] | None:
    """The members of a list, tuple, set or mapping of constants and classes, if all can be told."""
    found: list[Value] = []
    inner = bare(value)
    chosen = _chosen(evaluator, inner)
    if chosen is not None:
        return chosen
    if isinstance(inner, SequenceValue) and inner.complete:
        for item in contents.items(evaluator, value):
            answers = evaluator.force(item.value)
            if item.conditions or len(answers) != 1:
                return None
            if item.spread:
                nested = constants_of(evaluator, answers[0])
                if nested is None:
                    return None
                found.extend(nested)
            else:
                found.append(answers[0])
        return found if len(found) <= _ALTERNATIVES else None
    if isinstance(inner, MappingValue):
        for entry in contents.entries(evaluator, value):
            if entry.key is None:
                return None
            found.extend(evaluator.force(entry.key)[:1])
        return found
    if isinstance(inner, (External, ClassValue)):
        return [inner]
    return None


def _chosen(evaluator: Asking, value: Value) -> list[Value] | None:
    """What `(v for k, v in nn.__dict__.items() if "Norm" in k)` takes from a table of constants; asked once."""
    if not isinstance(value, SequenceValue) or not isinstance(value.node, t.Comprehension) or value.context is None:
        return None
    known: dict[tuple[int, ...], list[Value] | None] = evaluator.memo("chosen constants")
    context = value.context
    key = id(value.node), id(context.frame), id(context.statement), id(context.local)
    if key not in known:
        evaluator.keep((value, context))
        known[key] = _from_table(evaluator, value.node, context)
    return known[key]


def _from_table(evaluator: Asking, made: t.Comprehension, context: Context) -> list[Value] | None:
    clause = made.clauses[0]
    answers = evaluator.evaluate(clause.iter, context)
    if len(made.clauses) != 1 or len(answers) != 1 or not isinstance(answers[0], SequenceValue):
        return None
    if answers[0].kind != TABLE:
        return None
    found: list[Value] = []
    for item in answers[0].items:
        inner = Context(context.frame, context.statement, {}, context)
        assert inner.local is not None
        for bound in syntax.target_names(clause.target):
            held = evaluator.force(item.value)
            inner.local[bound] = evaluator.unpacked(clause.target, bound, held, inner)
        evaluator.keep(inner)
        truths = [arithmetic.truth(evaluator, test, inner) for test in clause.ifs]
        if None in truths:
            return None
        if all(truths):
            found.extend(evaluator.evaluate(made.element, inner))
    return found
