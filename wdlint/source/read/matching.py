"""`match` as the chain of branches that it is: each case asks its pattern, and its guard, after the others.

Both ways into the engine's tree describe a pattern in the few words here. One whose outcome is no test of
constants or classes is `Other`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from wdlint.source.read import tree as t
from wdlint.source.read.placing import placed


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """`case "sgd":`, and with `operator` "is" `case None:`."""

    value: t.Expr
    operator: str = "=="


@dataclass(frozen=True, slots=True, eq=False)
class Anything:
    """`case _:`, `case name:`, and `case pattern as name:`."""

    name: str | None = None
    inner: Pattern | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """`case 0 | 1:`."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sequenced:
    """`case "bias", 1:`; a part of None takes any number of items."""

    parts: tuple[Pattern | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OfClass:
    """`case nn.LayerNorm():`; `further` says that attributes are asked for too."""

    cls: t.Expr
    further: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """Any other pattern, with the names that it binds."""

    names: tuple[str, ...] = ()


Pattern: TypeAlias = Constant | Anything | Either | Sequenced | OfClass | Other


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    node: Any  # the pattern's, in the tree that is lowered
    pattern: Pattern
    guard: t.Expr | None
    body: t.Block


def chained(subject: t.Expr, cases: Sequence[Case], scope: t.Scope) -> t.Stmt:
    """The branches that a `match` is."""
    chain: t.If | None = None
    for case in reversed(cases):
        orelse: t.Block | None = None
        if chain is not None:
            orelse = t.Block([], None)
            placed(orelse, chain, scope)
        body = t.Block([], None)
        for name, value in _bound(case.pattern, subject):
            target = t.Name(case.node, name)
            placed(body, t.Assign(case.node, (target,), value if value is not None else t.Opaque(case.node)), scope)
        for child in case.body.statements:
            placed(body, child, scope)
        chain = t.If(case.node, _asked(case, subject), body, orelse)
    return chain if chain is not None else t.Expression(subject.origin, subject)


def _asked(case: Case, subject: t.Expr) -> t.Expr:
    test = _test(case.pattern, subject, case.node)
    if case.guard is None:
        return test if test is not None else t.Const(case.node, True)
    return case.guard if test is None else t.Boolean(case.node, "and", test, case.guard)


def _test(pattern: Pattern, subject: t.Expr, node: Any) -> t.Expr | None:
    """The test for one pattern; None where it matches whatever comes."""
    match pattern:
        case Constant():
            return t.Compare(node, subject, ((pattern.operator, pattern.value),))
        case Anything():
            return _test(pattern.inner, subject, node) if pattern.inner is not None else None
        case Either():
            return _joined("or", (_test(part, subject, node) for part in pattern.parts), node)
        case OfClass():
            arguments = (t.Argument(node, subject), t.Argument(node, pattern.cls))
            test = t.Call(node, t.Name(node, "isinstance"), arguments)
            return t.Boolean(node, "and", test, t.Opaque(node)) if pattern.further else test
        case Sequenced():
            if not isinstance(subject, t.Display) or len(subject.items) != len(pattern.parts) or None in pattern.parts:
                return t.Opaque(node)
            parts = zip(pattern.parts, subject.items, strict=True)
            return _joined("and", (_test(part, item, node) for part, item in parts if part is not None), node)
        case Other():
            return t.Opaque(node)


def _joined(op: str, tests: Iterable[t.Expr | None], node: Any) -> t.Expr | None:
    """Tests joined by `and` or `or`, where None is one that always holds."""
    joined: t.Expr | None = None
    for test in tests:
        if test is None and op == "or":
            return None
        if test is not None:
            joined = test if joined is None else t.Boolean(node, op, joined, test)
    return joined


def _bound(pattern: Pattern, subject: t.Expr) -> Iterator[tuple[str, t.Expr | None]]:
    """The names that a pattern binds, with what they hold where that is a part of the subject as written."""
    match pattern:
        case Anything():
            if pattern.name is not None:
                yield pattern.name, subject
            if pattern.inner is not None:
                yield from _bound(pattern.inner, subject)
        case Sequenced():
            whole = isinstance(subject, t.Display) and len(subject.items) == len(pattern.parts)
            for index, part in enumerate(pattern.parts):
                if part is not None:
                    item = subject.items[index] if whole and isinstance(subject, t.Display) else None
                    yield from _bound(part, item if item is not None else t.Opaque(subject.origin))
        case OfClass() | Other():
            yield from ((name, None) for name in pattern.names)
        case _:
            return
