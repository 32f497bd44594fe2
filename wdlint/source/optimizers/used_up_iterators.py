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
        here = draft.context or context
        walk = _origin(draft.expression, here)
        if walk is None:
            continue
        for name in _walked(walk):
            walks = _walks_of(evaluator, name, here)
            if any(one is walk for one in walks[1:]) and walks[0] is not walk:
                found.append(draft.label)
                break
    return tuple(dict.fromkeys(found))


def _origin(expression: t.Expr | None, context: Context) -> t.Expr | None:
    """What walks through an iterator for a group: its own expression, what its name is assigned, or a loop."""
    if not isinstance(expression, t.Name):
        return expression
    scope = context.frame.scope
    bindings = scope.bound.get(expression.id, [])
    if len(bindings) != 1 or not isinstance(bindings[0], t.Assign):
        return None
    assigned = syntax.paired(bindings[0].targets[0], bindings[0].value, expression.id) if bindings[0].value else None
    if not isinstance(assigned, t.Display) or assigned.items:
        return assigned
    filling = [statement for statement in scope.body.statements if _fills(statement, expression.id)]
    only = filling[0] if len(filling) == 1 else None
    return only.iter if isinstance(only, t.For) else None


def _fills(statement: t.Stmt, name: str) -> bool:
    """Whether a statement, or one within it, puts something into a list: whatever names it but to read its length."""
    if isinstance(statement, t.AugAssign) and syntax.root_name(statement.target) == name:
        return True
    if isinstance(statement, t.Expression) and isinstance(statement.value, t.Call):
        func = statement.value.func
        if isinstance(func, t.Attribute) and syntax.root_name(func.value) in (name, None):
            return True
    return any(_fills(inner, name) for block in t.blocks(statement) for inner in block.statements)


def _walked(expression: t.Expr) -> Iterator[str]:
    """The names that an expression certainly walks through from end to end when it is evaluated."""
    if _is_named(expression):
        yield _name(expression)  # a loop's
    elif isinstance(expression, t.Comprehension):
        if expression.kind != "generator" and _is_named(expression.clauses[0].iter):
            yield _name(expression.clauses[0].iter)
    elif isinstance(expression, t.Call) and isinstance(expression.func, t.Name) and expression.args:
        inner = expression.args[0].value
        if expression.func.id in _WALKS:
            if _is_named(inner):
                yield _name(inner)
            elif isinstance(inner, t.Comprehension) and _is_named(inner.clauses[0].iter):
                yield _name(inner.clauses[0].iter)
            elif isinstance(inner, t.Call) and isinstance(inner.func, t.Name) and inner.func.id in _LAZY:
                yield from (_name(a.value) for a in inner.args if _is_named(a.value))


def _is_named(expression: t.Expr) -> bool:
    """Whether an expression is a name, or an attribute of one: `self.named`."""
    inner = expression.value if isinstance(expression, t.Attribute) else expression
    return isinstance(inner, t.Name)


def _name(expression: t.Expr) -> str:
    return syntax.dotted(expression) or ""


def _walks_of(evaluator: Evaluation, name: str, context: Context) -> list[t.Expr]:
    """Where an iterator is walked through, in order; empty where the name is none, or its order can't be told."""
    scope = context.frame.scope
    bindings = scope.bound.get(name, []) if "." not in name else _attribute_set(scope, name)
    binding = bindings[0] if bindings else None
    if binding is None:
        if not _given_iterators(evaluator, scope, name):
            return []
    elif len(bindings) != 1 or not isinstance(binding, t.Assign) or not _is_named(binding.targets[0]):
        return []
    elif binding.value is None or not _is_iterator(evaluator, binding.value, context):
        return []
    home = binding.block if binding is not None else scope.body
    found: list[t.Expr] = []
    for statement in t.statements(scope.body):
        if statement is binding:
            continue
        loops = isinstance(statement, t.For) and _name(statement.iter) == name
        mentions = [
            n for e in syntax.expressions(statement) for n in syntax.walk(e) if _is_named(n) and _name(n) == name
        ]
        if not mentions:
            continue
        if statement.block is not home:
            return []  # in a branch or a loop of its own: whether and when it runs can't be told
        if loops:
            if _leaves_early(statement):
                return []
            assert isinstance(statement, t.For)
            found.append(statement.iter)
            continue
        for expression in syntax.expressions(statement):
            walks = (node for node in syntax.walk(expression) if not _is_named(node) and name in _walked(node))
            found.extend(walks)
    return found


def _attribute_set(scope: t.Scope, name: str) -> list[t.Stmt]:
    """The statements of a method that set an attribute of its object; none where another method might do so."""
    root = name.partition(".")[0]
    definition = scope.definition
    if not isinstance(definition, t.FunctionDef) or not definition.params or definition.params[0].name != root:
        return []
    setting = [one for one in t.statements(scope.body) if isinstance(one, t.Assign) and _sets(one, name)]
    called = (n for one in t.statements(scope.body) for e in syntax.expressions(one) for n in syntax.walk(e))
    handed = any(isinstance(n, t.Call) and syntax.root_name(n.func) == root and _is_named(n.func) for n in called)
    return [] if handed else list(setting)


def _sets(statement: t.Assign, name: str) -> bool:
    return any(isinstance(target, t.Attribute) and _name(target) == name for target in statement.targets)


def _given_iterators(evaluator: Evaluation, scope: t.Scope, name: str) -> bool:
    """Whether all calls of a function that can be seen give it an iterator under this name."""
    definition = scope.definition
    if not isinstance(definition, t.FunctionDef):
        return False
    names = [parameter.name for parameter in definition.params if not parameter.star]
    imported = scope.module is not evaluator.module  # the linted file calls it
    sites = evaluator.call_index.callers(evaluator, definition, everywhere=imported)
    if name not in names or not sites:
        return False
    for site in sites:
        at = names.index(name) - site.bound
        written = site.arguments.written
        given = [a.value for a in written if a.keyword == name]
        if not given and 0 <= at < len(written) and not any(a.keyword or a.star for a in written[: at + 1]):
            given = [written[at].value]
        context = site.arguments.context
        if not given or context is None:
            return False
        made = _origin(given[0], context)
        if made is None or not _is_iterator(evaluator, made, context):
            return False
    return True


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
