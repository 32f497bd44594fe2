"""Groups with and without decay that a function makes and hands to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wdlint.source.optimizers.groups import GroupReader, Groups
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.values import Context

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_SHOWING = ("print", "len", "repr", "str", "pprint")


def forgotten(evaluator: Evaluation, context: Context, decay_key: str | None) -> Iterator[tuple[t.Assign, Groups]]:
    """Each list of groups that a name of this scope holds and nothing but the scope's own printing reads."""
    scope = context.frame.scope
    for name, bindings in list(scope.bound.items()):
        if not _names_groups(name, bindings) or _is_handed_on(name, scope):
            continue
        binding = bindings[0]
        assert isinstance(binding, t.Assign) and binding.value is not None
        node = t.Name(binding.origin, name)
        evaluator.keep(node)
        where = context.frame.at(context.statement)
        answers = evaluator.evaluate(node, where)
        if len(answers) != 1:
            continue
        reader = GroupReader(evaluator, decay_key)
        groups = reader.read(answers[0], binding.value, where)
        if groups.listed and groups.complete and len(groups.drafts) > 1:
            yield binding, groups


def _names_groups(name: str, bindings: list[t.Stmt]) -> bool:
    """Whether a name is bound once, to a list whose elements are written as dictionaries."""
    if len(bindings) != 1 or not isinstance(bindings[0], t.Assign) or not isinstance(bindings[0].value, t.Display):
        return False
    written = bindings[0].value.items
    return isinstance(bindings[0].targets[0], t.Name) and any(
        isinstance(item, t.DictDisplay) and any(isinstance(k, t.Const) and k.value == "params" for k, _ in item.items)
        for item in written
    )


def _is_handed_on(name: str, scope: t.Scope) -> bool:
    """Whether anything may get the object that a name holds: a call, an assignment, a return, an inner scope."""
    for statement in t.statements(scope.body):
        if isinstance(statement, (t.FunctionDef, t.ClassDef)):
            if _occurs_below(name, statement.inner):
                return True
            continue
        for expression in syntax.expressions(statement):
            if isinstance(statement, t.Assign) and any(expression is target for target in statement.targets):
                if not isinstance(expression, t.Name) and _occurs(name, expression):
                    return True
                continue
            if _occurs_beyond_showing(name, expression):
                return True
    return False


def _occurs(name: str, expression: t.Expr) -> bool:
    return any(isinstance(node, t.Name) and node.id == name for node in syntax.walk(expression))


def _occurs_below(name: str, scope: t.Scope) -> bool:
    for statement in t.statements(scope.body):
        if isinstance(statement, (t.FunctionDef, t.ClassDef)) and _occurs_below(name, statement.inner):
            return True
        if any(_occurs(name, expression) for expression in syntax.expressions(statement)):
            return True
    return False


def _occurs_beyond_showing(name: str, expression: t.Expr) -> bool:
    """Whether an expression does more with a name than print or count what it holds."""
    if isinstance(expression, t.Call) and isinstance(expression.func, t.Name) and expression.func.id in _SHOWING:
        return False
    if isinstance(expression, t.Name):
        return expression.id == name
    return any(_occurs_beyond_showing(name, child) for child in syntax.children(expression))
