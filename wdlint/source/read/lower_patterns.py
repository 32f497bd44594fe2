"""The patterns of `match` as tests of its subject: what a case asks, and the names that it binds.

A pattern whose outcome can't be put as a test of constants or classes is an opaque one.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from wdlint.source.read import tree as t
from wdlint.source.read.lower_expressions import expression


def asked(case: cst.MatchCase, subject: t.Expr) -> t.Expr:
    """The test that a case comes down to; a constant for one that takes everything."""
    test = _test(case.pattern, subject)
    if case.guard is None:
        return test if test is not None else t.Const(case.pattern, True)
    guard = expression(case.guard)
    return guard if test is None else t.Boolean(case, "and", test, guard)


def _test(pattern: cst.MatchPattern, subject: t.Expr) -> t.Expr | None:
    """The test for one pattern; None where it matches whatever comes."""
    match pattern:
        case cst.MatchValue():
            return t.Compare(pattern, subject, (("==", expression(pattern.value)),))
        case cst.MatchSingleton():
            return t.Compare(pattern, subject, (("is", expression(pattern.value)),))
        case cst.MatchAs():
            return _test(pattern.pattern, subject) if pattern.pattern is not None else None
        case cst.MatchOr():
            tests = [_test(part.pattern, subject) for part in pattern.patterns]
            joined = tests[0]
            for test in tests[1:]:
                joined = t.Boolean(pattern, "or", joined, test) if joined is not None and test is not None else None
            return joined
        case cst.MatchClass():
            arguments = (t.Argument(pattern, subject), t.Argument(pattern, expression(pattern.cls)))
            test = t.Call(pattern, t.Name(pattern, "isinstance"), arguments)
            plain = not pattern.patterns and not pattern.kwds
            return test if plain else t.Boolean(pattern, "and", test, t.Opaque(pattern))
        case cst.MatchSequence():
            return _sequence(pattern, subject)
        case _:
            return t.Opaque(pattern)


def _sequence(pattern: cst.MatchSequence, subject: t.Expr) -> t.Expr | None:
    """`match name, p.ndim: case "bias", 1:`, part by part."""
    parts = pattern.patterns
    written = isinstance(subject, t.Display) and len(subject.items) == len(parts)
    if not written or not all(isinstance(part, cst.MatchSequenceElement) for part in parts):
        return t.Opaque(pattern)
    assert isinstance(subject, t.Display)
    joined: t.Expr | None = None
    for part, item in zip(parts, subject.items, strict=True):
        assert isinstance(part, cst.MatchSequenceElement)
        test = _test(part.value, item)
        if test is not None:
            joined = test if joined is None else t.Boolean(pattern, "and", joined, test)
    return joined


def captures(pattern: cst.MatchPattern, subject: t.Expr) -> Iterator[tuple[t.Name, t.Expr]]:
    """The names that a pattern binds, with what they hold: the subject where it is bound whole."""
    if isinstance(pattern, cst.MatchAs) and pattern.name is not None:
        yield t.Name(pattern, pattern.name.value), subject
    held = pattern.pattern if isinstance(pattern, cst.MatchAs) else None
    if held is not None:
        yield from captures(held, subject)
    elif isinstance(pattern, cst.MatchSequence) and isinstance(subject, t.Display):
        for part, item in zip(pattern.patterns, subject.items, strict=False):
            if isinstance(part, cst.MatchSequenceElement):
                yield from captures(part.value, item)
    elif isinstance(pattern, (cst.MatchSequence, cst.MatchMapping, cst.MatchClass)):
        names: list[cst.Name] = []

        class Collect(cst.CSTVisitor):
            def visit_MatchAs(self, node: cst.MatchAs) -> None:
                if node.name is not None:
                    names.append(node.name)

        pattern.visit(Collect())
        yield from ((t.Name(name, name.value), t.Opaque(pattern)) for name in names)
