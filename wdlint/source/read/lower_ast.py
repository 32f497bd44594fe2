"""From Python's own tree (`ast`) to the engine's (`tree`), for modules that are only consulted.

Such modules need no white space: `ast` reads the same text in a tenth of libcst's time. The tree is the same as the
one that `lower` makes, which a test holds; what is linted is always lowered there, as edits need its spans.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from wdlint.source.read import tree as t
from wdlint.source.read.lower_ast_expressions import OPERATORS, arguments, expression, parameters
from wdlint.source.read.matching import Anything, Case, Constant, Either, OfClass, Other, Pattern, Sequenced, chained
from wdlint.source.read.placing import placed


class Lines(tuple[str, ...]):
    """The lines of a text, by which places given in bytes are found."""

    __slots__ = ()


def lower_text(text: str, name: str, path: str, is_package: bool) -> t.Module:
    """The program in a text.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: this Python can't read it; libcst may.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the program's own, such as an unknown escape
        tree = ast.parse(text)
    lines = Lines(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    module = t.Module(name, path, is_package, lines)
    scope = t.Scope("module", name, None, module)
    module.scope = scope
    scope._body = _block(tree.body, scope)
    return module


def _block(body: Sequence[ast.stmt], scope: t.Scope) -> t.Block:
    block = t.Block([], None)
    for node in body:
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            placed(block, handler(node, scope), scope)
    return block


def _block_or_none(body: Sequence[ast.stmt], scope: t.Scope) -> t.Block | None:
    return _block(body, scope) if body else None


def _optional(node: ast.expr | None) -> t.Expr | None:
    return expression(node) if node is not None else None


def _assign(node: ast.Assign, scope: t.Scope) -> t.Stmt:
    return t.Assign(node, tuple(map(expression, node.targets)), expression(node.value))


def _annotated(node: ast.AnnAssign, scope: t.Scope) -> t.Stmt:
    return t.Assign(node, (expression(node.target),), _optional(node.value), expression(node.annotation))


def _augmented(node: ast.AugAssign, scope: t.Scope) -> t.Stmt:
    return t.AugAssign(node, expression(node.target), OPERATORS[type(node.op)], expression(node.value))


def _expression_statement(node: ast.Expr, scope: t.Scope) -> t.Stmt:
    value = expression(node.value)
    if isinstance(value, t.Display) and len(value.items) == 1:
        value = value.items[0]  # a call with a stray comma behind it: `self.add_module("norm", norm),`
    return t.Expression(node, value)


def _return(node: ast.Return, scope: t.Scope) -> t.Stmt:
    return t.Return(node, _optional(node.value))


def _raise(node: ast.Raise, scope: t.Scope) -> t.Stmt:
    return t.Raise(node, _optional(node.exc))


def _assert(node: ast.Assert, scope: t.Scope) -> t.Stmt:
    return t.Assert(node, expression(node.test))


def _delete(node: ast.Delete, scope: t.Scope) -> t.Stmt:
    targets = tuple(map(expression, node.targets))
    only = targets[0] if len(targets) == 1 else None
    return t.Delete(node, only.items if isinstance(only, t.Display) else targets)


def _jump(kind: str) -> Callable[[Any, t.Scope], t.Stmt]:
    def lower(node: Any, scope: t.Scope) -> t.Stmt:
        return t.Jump(node, kind)

    return lower


def _outer(node: ast.Global | ast.Nonlocal, scope: t.Scope) -> t.Stmt:
    scope.outer_names.update(node.names)
    return t.Outer(node, tuple(node.names))


def _import(node: ast.Import, scope: t.Scope) -> t.Stmt:
    return t.Import(node, tuple((alias.name, alias.asname) for alias in node.names))


def _import_from(node: ast.ImportFrom, scope: t.Scope) -> t.Stmt:
    names = tuple((alias.name, alias.asname) for alias in node.names)
    return t.ImportFrom(node, node.module or "", node.level, names)


def _if(node: ast.If, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, scope)
    return t.If(node, expression(node.test), body, _block_or_none(node.orelse, scope))


def _for(node: ast.For | ast.AsyncFor, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, scope)
    orelse = _block_or_none(node.orelse, scope)
    return t.For(node, expression(node.target), expression(node.iter), body, orelse)


def _while(node: ast.While, scope: t.Scope) -> t.Stmt:
    return t.While(node, expression(node.test), _block(node.body, scope), _block_or_none(node.orelse, scope))


def _with(node: ast.With | ast.AsyncWith, scope: t.Scope) -> t.Stmt:
    items = tuple((expression(item.context_expr), _optional(item.optional_vars)) for item in node.items)
    return t.With(node, items, _block(node.body, scope))


def _try(node: Any, scope: t.Scope) -> t.Stmt:
    body = _block(node.body, scope)
    handlers = tuple(_block(handler.body, scope) for handler in node.handlers)
    final = _block_or_none(node.finalbody, scope)
    return t.Try(node, body, handlers, _block_or_none(node.orelse, scope), final)


def _match(node: ast.Match, scope: t.Scope) -> t.Stmt:
    cases = [
        Case(case.pattern, _pattern(case.pattern), _optional(case.guard), _block(case.body, scope))
        for case in node.cases
    ]
    return chained(expression(node.subject), cases, scope)


def _pattern(node: ast.pattern) -> Pattern:
    match node:
        case ast.MatchValue():
            return Constant(expression(node.value))
        case ast.MatchSingleton():
            return Constant(t.Const(node, node.value), "is")
        case ast.MatchAs():
            return Anything(node.name, _pattern(node.pattern) if node.pattern is not None else None)
        case ast.MatchOr():
            return Either(tuple(map(_pattern, node.patterns)))
        case ast.MatchSequence():
            return Sequenced(tuple(None if isinstance(p, ast.MatchStar) else _pattern(p) for p in node.patterns))
        case ast.MatchClass():
            return OfClass(expression(node.cls), bool(node.patterns or node.kwd_patterns), _names_bound(node))
        case _:
            return Other(_names_bound(node))


def _names_bound(node: ast.AST) -> tuple[str, ...]:
    """The names that the patterns below one bind."""
    found: list[str] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.MatchAs, ast.MatchStar)) and child.name is not None:
            found.append(child.name)
        found.extend(_names_bound(child))
    return tuple(found)


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, scope: t.Scope) -> t.Stmt:
    inner = t.Scope("function", node.name, scope, scope.module)
    inner._lower = lambda: _block(node.body, inner)
    decorators = tuple(map(expression, node.decorator_list))
    function = t.FunctionDef(node, node.name, parameters(node.args), decorators, _optional(node.returns), inner)
    inner.definition = function
    return function


def _class(node: ast.ClassDef, scope: t.Scope) -> t.Stmt:
    inner = t.Scope("class", node.name, scope, scope.module)
    inner._lower = lambda: _block(node.body, inner)
    decorators = tuple(map(expression, node.decorator_list))
    definition = t.ClassDef(node, node.name, arguments(node.bases, node.keywords), decorators, inner)
    inner.definition = definition
    return definition


_STATEMENTS: dict[type, Callable[[Any, t.Scope], t.Stmt]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expression_statement,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Pass: _jump("pass"),
    ast.Break: _jump("break"),
    ast.Continue: _jump("continue"),
    ast.Global: _outer,
    ast.Nonlocal: _outer,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _try
