"""What a value can't be where it is read: inside `if weight_decay > 0:` it is not 0, after `assert x == 0` it is.

The tests around a statement, and the assertions before it, take answers away from the names and
attributes that they ask about, as long as nothing binds or changes those in between.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from wdlint.facts import Origin
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, flow
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import Answers, Context, Known, Unknown, Value

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "is": operator.is_, "is not": operator.is_not,
}  # fmt: skip
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}

Asked = tuple[str | None, t.Constant, bool, t.Stmt]  # operator (None: truth), what it is compared with, outcome, where


def narrowed(evaluator: Asking, expr: t.Expr, context: Context, found: Answers) -> Answers:
    """The answers to a name or attribute that the tests around it leave."""
    if context.statement is None:
        return found
    name = syntax.dotted(expr)
    if name is None:
        return found
    memo: dict[tuple[str, int], list[Asked]] = evaluator.memo("tests around")
    tests = memo.get((name, id(context.statement)))
    if tests is None:
        tests = memo[name, id(context.statement)] = _asked(evaluator.memo("tests of blocks"), name, context.statement)
    asked = [test for test in tests if _same_value(evaluator, expr, context, test[3])]
    if not asked:
        return found
    for op, other, outcome, where in asked:
        if (op, outcome) in (("==", True), ("is", True), ("!=", False)) and not isinstance(other, (str, bytes)):
            return (Known(other, Origin.COMPUTED, expr, context.module),)
        if op is None and not outcome and isinstance(where, t.Assert):
            return (Known(0, Origin.COMPUTED, expr, context.module),)
    key = f"{context.frame.scope.module.name}.{context.frame.scope.name}.{name}"
    if any(_excluded(None, test) for test in asked) and all(map(_is_optional, found)):
        return (Unknown(key, unset=True),)
    left = tuple(v for v in found if not (isinstance(v, Known) and any(_excluded(v.value, test) for test in asked)))
    if not left and all(isinstance(v, Known) and v.origin in arithmetic.SETTLED for v in found):
        return found  # what is written never passes the test: nothing else can be said of the name
    positive = any(op in (None, ">", "!=") and outcome for op, _, outcome, _ in asked)
    return left or (Unknown(key, positive=positive),)


def _is_optional(value: Value) -> bool:
    """Whether a value is None as long as nobody sets it."""
    return value.optional if isinstance(value, Unknown) else isinstance(value, Known) and value.value is None


class _Tests:
    """What a block asks of dotted names: on the way into it, and in it before its statements are reached."""

    def __init__(self, block: t.Block) -> None:
        parent = block.parent
        self.entered: dict[str, list[Asked]] = {}
        self.left: dict[str, list[Asked]] = {}  # by branches that leave, the last first
        self.asserted: dict[str, list[Asked]] = {}
        if isinstance(parent, t.If):
            _note(self.entered, parent.test, block is parent.body, parent)
        for check in reversed(flow.checks(block)):
            if isinstance(check, t.If):
                _note(self.left, check.test, flow.passes(check), check)
        for check in flow.checks(block):
            if isinstance(check, t.Assert):
                _note(self.asserted, check.test, True, check)


def _note(found: dict[str, list[Asked]], test: t.Expr, truth: bool, where: t.Stmt) -> None:
    for name, op, other, outcome in _parts(test, truth):
        found.setdefault(name, []).append((op, other, outcome, where))


def _asked(memo: dict[int, _Tests], name: str, statement: t.Stmt) -> list[Asked]:
    """What is asked of a dotted name around a statement, innermost first, and asserted before it."""
    around: list[Asked] = []
    asserted: list[Asked] = []
    for block, index in flow.path(statement):
        tests = memo.get(id(block))
        if tests is None:
            tests = memo[id(block)] = _Tests(block)
        around += [asked for asked in tests.left.get(name, ()) if asked[3].index < index]
        around += tests.entered.get(name, ())
        asserted += [asked for asked in tests.asserted.get(name, ()) if asked[3].index < index]
    return [*around, *asserted]


def _parts(test: t.Expr, truth: bool) -> Iterator[tuple[str, str | None, t.Constant, bool]]:
    name = syntax.dotted(test)
    if name is not None:
        yield name, None, None, truth
    elif isinstance(test, t.Unary) and test.op == "not":
        yield from _parts(test.operand, not truth)
    elif isinstance(test, t.Boolean) and truth is (test.op == "and"):
        yield from _parts(test.left, truth)
        yield from _parts(test.right, truth)
    elif isinstance(test, t.Compare) and len(test.rest) == 1 and test.rest[0][0] in _COMPARISONS:
        op, other = test.rest[0]
        left = test.left
        if isinstance(left, t.Const):
            left, other, op = other, left, _FLIPPED.get(op, op)
        name = syntax.dotted(left)
        if name is not None and isinstance(other, t.Const):
            yield name, op, other.value, truth


def _same_value(evaluator: Asking, expr: t.Expr, context: Context, where: t.Stmt) -> bool:
    """Whether nothing binds or changes what an expression names between a test and a statement."""
    root = syntax.root_name(expr)
    scope = context.frame.scope
    if root is None or context.statement is None or where.scope is not scope:
        return False
    here, there = (evaluator.reach(root, at, scope) for at in (context.statement, where))
    return [id(b) for b in here.bindings] == [id(b) for b in there.bindings] and len(here.changes) == len(there.changes)


def _excluded(value: t.Constant, asked: Asked) -> bool:
    op, other, outcome, _ = asked
    if op is None:
        return bool(value) is not outcome
    try:
        return bool(_COMPARISONS[op](value, other)) is not outcome
    except TypeError:
        return value is None  # the test would have raised
