"""Loops over a list of models: all of their turns are made, so what each of them takes is taken.

Of several answers to what a branch gives, one holds; of those that the turns of a loop give, each does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import contents, flow
from wdlint.source.values.elements import elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Context,
    Deferred,
    MappingValue,
    Operation,
    SequenceValue,
    Value,
    bare,
)


def choices(evaluator: Evaluation, value: Deferred | Answers, answers: Sequence[Value]) -> int:
    """How many of the answers to an expression exclude each other: 1 where each is that of a loop's turn."""
    count = len(answers)
    return 1 if count > 1 and holds_each(evaluator, value, count) else count


def holds_each(evaluator: Evaluation, value: Deferred | Answers, count: int) -> bool:
    """Whether the `count` answers to an expression are those of as many turns of one loop."""
    return isinstance(value, Deferred) and any(
        _turns(evaluator, evaluator.evaluate(over, where), id(over)) == count
        for over, where in _loops(value.expr, value.context)
    )


def _loops(expr: t.Expr, context: Context) -> Iterator[tuple[t.Expr, Context]]:
    """What the loops run over on whose variables an expression hangs, comprehensions first, innermost first."""
    names = _names(expr)
    around: Context | None = context
    while around is not None:
        if around.clause is not None and around.outer is not None and names & set(around.local or ()):
            yield _counted(around.clause.iter), around.outer
            names |= _names(around.clause.iter)
        around = around.outer
    if context.statement is None:
        return
    for block in flow.loops(context.statement.block):
        loop = block.parent
        if isinstance(loop, t.For) and not _behind(names, context, block).isdisjoint(syntax.target_names(loop.target)):
            yield _counted(loop.iter), context.frame.at(loop)


def _counted(iterated: t.Expr) -> t.Expr:
    """The list whose places a loop counts through: `modules` of `range(len(modules))`."""
    match iterated:
        case t.Call(func=t.Name(id="range"), args=(t.Argument(value=t.Call(func=t.Name(id="len"), args=(held,))),)):
            return held.value
    return iterated


def _names(expr: t.Expr) -> set[str]:
    return {node.id for node in syntax.walk(expr) if isinstance(node, t.Name)}


def _behind(names: set[str], context: Context, loop: t.Block) -> set[str]:
    """Some names, and those in what a loop's turn binds them to, inner loops included."""
    found = set(names)
    asked = list(names)
    while asked:
        for statement in context.frame.scope.bound.get(asked.pop(), ()):
            if isinstance(statement, (t.Assign, t.For)) and loop in flow.loops(statement.block):
                source = statement.iter if isinstance(statement, t.For) else statement.value
                new = _names(source) - found if source is not None else set()
                found |= new
                asked.extend(new)
    return found


def _turns(evaluator: Evaluation, answers: Answers, turn: int) -> int | None:
    """How many turns a loop makes over a list that is written out; None where that can't be told."""
    if len(answers) != 1:
        return None
    inner = bare(answers[0])
    if isinstance(inner, Operation):
        return _turns(evaluator, inner.operands[0], turn) if inner.name in ("enumerate", "zip", "items") else None
    if isinstance(inner, MappingValue):
        held = [entry.value for entry in contents.filled(evaluator, answers[0]) if entry.key is not None]
        return len(held) if all(len(evaluator.force(one)) == 1 for one in held) else None
    if not isinstance(inner, SequenceValue) or isinstance(inner.node, t.Comprehension):
        return None
    listed = list(contents.items(evaluator, answers[0]))
    if any(item.spread or item.conditions or len(evaluator.force(item.value)) != 1 for item in listed):
        return None
    return len(listed) if len(elements_of(evaluator, answers, turn)) == len(listed) else None
