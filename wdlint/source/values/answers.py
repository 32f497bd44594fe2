"""The different answers among several, and the keys of what can't be told."""

from __future__ import annotations

from collections.abc import Iterable

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.values import (
    Answers,
    ClassValue,
    Context,
    External,
    FunctionValue,
    Known,
    Method,
    Unknown,
    Value,
)

_ANSWERS = 12  # alternatives kept for one expression


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
