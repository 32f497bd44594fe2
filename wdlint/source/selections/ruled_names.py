"""Names of parameters that something else has chosen by a rule that is known, such as a helper of a library."""

from __future__ import annotations

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.values.evaluation import Memory
from wdlint.source.values.values import Collection, Context, Operation, Value

RULED = "ruled"  # an operation whose elements are the names that were chosen


def names_under(evaluator: Memory, model: Value, rule: s.Selector, node: t.Call | None, context: Context) -> Value:
    """The names of those of a model's parameters that a rule takes."""
    operation = Operation(RULED, ((Collection("names", model),),), node, context)
    _rules(evaluator)[id(operation)] = rule
    evaluator.keep(operation)
    return operation


def rule_of(evaluator: Memory, operation: Operation) -> s.Selector:
    """The rule by which names were chosen."""
    return _rules(evaluator)[id(operation)]


def _rules(evaluator: Memory) -> dict[int, s.Selector]:
    rules: dict[int, s.Selector] = evaluator.memo("rules")
    return rules
