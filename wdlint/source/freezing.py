"""Which parameters a program takes out of training: `requires_grad = False`, in loops and for whole modules.

Freezing inside constructors is met by `construction`, that of the program around a model is found here.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Ternary
from wdlint.source import arithmetic, syntax
from wdlint.source import tree as t
from wdlint.source.callers import all_statements
from wdlint.source.evaluate import Evaluator
from wdlint.source.members import Leaf, is_below
from wdlint.source.presence import taken
from wdlint.source.values import Collection, Instance, Part, Value, bare

_OF_PARAMETERS = ("parameters", "named_parameters")


def freezing_target(loop: t.For) -> tuple[t.Stmt, t.Expr | None] | None:
    """The statement in a loop that sets `requires_grad` of its variable, and the value it sets."""
    names = set(syntax.target_names(loop.target))
    for statement in t.statements(loop.body):
        match statement:
            case t.Assign(targets=(t.Attribute(attr="requires_grad", value=t.Name(id=name)), *_)) if name in names:
                return statement, statement.value
            case t.Expression(value=t.Call(func=t.Attribute(attr="requires_grad_", value=t.Name(id=name)), args=args)):
                if name in names:
                    return statement, args[0].value if args else None
            case _:
                continue
    return None


def mark_frozen(evaluator: Evaluator, model: Instance, leaves: list[Leaf], replaced: frozenset[str]) -> None:
    """Mark what the linted file freezes of a model. What it replaces (`model.fc = …`) is not frozen with the rest."""
    for statement, held, setter, value in _freezes(evaluator):
        path = _path(held, model)
        if path is None:
            continue
        frame = evaluator.frame(statement.scope)
        truth: bool | None = True
        if value is not None:
            truth = arithmetic.truth(evaluator, value, frame.at(setter), inclined=True)
        if truth is True and not _was_frozen(leaves, path):
            continue
        sure = taken(evaluator, setter, frame)
        if model.frame is None or model.frame.scope is not statement.scope:
            sure &= Ternary.UNKNOWN
        answer = ~sure if truth is False else Ternary.UNKNOWN
        for leaf in leaves:
            if path and not is_below(leaf.name, path):
                continue
            if not any(is_below(leaf.name, other) for other in replaced if other != path):
                leaf.trainable = leaf.trainable & answer if truth is not True else answer


def _was_frozen(leaves: list[Leaf], path: str) -> bool:
    return any(leaf.trainable is not Ternary.YES and (not path or is_below(leaf.name, path)) for leaf in leaves)


def _freezes(evaluator: Evaluator) -> Iterator[tuple[t.Stmt, Value, t.Stmt, t.Expr | None]]:
    """(Statement, what it is about, the statement that sets, the value) for everything frozen outside of classes."""
    cache: dict[str, list[tuple[t.Stmt, Value, t.Stmt, t.Expr | None]]] = evaluator.memo("freezes")
    if "all" not in cache:
        cache["all"] = []
        cache["all"] = list(_found(evaluator))
    return iter(cache["all"])


def _found(evaluator: Evaluator) -> Iterator[tuple[t.Stmt, Value, t.Stmt, t.Expr | None]]:
    for statement in all_statements(evaluator.module.scope):
        context = None
        match statement:
            case t.For():
                setting = freezing_target(statement)
                if setting is None:
                    continue
                context = evaluator.frame(statement.scope).at(statement)
                for held in evaluator.evaluate(statement.iter, context):
                    if isinstance(held, Collection) and held.what in _OF_PARAMETERS:
                        yield statement, held.model, *setting
            case t.Expression(value=t.Call(func=t.Attribute(attr="requires_grad_", value=receiver), args=args)):
                context = evaluator.frame(statement.scope).at(statement)
                for held in evaluator.evaluate(receiver, context):
                    yield statement, held, statement, args[0].value if args else None
            case _:
                continue


def _path(held: Value, model: Instance) -> str | None:
    """Where a value stands within a model: "" for the model itself, None if it is no part of it."""
    if bare(held) is model and not isinstance(held, Part):
        return ""
    while not isinstance(held, Part):
        if held is bare(held):
            return None
        held = held.base  # type: ignore[union-attr]
    return held.path if bare(held.root) is model else None
