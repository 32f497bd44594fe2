"""Where a program trains: statements that are steps of training, in which parts of a model rest and train in turns."""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation


def takes_turns(evaluator: Evaluation, statement: t.Stmt) -> bool:
    """Whether a statement is one of the steps of training, where parts are frozen and opened in turns."""
    loops = [block.parent for block in flow.ancestors(statement) if isinstance(block.parent, (t.For, t.While))]
    return any(_trains(evaluator, loop.body) for loop in loops) or (
        statement.scope.kind == "function" and _trains(evaluator, statement.scope.body, False)
    )


def _trains(evaluator: Evaluation, block: t.Block, within_loops: bool = True) -> bool:
    """Whether a block computes gradients, in loops of its own or outside of them only."""
    cache: dict[tuple[int, bool], bool] = evaluator.memo("training blocks")
    key = id(block), within_loops
    if key not in cache:
        cache[key] = any(
            isinstance(node, t.Call) and syntax.last_part(node.func) in ("backward", "manual_backward")
            for statement in t.statements(block)
            for expression in syntax.expressions(statement)
            for node in syntax.walk(expression)
            if within_loops or not _is_looped(statement, block)
        )
    return cache[key]


def _is_looped(statement: t.Stmt, outside: t.Block) -> bool:
    for block in flow.ancestors(statement):
        if block is outside:
            return False
        if isinstance(block.parent, (t.For, t.While)):
            return True
    return False
