"""Every node of a program with what is around it: parents, scopes, which names are bound and which are used.

The engine's own tree leaves this out, as its questions go from the outside in; edits ask from the inside out.
What a name means is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import libcst as cst

from wdlint.source.read import syntax
from wdlint.source.read import tree as t

Item: TypeAlias = t.Node | t.Clause | t.Module
Scoped: TypeAlias = t.FunctionDef | t.ClassDef | t.Lambda | t.Module

_SCOPES = (t.FunctionDef, t.ClassDef, t.Lambda, t.Module)


class Outline:
    """The nodes of a module in textual order, each with its parent; function bodies are part of it."""

    def __init__(self, module: t.Module) -> None:
        self.module = module
        self.nodes: list[Item] = []
        self.children: dict[Item, tuple[Item, ...]] = {}
        self.parents: dict[Item, Item] = {}
        self.bound: set[Item] = set()  # names, attributes and subscripts that a statement assigns to
        self._spread: dict[Item, tuple[int, int]] = {}  # where in `nodes` a node and all that is in it stand
        self._named: dict[str, list[t.Name]] = {}
        self._inside: dict[Item, tuple[Item, ...]] = {}
        self._mentions: dict[Item, dict[str, dict[Item, None]]] = {}
        self._add(module, None)

    def _add(self, item: Item, parent: Item | None) -> None:
        first = len(self.nodes)
        self.nodes.append(item)
        if isinstance(item, t.Name):
            self._named.setdefault(item.id, []).append(item)
        if parent is not None:
            self.parents[item] = parent
        for target in _targets(item):
            self.bound.update(_assigned(target))
        self.children[item] = tuple(_parts(item))
        for part in self.children[item]:
            self._add(part, item)
        self._spread[item] = first, len(self.nodes)

    def statement(self, node: Item) -> t.Statement:
        """The innermost statement around a node, or the node itself."""
        while not isinstance(node, t.Statement):
            node = self.parents[node]
        return node

    def scope(self, node: Item) -> Scoped:
        """The function, lambda, class or module around a node."""
        node = self.parents[node]
        while not isinstance(node, _SCOPES):
            node = self.parents[node]
        return node

    def around(self, node: Item) -> Iterator[Item]:
        """What a node lies in, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def below(self, node: Item) -> Iterator[Item]:
        """A node and everything in it, in textual order."""
        first, after = self._spread[node]
        return iter(self.nodes[first:after])

    def inside(self, scope: Item) -> tuple[Item, ...]:
        """The nodes of a scope, those of the scopes in it left out."""
        if scope not in self._inside:
            self._inside[scope] = tuple(self._own(scope))
        return self._inside[scope]

    def _own(self, scope: Item) -> Iterator[Item]:
        waiting = [*reversed(self.children[scope])]
        while waiting:
            part = waiting.pop()
            yield part
            if not isinstance(part, _SCOPES):
                waiting += reversed(self.children[part])

    def mentioning(self, name: str, scope: Item) -> tuple[Item, ...]:
        """The nodes of a scope, without the scopes in it, in which a name stands: the name itself and all around it."""
        if scope not in self._mentions:
            found = self._mentions[scope] = {}
            for node in self.inside(scope):
                if isinstance(node, (t.Import, t.ImportFrom)):
                    for bound in node.owns:
                        found.setdefault(bound, {})[node] = None
                elif isinstance(node, t.Name):
                    inner: Item = node
                    while inner is not scope and inner not in (held := found.setdefault(node.id, {})):
                        held[inner] = None
                        inner = self.parents[inner]
        nodes = self._mentions[scope].get(name, {})
        return tuple(sorted(nodes, key=lambda node: self._spread[node][0]))

    def names(self, name: str, within: Item) -> Iterator[t.Name]:
        """The mentions of a name in a node, closures included."""
        first, after = self._spread[within]
        return (node for node in self._named.get(name, ()) if first <= self._spread[node][0] < after)

    def loads(self, name: str, scope: Item) -> list[t.Name]:
        """The uses of a name in a scope, closures included."""
        return [node for node in self.names(name, scope) if node not in self.bound]

    def taken(self) -> set[str]:
        """Every name that the program mentions or binds."""
        found = {node.id for node in self.nodes if isinstance(node, t.Name)}
        for node in self.nodes:
            if isinstance(node, t.Parameter):
                found.add(node.name)
            elif isinstance(node, t.Statement):
                found.update(syntax.own_bindings(node))  # type: ignore[arg-type]
        return found


def _parts(item: Item) -> Iterator[Item]:
    """What a node directly holds, in textual order."""
    match item:
        case t.Module():
            yield from item.scope.body.statements
        case t.FunctionDef():
            yield from item.decorators
            yield from item.params
            yield from item.inner.body.statements
        case t.ClassDef():
            yield from item.decorators
            yield from item.bases
            yield from item.inner.body.statements
        case t.Statement():
            yield from syntax.expressions(item)  # type: ignore[arg-type]
            for block in t.blocks(item):  # type: ignore[arg-type]
                yield from block.statements
        case t.Call():
            yield item.func
            yield from item.args
        case t.Argument():
            yield item.value
        case t.Parameter():
            if item.default is not None:
                yield item.default
        case t.Lambda():
            yield from item.params
            yield item.body
        case t.Comprehension():
            if item.key is not None:
                yield item.key
            yield item.element
            yield from item.clauses
        case t.Clause():
            yield item.target
            yield item.iter
            yield from item.ifs
        case t.Opaque():
            yield from _mentioned(item.origin)
        case _:
            yield from syntax.children(item)  # type: ignore[arg-type]


def _mentioned(node: Any) -> Iterator[t.Name]:
    """The names in syntax whose meaning the engine does not read, such as a formatted value with a width."""
    for child in getattr(node, "children", ()):
        if isinstance(child, cst.Name):
            yield t.Name(child, child.value)
        else:
            yield from _mentioned(child)


def _targets(item: Item) -> Iterator[t.Expr]:
    """The expressions that a node assigns to."""
    match item:
        case t.Assign() | t.Delete():
            yield from item.targets
        case t.AugAssign() | t.For() | t.Clause() | t.Walrus():
            yield item.target
        case t.With():
            yield from (target for _, target in item.items if target is not None)
        case _:
            return


def _assigned(target: t.Expr) -> Iterator[Item]:
    match target:
        case t.Display():
            for item in target.items:
                yield from _assigned(item)
        case t.Starred():
            yield from _assigned(target.value)
        case _:
            yield target
