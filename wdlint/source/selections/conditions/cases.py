"""A name for which tests choose one of several constants, compared with a constant: the tests that choose it.

`kind = "bias" if n.endswith("bias") else "weight"`, and later `if kind == "bias":`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.values import arithmetic, flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import loop_conditions
from wdlint.source.values.values import Context, Known

if TYPE_CHECKING:
    from wdlint.source.values.values import Condition

_DEEP = 4  # names for names
_CASES = 12  # constants that one name may be
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

Read = Callable[[t.Expr, Context], s.Selector]
AllOf = Callable[["Iterable[Condition]"], s.Selector]
Case = tuple[s.Selector, Known]


class Cases:
    """Tells constants apart by the tests that choose them; `read` and `all_of` read those tests."""

    def __init__(self, evaluator: Evaluation, read: Read, all_of: AllOf) -> None:
        self.evaluator = evaluator
        self.read = read
        self.all_of = all_of

    def compared(self, op: str, left: t.Expr, right: t.Expr, context: Context) -> s.Selector | None:
        """When a comparison holds; None unless one side is a name that tests choose a constant for."""
        if isinstance(left, t.Const) and op in _FLIPPED:
            left, right, op = right, left, _FLIPPED[op]
        if not isinstance(left, t.Name):
            return None
        cases = self._of(left, context, 0)
        if cases is None or not 1 < len(cases) <= _CASES:
            return None
        others = self.evaluator.evaluate(right, context)
        if len(others) != 1:
            return None
        holding = []
        for here, value in cases:
            held = arithmetic.compare(self.evaluator, op, value, others[0], False)
            if held is None:
                return None
            if held:
                holding.append(here)
        return s.either(*holding)

    def _of(self, expr: t.Expr, context: Context, depth: int) -> list[Case] | None:
        """The constants that an expression may be, each with the condition under which it is."""
        match expr:
            case t.Const():
                values = self.evaluator.evaluate(expr, context)
                return [(s.Always(True), values[0])] if isinstance(values[0], Known) else None
            case t.Conditional():
                body, rest = (self._of(side, context, depth + 1) for side in (expr.body, expr.orelse))
                if body is None or rest is None:
                    return None
                test = self.read(expr.test, context)
                other = s.negation(test)
                return [*((s.both(test, c), v) for c, v in body), *((s.both(other, c), v) for c, v in rest)]
            case t.Name() if depth < _DEEP and context.local is None and expr.id in context.frame.scope.bound:
                return list(found) if (found := self._bound(expr, context, depth)) is not None else None
            case _:
                return None

    def _bound(self, name: t.Name, context: Context, depth: int) -> list[Case] | None:
        reach = self.evaluator.reach(name.id, context.statement, context.frame.scope)
        if reach.changes or not reach.bindings:
            return None
        found: list[Case] = []
        before: list[s.Selector] = []
        for binding in reach.bindings:
            if not isinstance(binding, t.Assign) or binding.value is None:
                return None
            if not all(isinstance(target, t.Name) for target in binding.targets):
                return None
            inner = self._of(binding.value, context.frame.at(binding), depth + 1)
            if inner is None:
                return None
            guard = self.all_of(loop_conditions(binding, context.frame))
            here = s.both(guard, *before)
            found.extend((s.both(here, condition), value) for condition, value in inner)
            before.append(s.negation(guard))
        return found


def choosing(binding: t.Stmt) -> Iterator[t.Expr]:
    """The tests that choose whether an assignment in a loop binds a constant, and which of several."""
    expr = binding.value if isinstance(binding, t.Assign) else None
    if isinstance(expr, t.Const):
        loops = flow.loops(binding.block)
        around = loops[-1].parent if loops else None
        yield from (test for test, _, _ in flow.guards(binding, around.block)) if around is not None else ()
    while isinstance(expr, t.Conditional) and isinstance(expr.body, (t.Const, t.Conditional)):
        yield expr.test
        expr = expr.orelse
