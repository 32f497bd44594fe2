"""The different answers among several, the keys of what can't be told, and which answers are one object."""

from __future__ import annotations

from collections.abc import Iterable

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.values import (
    Answers,
    ClassValue,
    Context,
    External,
    Frame,
    FunctionValue,
    Instance,
    Known,
    Method,
    Unknown,
    Value,
    bare,
)

_ANSWERS = 12  # alternatives kept for one expression
_DEEPEST = 12  # calls within calls


def distinct(values: Iterable[Value]) -> Answers:
    """The different answers, in order, at most a dozen; constants are compared by value and origin."""
    found: list[Value] = []
    seen: set[object] = set()
    for value in values:
        key: object = id(value)
        if isinstance(value, Known):
            key = (type(value.value), value.value, value.origin)
        elif isinstance(value, (External, Unknown)):
            key = (type(value), value.path if isinstance(value, External) else value.key)
        elif isinstance(value, (ClassValue, FunctionValue)) and not isinstance(value.definition, t.Lambda):
            key = (id(value.definition), id(getattr(value, "receiver", None)), id(value.frame))
        elif isinstance(value, Method):
            key = (id(value.receiver), value.name)
        if key not in seen:
            seen.add(key)
            found.append(value)
            if len(found) == _ANSWERS:
                break
    return tuple(found)


def text_key(expr: t.Expr, context: Context) -> str:
    """A key for what can't be told: the same dotted name in the same scope is the same thing."""
    name = syntax.dotted(expr)
    scope = context.frame.scope
    return f"{scope.module.name}.{scope.name}.{name}" if name else f"@{id(expr)}"


def same_object(one: Value | None, other: Value | None) -> bool:
    """Whether two answers stand for the same object, as far as what made them tells.

    A function that is read as it stands and as a caller enters it makes one model, though not one value. Two calls of
    a function that makes models make two of them.
    """
    if one is None or other is None:
        return False
    one, other = bare(one), bare(other)
    if one is other:
        return True
    if not isinstance(one, Instance) or not isinstance(other, Instance):
        return False
    made = one.node is not None and one.node is other.node
    return made and _same_frame(one.frame, other.frame)


def _same_frame(one: Frame | None, other: Frame | None, depth: int = 0) -> bool:
    if one is other:
        return True
    if one is None or other is None or one.scope is not other.scope or depth > _DEEPEST:
        return False
    if one.arguments is None or other.arguments is None:
        return True  # the one whose caller is not known may be the other
    if one.call is None or one.call is not other.call:
        return one.call is other.call and same_object(one.receiver, other.receiver)
    return _same_frame(one.caller, other.caller, depth + 1)
