"""Tests of a parameter's dimensions and sizes: `p.ndim < 2`, `p.shape == (1,)`, `p.numel() > 1`."""

from __future__ import annotations

import re
from typing import Any

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import Answers, Attribute, Context, Element, Known, SequenceValue, Value

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}  # the same, sides swapped


def size(evaluator: Asking, expr: t.Expr, op: str, other: t.Expr, context: Context) -> s.Selector | None:
    """`p.ndim op n`, `len(p.shape) op n`, `p.shape[i] op n`, `p.numel() op n`."""
    if op not in FLIPPED:
        return None
    answers = evaluator.evaluate(other, context)
    number = answers[0].value if len(answers) == 1 and isinstance(answers[0], Known) else None
    if not isinstance(number, int) or isinstance(number, bool):
        return _shape_of(evaluator, expr, op, answers, context)
    comparison: Any = op
    if isinstance(expr, t.Call) and isinstance(expr.func, t.Name) and expr.func.id == "len" and expr.args:
        for value in evaluator.evaluate(expr.args[0].value, context):
            if isinstance(value, Attribute) and value.name in ("shape", "size") and _parameter(value.of):
                return s.Dims(comparison, number)
        return None
    for value in evaluator.evaluate(expr, context):
        if not isinstance(value, Attribute):
            continue
        if value.name in ("ndim", "dim", "ndimension") and _parameter(value.of):
            return s.Dims(comparison, number)
        if value.name in ("numel", "nelement") and _parameter(value.of):
            return s.Size(None, comparison, number)
        axis = re.fullmatch(r"\[(-?\d+)\]", value.name)
        if axis and isinstance(value.of, Attribute) and value.of.name in ("shape", "size"):
            if _parameter(value.of.of):
                return s.Size(int(axis[1]), comparison, number)
        if value.name == "size" and value.called and len(value.arguments) == 1 and _parameter(value.of):
            index = value.arguments[0]
            if isinstance(index, int):
                return s.Size(index, comparison, number)
    return None


def _shape_of(evaluator: Asking, expr: t.Expr, op: str, answers: Answers, context: Context) -> s.Selector | None:
    """`p.shape == (1,)` says how many dimensions there are, and how long each is."""
    if op not in ("==", "!=") or len(answers) != 1 or not isinstance(answers[0], SequenceValue):
        return None
    if not any(isinstance(v, Attribute) and v.name == "shape" for v in evaluator.evaluate(expr, context)):
        return None
    lengths = [evaluator.force(item.value) for item in answers[0].items]
    parts: list[s.Selector] = [s.Dims("==", len(lengths))]
    for axis, length in enumerate(lengths):
        if len(length) != 1 or not isinstance(length[0], Known) or not isinstance(length[0].value, int):
            return None
        parts.append(s.Size(axis, "==", length[0].value))
    found = s.both(*parts)
    return found if op == "==" else s.negation(found)


def _parameter(value: Value) -> bool:
    """Whether a value is the current parameter itself, or its data."""
    if isinstance(value, Attribute) and value.name in ("data", "detach"):
        return _parameter(value.of)
    return isinstance(value, Element) and value.part == "parameter"
