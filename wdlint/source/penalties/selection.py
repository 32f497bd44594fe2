"""Which of a loop's parameters a statement comes to: the tests between the loop and the statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.elements import element_within
from wdlint.source.values.values import Condition, Context, Item, SequenceValue, Value

Clauses = Mapping[int, tuple[t.Clause, Context]]  # comprehensions' clauses by their inner context's identity


def selected(value: Value, context: Context, clauses: Clauses) -> Value:
    """A loop's element as a list of it under the tests that select it; other values unchanged."""
    element = element_within(value)
    conditions: list[Condition] = []
    while element is not None:
        conditions.extend(_tests(element.turn, context, clauses))
        element = element.collection.owner
    return SequenceValue("list", (Item((value,), tuple(conditions)),)) if conditions else value


def _tests(turn: int, context: Context, clauses: Clauses) -> Iterator[Condition]:
    """The tests between a loop or comprehension, known by its turn, and what stands inside it."""
    around: Context | None = context
    while around is not None:
        held = clauses.get(id(around))
        if held is not None and id(held[0]) == turn:
            for test in held[0].ifs:
                yield Condition(test, True, around)
        around = around.outer
    statement = context.statement
    if statement is None:
        return
    for block in flow.ancestors(statement):
        loop = block.parent
        if isinstance(loop, t.For) and id(loop) == turn:
            for test, truth, branch in flow.guards(statement, loop.block):
                yield Condition(test, truth, context.frame.at(branch))
