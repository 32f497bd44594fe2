"""Functions that switch the decay of an optimizer's groups off, wherever the optimizer comes from.

A loop's callbacks, hooks and derived classes get at its optimizer by an attribute or an argument that nothing here
follows: `for group in kwargs["optimizer"].param_groups: group["weight_decay"] = 0.0`. Whoever finds such a function
beside an optimizer can't tell for how long, or on which groups, the decay acts.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.callers import all_statements
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import ClassValue, Instance, Value, bare

_GROUPS = "param_groups"


def switching_off(evaluator: Evaluation, module: t.Module, key: str) -> tuple[tuple[t.Scope, str], ...]:
    """The scopes of a module that set the decay of groups to 0, each with what holds the groups: `self.optimizer`."""
    known: dict[tuple[int, str], tuple[tuple[t.Scope, str], ...]] = evaluator.memo("scopes that switch decay off")
    if (id(module), key) not in known:
        found = (
            (statement.scope, owner) for statement in all_statements(module.scope) for owner in _owners(statement, key)
        )
        known[id(module), key] = tuple(dict.fromkeys(found))
        evaluator.keep(module)
    return known[id(module), key]


def class_switches_off(evaluator: Evaluation, value: Value, key: str) -> bool:
    """Whether a class of the project, or one that it derives from, has a method that sets the decay of groups to 0."""
    inner = bare(value)
    cls = inner.cls if isinstance(inner, Instance) else inner
    if not isinstance(cls, ClassValue):
        return False
    ancestors = [base for base in linear_bases(evaluator, cls) if isinstance(base, ClassValue)]
    return any(
        scope.parent is base.definition.inner
        for base in ancestors
        for scope, _ in switching_off(evaluator, base.definition.scope.module, key)
    )


def _owners(statement: t.Stmt, key: str) -> Iterator[str]:
    """What holds the groups whose decay a statement sets to 0: all of them in a loop, or one by its number."""
    turn = turn_over_groups(statement)
    if turn is not None:
        groups, name = turn
        inside = (inner for block in t.blocks(statement) for inner in t.statements(block))
        if any(_sets_to_nothing(inner, name, key) for inner in inside):
            yield _owner(groups)
    elif isinstance(statement, t.Assign):
        for target in statement.targets:
            if isinstance(target, t.Subscript) and isinstance(target.value, t.Subscript):
                groups = target.value.value
                if syntax.last_part(groups) == _GROUPS and _is(target.index, key) and _is_nothing(statement.value):
                    yield _owner(groups)


def turn_over_groups(statement: t.Stmt) -> tuple[t.Expr, str] | None:
    """The groups that a loop goes over, as `optimizer.param_groups`, and what it calls each of them."""
    if not isinstance(statement, t.For):
        return None
    groups, group = statement.iter, statement.target
    if isinstance(groups, t.Call) and syntax.last_name(groups) == "enumerate" and groups.args:
        groups = groups.args[0].value
        group = group.items[-1] if isinstance(group, t.Display) and group.items else group
    name = syntax.dotted(group)
    return (groups, name) if name is not None and syntax.last_part(groups) == _GROUPS else None


def _owner(groups: t.Expr) -> str:
    """`self.optimizer` of `self.optimizer.param_groups`; empty where it has no name."""
    return (syntax.dotted(groups.value) or "") if isinstance(groups, t.Attribute) else ""


def _sets_to_nothing(statement: t.Stmt, group: str, key: str) -> bool:
    if isinstance(statement, t.Assign):
        return _is_nothing(statement.value) and any(
            isinstance(target, t.Subscript) and syntax.dotted(target.value) == group and _is(target.index, key)
            for target in statement.targets
        )
    call = statement.value if isinstance(statement, t.Expression) else None
    if not isinstance(call, t.Call) or syntax.dotted(call.func) != f"{group}.update":
        return False
    return any(_gives_nothing(argument, key) for argument in call.args)


def _gives_nothing(argument: t.Argument, key: str) -> bool:
    """`weight_decay=0.0`, or `{"weight_decay": 0.0}`."""
    if argument.keyword == key:
        return _is_nothing(argument.value)
    given = argument.value
    return isinstance(given, t.DictDisplay) and any(
        name is not None and _is(name, key) and _is_nothing(value) for name, value in given.items
    )


def _is(node: t.Expr, key: str) -> bool:
    return isinstance(node, t.Const) and node.value == key


def _is_nothing(node: t.Expr | None) -> bool:
    """0, or 0 for some of the groups: `0.0 if group["name"] == "norms" else decay`."""
    if isinstance(node, t.Conditional):
        return _is_nothing(node.body) or _is_nothing(node.orelse)
    return isinstance(node, t.Const) and isinstance(node.value, (int, float)) and node.value == 0
