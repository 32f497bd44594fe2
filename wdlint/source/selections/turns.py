"""Loops over a list of models: all of their turns are made, so what each of them takes is taken.

Of several answers to what a branch gives, one holds; of those that the turns of a loop give, each does.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import contents, flow
from wdlint.source.values.elements import elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, Deferred, Item, MappingValue, Operation, SequenceValue, bare


def holds_each(evaluator: Evaluation, value: Item, walked: t.Node | None, count: int) -> bool:
    """Whether the `count` answers to an element are those of as many turns of one loop.

    `walked` is the comprehension that the element is of, if it is of one.
    """
    if not isinstance(value.value, Deferred):
        return False
    expr, context = value.value.expr, value.value.context
    if isinstance(walked, t.Comprehension):
        around = context
        while around.outer is not None:
            around = around.outer
        first = evaluator.evaluate(walked.clauses[0].iter, around)
        if _turns(evaluator, first, id(walked.clauses[0])) == count:
            return True
        expr, context = walked, around
    return any(
        _turns(evaluator, evaluator.evaluate(_counted(loop.iter), context.frame.at(loop)), id(loop)) == count
        for loop in _loops(expr, context)
    )


def _loops(expr: t.Expr, context: Context) -> Iterator[t.For]:
    """The loops around an expression on whose variables it hangs."""
    if context.statement is None:
        return
    for block in flow.loops(context.statement.block):
        loop = block.parent
        if isinstance(loop, t.For) and not _names_behind(expr, context, block).isdisjoint(
            syntax.target_names(loop.target)
        ):
            yield loop


def _counted(iterated: t.Expr) -> t.Expr:
    """The list whose places a loop counts through: `modules` of `range(len(modules))`."""
    match iterated:
        case t.Call(func=t.Name(id="range"), args=(t.Argument(value=t.Call(func=t.Name(id="len"), args=(held,))),)):
            return held.value
    return iterated


def _names_behind(expr: t.Expr, context: Context, loop: t.Block) -> set[str]:
    """The names in an expression, and those in what a loop's turn binds them to, inner loops included."""
    found: set[str] = set()
    asked = [expr]
    while asked:
        new = {node.id for node in syntax.walk(asked.pop()) if isinstance(node, t.Name)} - found
        found |= new
        for name in new:
            for statement in context.frame.scope.bound.get(name, ()):
                if isinstance(statement, (t.Assign, t.For)) and loop in flow.loops(statement.block):
                    source = statement.iter if isinstance(statement, t.For) else statement.value
                    asked += [source] if source is not None else []
    return found


def _turns(evaluator: Evaluation, answers: Answers, turn: int) -> int | None:
    """How many turns a loop makes over a list that is written out; None where that can't be told."""
    if len(answers) != 1:
        return None
    inner = bare(answers[0])
    if isinstance(inner, Operation):
        if inner.name in ("enumerate", "zip"):
            return _turns(evaluator, inner.operands[0], turn)
        return _turns(evaluator, inner.operands[0], turn) if inner.name == "items" else None
    if isinstance(inner, MappingValue):
        held = [entry.value for entry in contents.entries(evaluator, answers[0]) if entry.key is not None]
        return len(held) if all(len(evaluator.force(one)) == 1 for one in held) else None
    if not isinstance(inner, SequenceValue) or isinstance(inner.node, t.Comprehension):
        return None
    listed = list(contents.items(evaluator, answers[0]))
    if any(item.spread or item.conditions or len(evaluator.force(item.value)) != 1 for item in listed):
        return None
    return len(listed) if len(elements_of(evaluator, answers, turn)) == len(listed) else None
