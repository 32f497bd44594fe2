"""Who calls a function: the call sites in the function's own module.

Only that module is looked at, so that an answer does not depend on which other files are linted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    CallSite,
    ClassValue,
    FunctionValue,
    Instance,
    Method,
    Partial,
    Unknown,
    bare,
)

_SITES = 8  # call sites considered for one function


@dataclass(slots=True, eq=False)
class CallIndex:
    """The calls of each module by the last name of what they call."""

    _calls: dict[int, dict[str, list[tuple[t.Call, t.Stmt]]]] = field(default_factory=dict)
    _sites: dict[int, tuple[CallSite, ...]] = field(default_factory=dict)
    _asking: set[int] = field(default_factory=set)

    def callers(self, evaluator: Evaluation, definition: t.FunctionDef) -> tuple[CallSite, ...]:
        """The sites that call a function or, for `__init__`, make an instance of its class."""
        key = id(definition)
        if key in self._sites:
            return self._sites[key]
        if key in self._asking:
            return ()
        self._asking.add(key)
        try:
            found = tuple(self._search(evaluator, definition))[:_SITES]
        finally:
            self._asking.discard(key)
        self._sites[key] = found
        return found

    def _search(self, evaluator: Evaluation, definition: t.FunctionDef) -> Iterator[CallSite]:
        scope = definition.scope
        owner = scope.definition if isinstance(scope.definition, t.ClassDef) else None
        constructor = definition.name == "__init__" and owner is not None
        name = owner.name if constructor and owner is not None else definition.name
        index = self.calls(scope.module)
        for call, statement in index.get(name, ()):
            context = evaluator.frame(statement.scope).at(statement)
            for callee in evaluator.evaluate(call.func, context):
                arguments = Arguments(call.args, context)
                callee = bare(callee)
                if isinstance(callee, Partial):
                    callee = callee.callee
                if isinstance(callee, FunctionValue) and callee.definition is definition:
                    yield CallSite(arguments, callee.receiver is not None)
                elif constructor and isinstance(callee, ClassValue) and callee.definition is owner:
                    yield CallSite(arguments, True)
                elif owner is not None and not constructor and self._may_be_method(callee, definition):
                    yield CallSite(arguments, True)
        if constructor:
            yield from self._from_subclasses(evaluator, owner, index)

    def _may_be_method(self, callee: object, definition: t.FunctionDef) -> bool:
        """A method asked of something unknown, under a name too particular to be another's."""
        unknown = isinstance(callee, Unknown) or (isinstance(callee, Method) and isinstance(callee.receiver, Unknown))
        return unknown and "_" in definition.name.strip("_")

    def _from_subclasses(
        self, evaluator: Evaluation, owner: t.ClassDef | None, index: dict[str, list[tuple[t.Call, t.Stmt]]]
    ) -> Iterator[CallSite]:
        for call, statement in index.get("__init__", ()):
            scope: t.Scope | None = statement.scope
            while scope is not None and scope.kind != "class":
                scope = scope.parent
            if scope is None or not isinstance(scope.definition, t.ClassDef) or not isinstance(call.func, t.Attribute):
                continue
            bases = evaluator.bases(evaluator.class_value(scope.definition))
            if not any(isinstance(b, ClassValue) and b.definition is owner for b in bases):
                continue
            context = evaluator.frame(statement.scope).at(statement)
            by_super = isinstance(call.func.value, t.Call)
            yield CallSite(Arguments(call.args if by_super else call.args[1:], context), True)

    def calls(self, module: t.Module) -> dict[str, list[tuple[t.Call, t.Stmt]]]:
        """Every call of a module that stands outside lambdas and comprehensions' own variables."""
        found = self._calls.get(id(module))
        if found is None:
            found = self._calls[id(module)] = {}
            for statement in all_statements(module.scope):
                for expression in syntax.expressions(statement):
                    for node in syntax.walk(expression):
                        if isinstance(node, t.Call):
                            func = node.func
                            name = func.id if isinstance(func, t.Name) else getattr(func, "attr", None)
                            if name is not None:
                                found.setdefault(name, []).append((node, statement))
        return found


def all_statements(scope: t.Scope) -> Iterator[t.Stmt]:
    """Every statement of a scope and of the functions and classes in it, in textual order."""
    for statement in t.statements(scope.body):
        yield statement
        if isinstance(statement, (t.FunctionDef, t.ClassDef)):
            yield from all_statements(statement.inner)


__all__ = ["CallIndex", "CallSite", "Instance", "all_statements"]
