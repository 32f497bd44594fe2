"""The shape that a function that makes a tensor is given: sizes one by one, a tuple of them, or a name for either."""

from __future__ import annotations

from collections.abc import Collection

from wdlint.source.read import tree as t
from wdlint.source.values import contents
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import Answers, Context, Known, SequenceValue, bare, constant


def sizes_of(evaluator: Asking, arguments: Collection[t.Argument], context: Context) -> tuple[int | None, ...] | None:
    """A shape from the arguments of a tensor-making call: sizes, or one tuple of them."""
    written = [a for a in arguments if a.star != "**" and a.keyword in (None, "size", "shape")]
    if not written:
        return None
    if len(written) == 1 and not written[0].star:
        return _one_size(evaluator, written[0].value, context)
    shape: list[int | None] = []
    for argument in written:
        if argument.star == "*":
            inner = _one_size(evaluator, argument.value, context)
            if inner is None or not _is_sequence(evaluator, argument.value, context):
                return None
            shape.extend(inner)
        elif not argument.star:
            shape.append(_size(evaluator.evaluate(argument.value, context)))
    return tuple(shape)


def _is_sequence(evaluator: Asking, expr: t.Expr, context: Context) -> bool:
    return all(isinstance(bare(v), SequenceValue) for v in evaluator.evaluate(expr, context))


def _one_size(evaluator: Asking, expr: t.Expr, context: Context) -> tuple[int | None, ...] | None:
    """A single argument: a tuple of sizes, or one size. A name that speaks of a shape may be either."""
    values = evaluator.evaluate(expr, context)
    if len(values) == 1 and isinstance(bare(values[0]), SequenceValue):
        shape: list[int | None] = []
        for item in contents.items(evaluator, values[0]):
            if item.spread or item.conditions:
                return None
            shape.append(_size(evaluator.force(item.value)))
        sequence = bare(values[0])
        assert isinstance(sequence, SequenceValue)
        return None if isinstance(sequence.node, t.Comprehension) else tuple(shape)
    if all(isinstance(v, Known) and isinstance(v.value, int) for v in values):
        return (_size(values),)
    if any(isinstance(bare(v), SequenceValue) for v in values):
        return None
    return None if may_be_shape(expr) else (None,)


def may_be_shape(expr: t.Expr) -> bool:
    """Whether an expression that can't be told may be a tuple of sizes rather than one size."""
    match expr:
        case t.Name(id=name) | t.Attribute(attr=name):
            lower = name.lower()
            return "shape" in lower or lower in ("size", "sizes", "dims", "input_size", "img_size", "normalized_size")
        case t.Call(func=t.Attribute(attr=attr)):
            return attr not in ("prod", "numel", "dim")
        case t.Call(func=t.Name(id=name)):
            return name not in ("int", "len", "max", "min", "round", "sum")
        case t.Subscript(index=t.Slice()) | t.Starred() | t.Display():
            return True
        case t.Binary(op=op, left=left, right=right):
            return op in "+*" and (may_be_shape(left) or may_be_shape(right))
        case t.Conditional(body=body, orelse=orelse):
            return may_be_shape(body) or may_be_shape(orelse)
        case _:
            return False


def _size(values: Answers) -> int | None:
    told = constant(values)
    return told if isinstance(told, int) and not isinstance(told, bool) else None
