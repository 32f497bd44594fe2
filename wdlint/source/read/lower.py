"""From libcst's concrete tree to the engine's own (`tree`): one pass, function bodies on demand.

Statements and scopes here, expressions in `lower_expressions`. What a construct means is decided elsewhere;
anything whose meaning never matters becomes `Opaque`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from wdlint.source.read import tree as t
from wdlint.source.read.lower_expressions import OPERATORS, argument, expression, parameters
from wdlint.source.read.matching import Anything, Case, Constant, Either, OfClass, Other, Pattern, Sequenced, chained
from wdlint.source.read.placing import placed


def lower_module(tree: cst.Module, name: str, path: str, is_package: bool) -> t.Module:
    """The program of one parsed file."""
    module = t.Module(name, path, is_package, tree)
    scope = t.Scope("module", name, None, module)
    module.scope = scope
    scope._body = _block(tree.body, None, scope)
    return module


def _block(body: Any, parent: t.Stmt | None, scope: t.Scope) -> t.Block:
    """Lower a suite or a module's body; `parent` gets its final `binds` after its blocks are lowered."""
    block = t.Block([], parent)
    if isinstance(body, cst.BaseSuite):
        body = body.body
    for node in body:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                _add(block, small, scope)
        elif isinstance(node, cst.BaseSmallStatement):
            _add(block, node, scope)
        else:
            _add(block, node, scope)
    return block


def _add(block: t.Block, node: Any, scope: t.Scope) -> None:
    handler = _STATEMENTS.get(type(node))
    if handler is not None:
        placed(block, handler(node, scope), scope)


def _assign(node: cst.Assign, scope: t.Scope) -> t.Stmt:
    return t.Assign(node, tuple(expression(target.target) for target in node.targets), expression(node.value))


def _annotated(node: cst.AnnAssign, scope: t.Scope) -> t.Stmt:
    value = expression(node.value) if node.value is not None else None
    return t.Assign(node, (expression(node.target),), value, expression(node.annotation.annotation))


def _augmented(node: cst.AugAssign, scope: t.Scope) -> t.Stmt:
    return t.AugAssign(node, expression(node.target), OPERATORS[type(node.operator)], expression(node.value))


def _expression_statement(node: cst.Expr, scope: t.Scope) -> t.Stmt:
    value = expression(node.value)
    if isinstance(value, t.Display) and len(value.items) == 1:
        value = value.items[0]  # a call with a stray comma behind it: `self.add_module("norm", norm),`
    return t.Expression(node, value)


def _return(node: cst.Return, scope: t.Scope) -> t.Stmt:
    return t.Return(node, expression(node.value) if node.value is not None else None)


def _raise(node: cst.Raise, scope: t.Scope) -> t.Stmt:
    return t.Raise(node, expression(node.exc) if node.exc is not None else None)


def _assert(node: cst.Assert, scope: t.Scope) -> t.Stmt:
    return t.Assert(node, expression(node.test))


def _delete(node: cst.Del, scope: t.Scope) -> t.Stmt:
    target = expression(node.target)
    return t.Delete(node, target.items if isinstance(target, t.Display) else (target,))


def _jump(kind: str) -> Callable[[Any, t.Scope], t.Stmt]:
    def lower(node: Any, scope: t.Scope) -> t.Stmt:
        return t.Jump(node, kind)

    return lower


def _outer(node: cst.Global | cst.Nonlocal, scope: t.Scope) -> t.Stmt:
    names = tuple(item.name.value for item in node.names)
    scope.outer_names.update(names)
    return t.Outer(node, names)


def _dotted(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(node.value)
    return ".".join(reversed(parts))


def _alias(node: cst.ImportAlias) -> tuple[str, str | None]:
    alias = node.asname.name.value if node.asname and isinstance(node.asname.name, cst.Name) else None
    return _dotted(node.name), alias


def _import(node: cst.Import, scope: t.Scope) -> t.Stmt:
    return t.Import(node, tuple(map(_alias, node.names)))


def _import_from(node: cst.ImportFrom, scope: t.Scope) -> t.Stmt:
    names = (("*", None),) if isinstance(node.names, cst.ImportStar) else tuple(map(_alias, node.names))
    return t.ImportFrom(node, _dotted(node.module) if node.module else "", len(node.relative), names)


def _if(node: cst.If, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, None, scope)
    orelse: t.Block | None = None
    if isinstance(node.orelse, cst.If):
        orelse = _block([node.orelse], None, scope)
    elif node.orelse is not None:
        orelse = _block(node.orelse.body, None, scope)
    return t.If(node, expression(node.test), body, orelse)


def _else(node: cst.Else | None, scope: t.Scope) -> t.Block | None:
    return _block(node.body, None, scope) if node is not None else None


def _for(node: cst.For, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, None, scope)
    return t.For(node, expression(node.target), expression(node.iter), body, _else(node.orelse, scope))


def _while(node: cst.While, scope: t.Scope) -> t.Stmt:
    return t.While(node, expression(node.test), _block(node.body, None, scope), _else(node.orelse, scope))


def _with(node: cst.With, scope: t.Scope) -> t.Stmt:
    items = tuple((expression(item.item), expression(item.asname.name) if item.asname else None) for item in node.items)
    return t.With(node, items, _block(node.body, None, scope))


def _try(node: Any, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, None, scope)
    handlers = tuple(_block(handler.body, None, scope) for handler in node.handlers)
    final = _block(node.finalbody.body, None, scope) if node.finalbody is not None else None
    return t.Try(node, body, handlers, _else(node.orelse, scope), final)


def _match(node: cst.Match, scope: t.Scope) -> t.Stmt:
    cases = []
    for case in node.cases:
        guard = expression(case.guard) if case.guard is not None else None
        cases.append(Case(case.pattern, _pattern(case.pattern), guard, _block(case.body, None, scope)))
    return chained(expression(node.subject), cases, scope)


def _pattern(node: cst.MatchPattern) -> Pattern:
    match node:
        case cst.MatchValue():
            return Constant(expression(node.value))
        case cst.MatchSingleton():
            return Constant(expression(node.value), "is")
        case cst.MatchAs():
            inner = _pattern(node.pattern) if node.pattern is not None else None
            return Anything(node.name.value if node.name is not None else None, inner)
        case cst.MatchOr():
            return Either(tuple(_pattern(part.pattern) for part in node.patterns))
        case cst.MatchSequence():
            plain = (part.value if isinstance(part, cst.MatchSequenceElement) else None for part in node.patterns)
            return Sequenced(tuple(_pattern(part) if part is not None else None for part in plain))
        case cst.MatchClass():
            return OfClass(expression(node.cls), bool(node.patterns or node.kwds), _names_bound(node))
        case _:
            return Other(_names_bound(node))


def _names_bound(node: cst.CSTNode) -> tuple[str, ...]:
    """The names that the patterns below one bind."""
    found: list[str] = []
    for child in node.children:
        if isinstance(child, (cst.MatchAs, cst.MatchStar)) and child.name is not None:
            found.append(child.name.value)
        found.extend(_names_bound(child))
    return tuple(found)


def _function(node: cst.FunctionDef, scope: t.Scope) -> t.Stmt:
    inner = t.Scope("function", node.name.value, scope, scope.module)
    inner._lower = lambda: _block(node.body, None, inner)
    decorators = tuple(expression(d.decorator) for d in node.decorators)
    returns = expression(node.returns.annotation) if node.returns is not None else None
    function = t.FunctionDef(node, node.name.value, parameters(node.params), decorators, returns, inner)
    inner.definition = function
    return function


def _class(node: cst.ClassDef, scope: t.Scope) -> t.Stmt:
    inner = t.Scope("class", node.name.value, scope, scope.module)
    inner._lower = lambda: _block(node.body, None, inner)
    decorators = tuple(expression(d.decorator) for d in node.decorators)
    bases = tuple(map(argument, (*node.bases, *node.keywords)))
    definition = t.ClassDef(node, node.name.value, bases, decorators, inner)
    inner.definition = definition
    return definition


_STATEMENTS: dict[type, Callable[[Any, t.Scope], t.Stmt]] = {
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Expr: _expression_statement,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Assert: _assert,
    cst.Del: _delete,
    cst.Pass: _jump("pass"),
    cst.Break: _jump("break"),
    cst.Continue: _jump("continue"),
    cst.Global: _outer,
    cst.Nonlocal: _outer,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.Match: _match,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
}
