"""Splits that a function makes and that no optimizer gets: groups, lists, halves that are put together again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wdlint.source.optimizers.groups import GroupDraft, GroupReader, Groups
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.taking import taken
from wdlint.source.values.amounts import NOTHING
from wdlint.source.values.values import Context, Operation, SequenceValue, bare

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_SHOWING = ("print", "len", "repr", "str", "pprint")
_FILLING = ("append", "extend", "add", "update")
# A name for parameters that shall not decay.
_EXEMPT = re.compile(
    r"(?:^|_)(?:(?:no|non|not|wo|without|skip|un|zero)_?(?:wd|l2|decay|weight_?decay|regulari[sz])|exempt)",
    re.IGNORECASE,
)


def forgotten(evaluator: Evaluation, context: Context, decay_key: str | None) -> Iterator[tuple[t.Assign, Groups]]:
    """Each list of groups that a name of this scope holds and nothing but the scope's own printing reads."""
    scope = context.frame.scope
    for name, bindings in list(scope.bound.items()):
        if not _names_groups(name, bindings) or _is_handed_on(evaluator, name, scope):
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


def halves(evaluator: Evaluation, context: Context, draft: GroupDraft) -> Iterator[tuple[t.Stmt, Groups]]:
    """The split that lies in a list of what shall not decay, for a group that takes all the same.

    The list is handed to nobody, or put together again with what decays.
    """
    scope = context.frame.scope
    joined = draft.expression if draft.expression is not None else t.Opaque(None)
    for name, bindings in list(scope.bound.items()):
        if _EXEMPT.search(name) is None or not bindings or not all(isinstance(b, t.Assign) for b in bindings):
            continue
        if not _occurs(name, joined) and (draft.tested or _is_handed_on(evaluator, name, scope)):
            continue
        node = t.Name(bindings[0].origin, name)
        evaluator.keep(node)
        answers = evaluator.evaluate(node, context.frame.at(context.statement))
        if len(answers) != 1 or not isinstance(bare(answers[0]), (SequenceValue, Operation)):
            continue
        parts = tuple(taken(evaluator, answers[0]))
        exempt = s.either(*(part.selector for part in parts))
        if not parts or exempt == s.Always(True) or any(p.unread or p.loose or p.prefix for p in parts):
            continue
        kept = GroupDraft(parts, NOTHING, None, name, bindings[0], context.module)
        yield bindings[0], Groups((kept, draft.under(s.negation(exempt))), True, True)


def _names_groups(name: str, bindings: list[t.Stmt]) -> bool:
    """Whether a name is bound once, to a list whose elements are written as dictionaries."""
    if len(bindings) != 1 or not isinstance(bindings[0], t.Assign) or not isinstance(bindings[0].value, t.Display):
        return False
    written = bindings[0].value.items
    return isinstance(bindings[0].targets[0], t.Name) and any(
        isinstance(item, t.DictDisplay) and any(isinstance(k, t.Const) and k.value == "params" for k, _ in item.items)
        for item in written
    )


def _is_handed_on(evaluator: Evaluation, name: str, scope: t.Scope) -> bool:
    """Whether anything may get the object that a name holds: a call, an assignment, a return, an inner scope."""
    known: dict[tuple[str, int], bool] = evaluator.memo("handed on")  # every optimizer of the scope asks
    key = name, id(scope)
    if key not in known:
        known[key] = _gets_on(name, scope)
    return known[key]


def _gets_on(name: str, scope: t.Scope) -> bool:
    for statement in t.statements(scope.body):
        if isinstance(statement, (t.FunctionDef, t.ClassDef)):
            if _occurs_below(name, statement.inner):
                return True
            continue
        for expression in syntax.expressions(statement):
            if isinstance(statement, t.Assign) and any(expression is target for target in statement.targets):
                if _occurs(name, expression) and not _binds(expression):
                    return True
                continue
            if _occurs_beyond_showing(name, expression):
                return True
    return False


def _binds(target: t.Expr) -> bool:
    """Whether a target only binds names."""
    return isinstance(target, t.Name) or (isinstance(target, t.Display) and all(map(_binds, target.items)))


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
    """Whether an expression does more with a name than fill what it holds, or print or count it."""
    if isinstance(expression, t.Call) and isinstance(expression.func, t.Name) and expression.func.id in _SHOWING:
        return False
    if isinstance(expression, t.Call) and isinstance(expression.func, t.Attribute):
        filled = expression.func
        if filled.attr in _FILLING and isinstance(filled.value, t.Name) and filled.value.id == name:
            return any(_occurs_beyond_showing(name, argument.value) for argument in expression.args)
    if isinstance(expression, t.Name):
        return expression.id == name
    return any(_occurs_beyond_showing(name, child) for child in syntax.children(expression))
