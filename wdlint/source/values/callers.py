"""Who calls a function: the call sites in its own module or, where that is asked, in all files of the project.

Other files are found by their bytes, so that an answer does not depend on which files are linted: a file counts
if it holds the function's name and, for a method, the name of its class. Few of them are parsed, those nearest
first. What tests call is no training run, unless a test is what is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    CallSite,
    ClassValue,
    Context,
    FunctionValue,
    Instance,
    Method,
    Partial,
    Unknown,
    bare,
)

_SITES = 8  # call sites considered for one function
_FILES = 6  # other files that are parsed for one function
_FILES_IN_ALL = 24  # other files that are parsed for the callers of one linted file
_WIDESPREAD = 60  # files that hold a name: so many mean something else by it
_OF_TESTS = re.compile(r"(?:^|[\\/])(?:tests?[\\/]|test_[^\\/]*$|conftest\.py$|[^\\/]*_test\.py$)")

_RELATIVE = ("from . import", "from .. import")  # a package's own modules may have a name from its `__init__`
# What calls a function that it is given, in a process or thread of its own or once the devices are set up.
_LAUNCHERS = frozenset(
    "spawn launch submit apply_async Thread Process notebook_launcher debug_launcher start_processes".split()
)

_OUT_OF = "[]"  # what is called out of a dictionary: `makers[name](…)`

CallsByName = dict[str, list[tuple[t.Call, t.Stmt]]]


@dataclass(slots=True, eq=False)
class CallIndex:
    """The calls of each module by the last name of what they call."""

    _calls: dict[int, CallsByName] = field(default_factory=dict)
    _sites: dict[tuple[int, bool], tuple[CallSite, ...]] = field(default_factory=dict)
    _constructions: dict[int, tuple[CallSite, ...]] = field(default_factory=dict)
    _asking: set[int] = field(default_factory=set)
    _opened: set[str] = field(default_factory=set)
    _classes: dict[int, dict[str, list[t.ClassDef]]] = field(default_factory=dict)

    def callers(
        self, evaluator: Evaluation, definition: t.FunctionDef, everywhere: bool = False
    ) -> tuple[CallSite, ...]:
        """The sites that call a function or, for `__init__`, make an instance of its class."""
        key = id(definition), everywhere
        if key in self._sites:
            return self._sites[key]
        if id(definition) in self._asking:
            return ()
        self._asking.add(id(definition))
        try:
            found = tuple(self._search(evaluator, definition, everywhere))[:_SITES]
        finally:
            self._asking.discard(id(definition))
        self._sites[key] = found
        return found

    def constructions(self, evaluator: Evaluation, owner: t.ClassDef) -> tuple[CallSite, ...]:
        """The sites that make an instance of a class or of a class that derives from it."""
        key = id(owner)
        if key not in self._constructions:
            self._constructions[key] = ()
            self._constructions[key] = tuple(self._instances(evaluator, owner))[:_SITES]
        return self._constructions[key]

    def _instances(self, evaluator: Evaluation, owner: t.ClassDef) -> Iterator[CallSite]:
        home = owner.scope.module
        for module in (home, *self._elsewhere(evaluator, home, [owner.name])):
            for call, statement in self.calls(module).get(owner.name, ()):
                context = evaluator.frame(statement.scope).at(statement)
                for callee in map(bare, evaluator.evaluate(call.func, context)):
                    if isinstance(callee, ClassValue) and callee.definition is owner:
                        yield CallSite(Arguments(call.args, context), True, call, statement)
            for statement in self._derived(module).get(owner.name, ()):
                if statement is not owner:
                    bases = evaluator.bases(evaluator.class_value(statement))
                    if any(isinstance(base, ClassValue) and base.definition is owner for base in bases):
                        yield from self.constructions(evaluator, statement)

    def _derived(self, module: t.Module) -> dict[str, list[t.ClassDef]]:
        """The classes of a module that may derive from one of a name, by that name, as their headers go."""
        found = self._classes.get(id(module))
        if found is None:
            found = self._classes[id(module)] = {}
            for statement in all_statements(module.scope):
                if isinstance(statement, t.ClassDef):
                    bases = ((syntax.dotted(base.value) or "").rpartition(".")[2] for base in statement.bases)
                    for name in dict.fromkeys(bases):
                        found.setdefault(name, []).append(statement)
        return found

    def _search(self, evaluator: Evaluation, definition: t.FunctionDef, everywhere: bool) -> Iterator[CallSite]:
        scope = definition.scope
        yield from self._in_module(evaluator, definition, scope.module)
        if not everywhere or scope.kind == "function":  # only its own function can call an inner one
            return
        if scope.module is not evaluator.module and definition.name in self.calls(evaluator.module):
            yield from self._in_module(evaluator, definition, evaluator.module)
        owner = owner_of(definition)
        name = definition.name
        if name == "forward" or (name.startswith("__") and name != "__init__"):
            return  # called by the library
        wanted = [name] if owner is None else [owner.name] if name == "__init__" else [owner.name, name]
        for module in self._elsewhere(evaluator, scope.module, wanted):
            yield from self._in_module(evaluator, definition, module)

    def _in_module(self, evaluator: Evaluation, definition: t.FunctionDef, module: t.Module) -> Iterator[CallSite]:
        owner = owner_of(definition)
        constructor = definition.name == "__init__" and owner is not None
        name = owner.name if constructor and owner is not None else definition.name
        own = module is definition.scope.module
        index = self.calls(module)
        for call, statement in index.get(name, ()):
            context = evaluator.frame(statement.scope).at(statement)
            for callee in evaluator.evaluate(call.func, context):
                arguments = Arguments(call.args, context)
                callee = bare(callee)
                if isinstance(callee, Partial):
                    callee = callee.callee
                if isinstance(callee, FunctionValue) and callee.definition is definition:
                    yield CallSite(arguments, callee.receiver is not None, call, statement)
                elif constructor and isinstance(callee, ClassValue) and callee.definition is owner:
                    yield CallSite(arguments, True, call, statement)
                elif own and owner is not None and not constructor and self._may_be_method(callee, definition):
                    yield CallSite(arguments, True, call, statement)
        if constructor:
            yield from self._from_subclasses(evaluator, owner, index)
        for call, statement in index.get(_OUT_OF, ()) if owner is None else ():
            context = evaluator.frame(statement.scope).at(statement)
            for held in evaluator.evaluate(call.func, context):
                if isinstance(held, FunctionValue) and held.definition is definition:
                    yield CallSite(Arguments(call.args, context), False, call, statement)
        for launcher in sorted(_LAUNCHERS & index.keys()):
            for call, statement in index[launcher]:
                yield from self._launched(evaluator, definition, call, statement)

    def _launched(
        self, evaluator: Evaluation, definition: t.FunctionDef, call: t.Call, statement: t.Stmt
    ) -> Iterator[CallSite]:
        """A call that hands the function on, with what it will be called with."""
        for position, given in enumerate(call.args):
            name = given.value.id if isinstance(given.value, t.Name) else getattr(given.value, "attr", None)
            if name != definition.name or given.star:
                continue
            context = evaluator.frame(statement.scope).at(statement)
            for value in map(bare, evaluator.evaluate(given.value, context)):
                if isinstance(value, FunctionValue) and value.definition is definition:
                    arguments = _handed_on(definition, call, position, value.receiver is not None, context)
                    yield CallSite(arguments, value.receiver is not None, call, statement, given.value)

    def _may_be_method(self, callee: object, definition: t.FunctionDef) -> bool:
        """A method asked of something unknown, under a name too particular to be another's."""
        unknown = isinstance(callee, Unknown) or (isinstance(callee, Method) and isinstance(callee.receiver, Unknown))
        return unknown and "_" in definition.name.strip("_")

    def _from_subclasses(
        self, evaluator: Evaluation, owner: t.ClassDef | None, index: CallsByName
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
            yield CallSite(Arguments(call.args if by_super else call.args[1:], context), True, call, statement)

    def mentioning(self, evaluator: Evaluation, home: t.Module, name: str) -> Iterator[t.Module]:
        """The other modules of the project whose bytes hold a name, the nearest first, as far as they are looked at."""
        return self._elsewhere(evaluator, home, [name])

    def _elsewhere(self, evaluator: Evaluation, home: t.Module, wanted: list[str]) -> Iterator[t.Module]:
        """The other modules of the project whose bytes hold all of some names."""
        if home is not evaluator.module and os.path.abspath(home.path) not in self._opened:
            return  # of what the linted file imports, only what calls it is followed further
        for path in self._files_with(evaluator, home.path, wanted)[:_FILES]:
            if path not in self._opened:
                if len(self._opened) >= _FILES_IN_ALL:
                    continue
                self._opened.add(path)
            module = evaluator.project.module(path)
            if module is not None:
                yield module

    def _files_with(self, evaluator: Evaluation, home: str, wanted: list[str]) -> list[str]:
        """The other files that hold all of some names, those nearest to `home` first."""
        here = os.path.abspath(home)
        found = evaluator.project.files_with(wanted[-1], home)
        if len(found) > _WIDESPREAD or not found:
            return []
        top = os.path.commonpath([here, *found])
        tests = _OF_TESTS.search(os.path.relpath(here, top))
        named = [set(evaluator.project.files_with(name, home)) for name in wanted[:-1]]
        importing = _importing(evaluator, here)
        others = [
            path
            for path in found
            if path != here
            and path in importing
            and (tests or not _OF_TESTS.search(os.path.relpath(path, os.path.commonpath([here, path]))))
            and all(path in files for files in named)
        ]
        return sorted(others, key=lambda path: (-len(os.path.commonpath([here, path])), path))

    def calls(self, module: t.Module) -> CallsByName:
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
                            name = _OUT_OF if _is_out_of(func) else name
                            if name is not None:
                                found.setdefault(name, []).append((node, statement))
        return found


def _is_out_of(func: t.Expr) -> bool:
    """Whether what is called is taken out of a dictionary."""
    match func:
        case t.Subscript() | t.Call(func=t.Attribute(attr="get")):
            return True
    return False


def _importing(evaluator: Evaluation, home: str) -> set[str]:
    """The files that may have something from the module `home`: they name it, or one of the packages around it."""
    stem, folder = os.path.splitext(os.path.basename(home))[0], os.path.dirname(home)
    folders = os.path.relpath(folder, os.path.abspath(evaluator.project.top_of(home)))
    words = [word for word in (stem, *folders.split(os.sep)) if word not in ("__init__", ".", "..")]
    return {path for word in (*words, *_RELATIVE) for path in evaluator.project.files_with(word, home)}


def _handed_on(definition: t.FunctionDef, call: t.Call, position: int, bound: bool, context: Context) -> Arguments:
    """What a launcher calls a function with: `args=(…)`, or what follows it; what it puts first itself is unknown."""
    listed = next((a.value for a in call.args if a.keyword == "args"), None)
    if isinstance(listed, t.Display):
        given = tuple(t.Argument(None, item) for item in listed.items)
    else:
        given = tuple(a for a in call.args[position + 1 :] if a.keyword is None)
    own = [p for p in definition.params if not p.star and not p.keyword_only][bound:]
    needed = sum(p.default is None for p in own)
    first = _put_first(call, listed is not None)
    first = min(max(first, needed - len(given)), max(len(own) - len(given), 0)) if not _spreads(given) else 0
    before = tuple((Unknown(f"@{id(call)}.{index}"),) for index in range(first))
    return Arguments(given, context, before)


def _put_first(call: t.Call, listed: bool) -> int:
    """How many arguments a launcher gives of its own before those that it is handed: a rank, or itself."""
    name = call.func.attr if isinstance(call.func, t.Attribute) else ""
    called = call.func.id if isinstance(call.func, t.Name) else name
    return int(called in ("spawn", "start_processes") or (name == "launch" and not listed))


def _spreads(given: tuple[t.Argument, ...]) -> bool:
    return any(a.star for a in given)


def owner_of(definition: t.FunctionDef) -> t.ClassDef | None:
    """The class whose method a function is."""
    scope = definition.scope
    return scope.definition if isinstance(scope.definition, t.ClassDef) else None


def all_statements(scope: t.Scope) -> Iterator[t.Stmt]:
    """Every statement of a scope and of the functions and classes in it, in textual order.

    They are remembered once somebody has gone through all of them: a module's are asked for many times.
    """
    return iter(scope.everything) if scope.everything is not None else _gathered(scope)


def _gathered(scope: t.Scope) -> Iterator[t.Stmt]:
    found: list[t.Stmt] = []
    waiting = [t.statements(scope.body)]
    while waiting:
        for statement in waiting[-1]:
            found.append(statement)
            yield statement
            if isinstance(statement, (t.FunctionDef, t.ClassDef)):
                waiting.append(t.statements(statement.inner.body))
                break
        else:
            waiting.pop()
    scope.everything = tuple(found)


__all__ = ["CallIndex", "CallSite", "Context", "Instance", "all_statements", "owner_of"]
