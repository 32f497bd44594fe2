"""Which parameters a program takes out of training: `requires_grad = False`, in loops and for whole modules.

Freezing inside constructors is met by `construction`, that of the program around a model is found here.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Ternary
from wdlint.source.models.members import Leaf, is_below
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluator import Evaluator
from wdlint.source.values.execution import taken
from wdlint.source.values.values import Collection, Instance, Part, Value, bare

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
    for statement, held, leaf_name, setter, value in _freezes(evaluator):
        path = _path(held, model)
        if path is None:
            continue
        path = ".".join(filter(None, (path, leaf_name)))
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


# A statement, what it is about and the name below that, the statement that sets, and the value.
_Freeze = tuple[t.Stmt, Value, str, t.Stmt, "t.Expr | None"]


def _freezes(evaluator: Evaluator) -> Iterator[_Freeze]:
    """Everything that is frozen outside of classes."""
    cache: dict[str, list[_Freeze]] = evaluator.memo("freezes")
    if "all" not in cache:
        cache["all"] = []
        cache["all"] = list(_found(evaluator))
    return iter(cache["all"])


def _found(evaluator: Evaluator) -> Iterator[_Freeze]:
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
                        yield statement, held.model, "", *setting
            case t.Expression(value=t.Call(func=t.Attribute(attr="requires_grad_", value=receiver), args=args)):
                for held, name in _held(evaluator, receiver, statement):
                    yield statement, held, name, statement, args[0].value if args else None
            case t.Assign(targets=(t.Attribute(attr="requires_grad", value=t.Attribute() as receiver),), value=value):
                for held, name in _held(evaluator, receiver, statement):
                    yield statement, held, name, statement, value
            case _:
                continue


def _held(evaluator: Evaluator, receiver: t.Expr, statement: t.Stmt) -> Iterator[tuple[Value, str]]:
    """What an expression may be, or what it is an attribute of, as a parameter of a layer is no value of its own."""
    context = evaluator.frame(statement.scope).at(statement)
    for held in evaluator.evaluate(receiver, context):
        yield held, ""
    if isinstance(receiver, t.Attribute):
        for held in evaluator.evaluate(receiver.value, context):
            yield held, receiver.attr


def _path(held: Value, model: Instance) -> str | None:
    """Where a value stands within a model: "" for the model itself, None if it is no part of it."""
    if bare(held) is model and not isinstance(held, Part):
        return ""
    while not isinstance(held, Part):
        if held is bare(held):
            return None
        held = held.base  # type: ignore[union-attr]
    return held.path if bare(held.root) is model else None
