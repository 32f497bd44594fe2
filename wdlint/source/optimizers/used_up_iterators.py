"""Iterators that one loop uses up and another one finds empty.

`model.parameters()`, `filter`, `map` and generator expressions give their elements once. A name bound to one of
them and walked through twice leaves the second collection empty, and with it a group of the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wdlint.source.optimizers.groups import GroupDraft
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.values import Collection, Context, Operation, SequenceValue

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_WALKS = ("list", "tuple", "set", "sorted", "dict", "sum", "any", "all", "max", "min", "len")
_LAZY = ("filter", "map", "enumerate", "zip", "iter")


def empty_groups(evaluator: Evaluation, drafts: Sequence[GroupDraft], context: Context) -> tuple[str, ...]:
    """The labels of the groups that certainly get nothing, because their iterator was walked through before."""
    found: list[str] = []
    for draft in drafts:
        origin = _origin(draft.expression, context)
        if origin is None:
            continue
        expression, statement = origin
        for name in _walked(expression):
            walks = _walks_of(evaluator, name, context)
            if walks and any(one is expression for _, one in walks[1:]) and walks[0][1] is not expression:
                found.append(draft.label)
                break
        del statement
    return tuple(dict.fromkeys(found))


def _origin(expression: t.Expr | None, context: Context) -> tuple[t.Expr, t.Stmt | None] | None:
    """The expression that makes a group's parameters: itself, or what the one assignment to its name says."""
    if not isinstance(expression, t.Name):
        return (expression, context.statement) if expression is not None else None
    bindings = context.frame.scope.bound.get(expression.id, [])
    if len(bindings) != 1 or not isinstance(bindings[0], t.Assign) or bindings[0].value is None:
        return None
    if not isinstance(bindings[0].targets[0], t.Name):
        return None
    return bindings[0].value, bindings[0]


def _walked(expression: t.Expr) -> Iterator[str]:
    """The names that an expression certainly walks through from end to end when it is evaluated."""
    if isinstance(expression, t.Comprehension):
        if expression.kind != "generator" and isinstance(expression.clauses[0].iter, t.Name):
            yield expression.clauses[0].iter.id
    elif isinstance(expression, t.Call) and isinstance(expression.func, t.Name) and expression.args:
        inner = expression.args[0].value
        if expression.func.id in _WALKS:
            if isinstance(inner, t.Name):
                yield inner.id
            elif isinstance(inner, t.Comprehension) and isinstance(inner.clauses[0].iter, t.Name):
                yield inner.clauses[0].iter.id
            elif isinstance(inner, t.Call) and isinstance(inner.func, t.Name) and inner.func.id in _LAZY:
                yield from (a.value.id for a in inner.args if isinstance(a.value, t.Name))


def _walks_of(evaluator: Evaluation, name: str, context: Context) -> list[tuple[t.Stmt, t.Expr]]:
    """Where an iterator is walked through, in order; empty where the name is none, or its order can't be told."""
    scope = context.frame.scope
    bindings = scope.bound.get(name, [])
    if len(bindings) != 1 or not isinstance(bindings[0], t.Assign) or bindings[0].value is None:
        return []
    binding, bound = bindings[0], bindings[0].value
    if not isinstance(binding.targets[0], t.Name) or not _is_iterator(evaluator, bound, context):
        return []
    found: list[tuple[t.Stmt, t.Expr]] = []
    for statement in t.statements(scope.body):
        if statement is binding:
            continue
        loops = isinstance(statement, t.For) and isinstance(statement.iter, t.Name) and statement.iter.id == name
        mentions = [
            n for e in syntax.expressions(statement) for n in syntax.walk(e) if isinstance(n, t.Name) and n.id == name
        ]
        if not mentions:
            continue
        if statement.block is not binding.block:
            return []  # in a branch or a loop of its own: whether and when it runs can't be told
        if loops:
            if _leaves_early(statement):
                return []
            assert isinstance(statement, t.For)
            found.append((statement, statement.iter))
            continue
        for expression in syntax.expressions(statement):
            found.extend((statement, node) for node in syntax.walk(expression) if name in _walked(node))
    return found


def _leaves_early(loop: t.Stmt) -> bool:
    inner = [s for block in t.blocks(loop) for s in t.statements(block)]
    return any(isinstance(s, t.Return) or (isinstance(s, t.Jump) and s.kind == "break") for s in inner)


def _is_iterator(evaluator: Evaluation, expression: t.Expr, context: Context) -> bool:
    """Whether an expression certainly gives an iterator over parameters."""
    if isinstance(expression, t.Comprehension):
        return expression.kind == "generator"
    if not isinstance(expression, t.Call):
        return False
    answers = evaluator.evaluate(expression, context)
    if isinstance(expression.func, t.Attribute):
        named = expression.func.attr in ("parameters", "named_parameters")
        return named and all(isinstance(value, Collection) for value in answers)
    if isinstance(expression.func, t.Name) and expression.func.id in ("filter", "map"):
        return all(isinstance(value, (Operation, SequenceValue)) for value in answers)
    return False
