"""Penalties that a method hands to a loss in another file, which asks it of a model that can't be seen there.

`scores, penalty = self.model.step(batch)` stands in a trainer, and what it calls in a file of models. From the models
the way leads back by the method's name, where that is too particular to be another's.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.penalties.flow import Reader
from wdlint.source.penalties.sinks import is_hint, sinks
from wdlint.source.penalties.summands import Term
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import callers
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import FunctionValue

_METHODS = 8  # that are looked for in other files


def handed_out(evaluator: Evaluation, module: t.Module) -> Iterator[Term]:
    """The L2 terms in what methods of a module return to losses of other modules."""
    methods = _methods(evaluator, module)
    others: dict[int, t.Module] = {}
    for name in list(methods)[:_METHODS]:
        for other in evaluator.call_index.mentioning(evaluator, module, name):
            others[id(other)] = other
    for other in others.values():
        losses = sinks(other).losses
        reader = Reader(evaluator, module, by_name=methods)
        for sink in losses:
            context = evaluator.frame(sink.statement.scope).at(sink.statement)
            for term in reader.terms(sink.expr, context):
                if term.context.module is module:
                    yield term


def _methods(evaluator: Evaluation, module: t.Module) -> dict[str, list[FunctionValue]]:
    """The methods that hand out several things, and square or norm something, by their names."""
    found: dict[str, list[FunctionValue]] = {}
    for statement in callers.all_statements(module.scope):
        owner = statement.scope.definition
        if not isinstance(statement, t.FunctionDef) or not isinstance(owner, t.ClassDef):
            continue
        if "_" in statement.name.strip("_") and _returns_several(statement) and _is_hinted(statement):
            cls = evaluator.class_value(owner)
            made = FunctionValue(statement, evaluator.frame(owner.inner), None, evaluator.receiver(cls))
            found.setdefault(statement.name, []).append(made)
    return found


def _returns_several(function: t.FunctionDef) -> bool:
    returned = (one.value for one in t.statements(function.inner.body) if isinstance(one, t.Return))
    return any(isinstance(value, t.Display) and len(value.items) > 1 for value in returned)


def _is_hinted(function: t.FunctionDef) -> bool:
    return any(
        is_hint(node)
        for statement in t.statements(function.inner.body)
        for expression in syntax.expressions(statement)
        for node in syntax.walk(expression)
    )
