"""Slices: `names[1:]`, `parameters[:-2]`, `self.layers[2:].parameters()`.

What lies between constant bounds of a list whose elements are all written is told exactly. Of a model's parameters or
layers some are taken, and which ones can't be told: a condition that nothing answers stands for the slice.
"""

from __future__ import annotations

from dataclasses import replace

from wdlint.source.read import tree as t
from wdlint.source.values.elements import pairs_within, symbolic_part
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Change,
    Changed,
    Condition,
    Context,
    External,
    Instance,
    Item,
    Known,
    Part,
    SequenceValue,
    Value,
    bare,
)

SLICED = "sliced"  # the change that leaves some of the layers of a list; what was sliced is its value
_LAYER_LISTS = frozenset(("torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ParameterList"))


def sliced(evaluator: Evaluation, value: Value, expr: t.Subscript, index: t.Slice, context: Context) -> Value:
    """What a slice of a value is; the value itself where that makes no difference here."""
    if isinstance(value, Part):
        inner = sliced(evaluator, value.value, expr, index, context)
        return value if inner is value.value else replace(value, value=inner)
    held = bare(value)
    if isinstance(held, Instance):
        layers = isinstance(held.cls, External) and held.cls.path in _LAYER_LISTS
        return Changed(value, (Change((), SLICED, expr, (), context, True),)) if layers else value
    if isinstance(value, SequenceValue) and value.complete:
        if all(not item.spread and not item.conditions for item in value.items):
            chosen = _bounds(evaluator, index, context)
            return value if chosen is None else replace(value, items=value.items[chosen])
    if symbolic_part(evaluator, value) == "parameter" or pairs_within(evaluator, value):
        return some_of(value, expr, context)
    return value


def some_of(value: Value, expr: t.Expr, context: Context) -> Value:
    """Some of what a collection holds: those that an expression takes, which ones can't be told."""
    return SequenceValue("list", (Item((value,), (Condition(expr, True, context),), spread=True),), expr, context)


def whole(value: Value) -> tuple[Value, Change | None]:
    """A list of layers before it was sliced, and the slice; the value itself where it is none."""
    if isinstance(value, Part):
        inner, change = whole(value.value)
        return (value if change is None else replace(value, value=inner)), change
    if isinstance(value, Changed) and value.changes[-1].action == SLICED:
        return value.base, value.changes[-1]
    return value, None


def _bounds(evaluator: Evaluation, index: t.Slice, context: Context) -> slice | None:
    """A slice between constants; None where one of its bounds can't be told."""
    bounds: list[int | None] = []
    for end in (index.lower, index.upper, index.step):
        answers: Answers = evaluator.evaluate(end, context) if end is not None else (Known(None),)
        told = answers[0].value if len(answers) == 1 and isinstance(answers[0], Known) else ""
        if not isinstance(told, (int, type(None))) or (end is index.step and told == 0):
            return None
        bounds.append(told)
    return slice(*bounds)
