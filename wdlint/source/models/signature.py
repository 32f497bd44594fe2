"""What two instances of a class must have in common to register the same parameters: the answers to their arguments.

Numbers that can't be told are all alike here, since they decide no structure. Arguments that carry state of
their own (modules, configurations changed later) have no signature.
"""

from __future__ import annotations

from collections.abc import Hashable

from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    Partial,
    SequenceValue,
    Unknown,
    Value,
)

_LONGEST = 12  # elements of a list or mapping that are compared
_NESTING = 3


class _OwnState(Exception):
    """An argument that is like no other."""


def signature(evaluator: Evaluation, instance: Instance) -> Hashable | None:
    """A key that equal constructions share, or None where an instance is like no other."""
    cls = instance.cls
    if not isinstance(cls, ClassValue) or instance.arguments is None or cls.definition.scope.kind == "function":
        return None
    constructor = cls.definition.inner.bound.get("__init__", ())
    try:
        if len(constructor) == 1 and isinstance(constructor[0], t.FunctionDef):
            frame = evaluator.method_frame(constructor[0], cls, instance)
            if frame.arguments is None:
                return None
            given = sorted(frame.arguments.items())
            return (id(cls.definition), tuple((name, _of_all(evaluator, held, 0)) for name, held in given))
        positional = tuple(
            _of_all(evaluator, held, 0) for held in call_arguments.positional(evaluator, instance.arguments)
        )
        named = tuple(
            (n, _of_all(evaluator, held, 0)) for n, held in call_arguments.keywords(evaluator, instance.arguments)
        )
        if any(argument.star for argument in instance.arguments.written):
            return None
        return (id(cls.definition), positional, named)
    except _OwnState:
        return None


def _of_all(evaluator: Evaluation, answers: Answers, depth: int) -> Hashable:
    return tuple(_of(evaluator, value, depth) for value in answers)


def _of(evaluator: Evaluation, value: Value, depth: int) -> Hashable:
    if depth > _NESTING:
        raise _OwnState
    match value:
        case Known():
            return (type(value.value).__name__, value.value, value.origin)
        case Unknown():
            return "?"
        case External():
            return value.path
        case ClassValue():
            return id(value.definition)
        case FunctionValue() if value.receiver is None and value.context is None:
            return (id(value.definition), id(value.frame))
        case FunctionValue():
            return id(value)
        case Partial():
            positional = tuple(
                _of_all(evaluator, held, depth + 1) for held in call_arguments.positional(evaluator, value.arguments)
            )
            named = tuple(
                (n, _of_all(evaluator, h, depth + 1)) for n, h in call_arguments.keywords(evaluator, value.arguments)
            )
            return (_of(evaluator, value.callee, depth + 1), positional, named)
        case SequenceValue() if len(value.items) <= _LONGEST:
            return (value.kind, tuple(
                (_of_all(evaluator, evaluator.force(item.value), depth + 1), item.spread, bool(item.conditions),
                 isinstance(value.node, t.Comprehension))
                for item in value.items
            ))  # fmt: skip
        case MappingValue() if len(value.entries) <= _LONGEST:
            return tuple(
                (_of_all(evaluator, evaluator.force(entry.key), depth + 1) if entry.key is not None else None,
                 _of_all(evaluator, evaluator.force(entry.value), depth + 1))
                for entry in value.entries
            )  # fmt: skip
        case _:
            raise _OwnState
