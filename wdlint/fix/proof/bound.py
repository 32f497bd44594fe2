"""Names that are used where nothing binds them: a fix must not leave one that was not there before.

What a comprehension binds is bound in it alone, what a class binds is not bound in its methods, and a name that
its own scope binds further down is not bound yet. A branch counts as taken.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_BUILTINS = frozenset((*dir(builtins), "__file__", "__builtins__", "__annotations__", "__path__", "__class__"))


def unbound(module: t.Module) -> frozenset[tuple[str, str]]:
    """The names that are used and not bound, each with the scope of its use, dotted from the module down."""
    reader = _Reader()
    reader.scope(module.scope, (), None)
    return frozenset(reader.found)


@dataclass(eq=False)
class _Names:
    """The names of one scope, as far as it was read."""

    path: str
    own: frozenset[str]  # every name that the scope binds
    parent: _Names | None
    sees_down: bool  # whether scopes within it see its names: not a class's
    so_far: set[str] = field(default_factory=set)
    inner: list[set[str]] = field(default_factory=list)  # what comprehensions and lambdas around bind

    def binds(self, name: str) -> bool:
        if name in self.so_far or any(name in names for names in self.inner):
            return True
        if name in self.own and self.parent is not None and self.sees_down:
            return False  # a function's own name, not bound yet
        above = self.parent
        while above is not None:
            if above.sees_down and (name in above.own or any(name in names for names in above.inner)):
                return True
            above = above.parent
        return name in _BUILTINS


class _Reader:
    def __init__(self) -> None:
        self.found: set[tuple[str, str]] = set()
        self._later: list[tuple[t.Scope, tuple[t.Parameter, ...], _Names]] = []

    def scope(self, scope: t.Scope, params: tuple[t.Parameter, ...], parent: _Names | None) -> None:
        path = f"{parent.path}.{scope.name}" if parent is not None else ""
        given = {p.name for p in params}
        own = frozenset(scope.bound) | given
        names = _Names(path, own - scope.outer_names, parent, scope.kind != "class")
        names.so_far |= given | scope.outer_names
        self._block(scope.body, names)
        if scope.kind != "class":
            waiting, self._later = self._later, []
            for inner, of, where in waiting:
                self.scope(inner, of, where)

    def _block(self, block: t.Block, names: _Names) -> None:
        for statement in block.statements:
            self._statement(statement, names)

    def _statement(self, statement: t.Stmt, names: _Names) -> None:
        match statement:
            case t.FunctionDef():
                self._expressions(statement.decorators, names)
                self._expressions((p.default for p in statement.params if p.default is not None), names)
                self._later.append((statement.inner, statement.params, names))
            case t.ClassDef():
                self._expressions((*statement.decorators, *(base.value for base in statement.bases)), names)
                self.scope(statement.inner, (), names)
            case t.For() | t.While():
                names.so_far |= statement.binds  # an earlier turn may have bound them
                self._expressions(syntax.expressions(statement), names)
            case _:
                names.so_far |= set(_targets(statement)) if isinstance(statement, t.With) else set()
                self._expressions(_used(statement), names)
        names.so_far |= set(statement.owns)
        for block in t.blocks(statement):
            self._block(block, names)

    def _expressions(self, expressions: Iterable[t.Expr], names: _Names) -> None:
        for expression in expressions:
            self._expression(expression, names)

    def _expression(self, node: t.Expr, names: _Names) -> None:
        match node:
            case t.Name():
                if not names.binds(node.id):
                    self.found.add((names.path, node.id))
            case t.Comprehension():
                names.inner.append(set())
                for clause in node.clauses:
                    self._expression(clause.iter, names)
                    names.inner[-1].update(syntax.target_names(clause.target))
                    self._expressions(clause.ifs, names)
                if node.key is not None:
                    self._expression(node.key, names)
                self._expression(node.element, names)
                names.inner.pop()
            case t.Lambda():
                self._expressions((p.default for p in node.params if p.default is not None), names)
                names.inner.append({p.name for p in node.params} | names.own)  # it runs later
                self._expression(node.body, names)
                names.inner.pop()
            case t.Walrus():
                self._expression(node.value, names)
                names.so_far.update(syntax.target_names(node.target))
            case _:
                self._expressions(syntax.children(node), names)


def _targets(statement: t.With) -> Iterator[str]:
    for _, target in statement.items:
        if target is not None:
            yield from syntax.target_names(target)


def _used(statement: t.Stmt) -> Iterator[t.Expr]:
    """The expressions of a statement that are evaluated; plain names that it assigns to are not."""
    if isinstance(statement, t.Assign):
        if statement.value is not None:
            yield statement.value
        for target in statement.targets:
            yield from _parts(target)
        return
    yield from syntax.expressions(statement)


def _parts(target: t.Expr) -> Iterator[t.Expr]:
    match target:
        case t.Name():
            return
        case t.Display():
            for item in target.items:
                yield from _parts(item)
        case t.Starred():
            yield from _parts(target.value)
        case _:
            yield target
