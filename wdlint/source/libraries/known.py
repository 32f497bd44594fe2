"""All libraries that are known, asked as one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from wdlint.source import libraries
from wdlint.source.libraries import options, written_data, written_settings
from wdlint.source.libraries.library import Call, CallReader, Declarer, Library, NameReader
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, Context, External, Instance, Method, Unknown, Value


@cache
def found() -> tuple[Library, ...]:
    """The libraries of this room, by the names of their modules."""
    names = sorted(module.name for module in pkgutil.iter_modules(libraries.__path__))
    modules = (importlib.import_module(f"{libraries.__name__}.{name}") for name in names)
    return tuple(module.LIBRARY for module in modules if hasattr(module, "LIBRARY"))


class Known:
    """What is known of libraries, looked up by import path or name; see `values.evaluation.Libraries`."""

    def __init__(self, libraries: Iterable[Library]) -> None:
        known = tuple(libraries)
        self._calls: dict[str, CallReader] = {}
        self._families: list[tuple[Callable[[str], bool], CallReader]] = []
        self._names: dict[str, NameReader] = {}
        self._methods: dict[str, list[CallReader]] = {}
        self.declarers: dict[str, Declarer] = {}
        for library in known:
            self._calls.update(library.calls)
            self._names.update(library.names)
            self._families.extend(library.families)
            self.declarers.update(library.declarers)
            for name, reader in library.methods.items():
                self._methods.setdefault(name, []).append(reader)
        self._members = [library.member for library in known if library.member is not None]
        self._inherited = [library.inherited for library in known if library.inherited is not None]
        self._items = [library.item for library in known if library.item is not None]
        self._entries = [library.entry for library in known if library.entry is not None]
        self._elements = [library.elements for library in known if library.elements is not None]
        self._settings = frozenset(path for library in known for path in library.settings)
        self._parameters = [library.parameter for library in known if library.parameter is not None]

    def call(
        self,
        evaluator: Evaluation,
        callee: External | Method,
        arguments: Arguments,
        node: t.Call | None,
        context: Context,
    ) -> Answers | None:
        """What a call returns; None where no library says so."""
        call = Call(callee, arguments, node, context)
        for reader in self._readers(callee):
            answers = reader(evaluator, call)
            if answers is not None:
                return answers
        return None

    def _readers(self, callee: External | Method) -> Iterator[CallReader]:
        if isinstance(callee, Method):
            yield from self._methods.get(callee.name, ())
            return
        reader = self._calls.get(callee.path)
        if reader is not None:
            yield reader
        for picks, reader in self._families:
            if picks(callee.path):
                yield reader

    def member(self, evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers:
        """An attribute of something that a library made."""
        assert isinstance(value.cls, External)
        if name == "module":  # what wraps a model holds it under this name
            return (value,)
        for member in self._members:
            answers = member(evaluator, value, name, context)
            if answers is not None:
                return answers
        return (value.cls,) if name == "__class__" else (Method(value, name),)

    def named(self, evaluator: Evaluation, path: str, context: Context) -> Answers:
        """What a name of a library holds; empty where that can't be told."""
        reader = self._names.get(path)
        return reader(evaluator, context) if reader is not None else ()

    def inherited(self, evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers:
        """An attribute that an instance of a project's class has from a library; empty where none is known."""
        for inherited in self._inherited:
            answers = inherited(evaluator, value, name, context)
            if answers is not None:
                return answers
        return ()

    def item(self, evaluator: Evaluation, value: Instance, index: Value, context: Context) -> Answers:
        """An item of something that a library made, such as a layer of `nn.Sequential`."""
        for item in self._items:
            answers = item(evaluator, value, index, context)
            if answers is not None:
                return answers
        key = getattr(index, "value", None)
        return (Unknown(f"@{id(value)}[{key}]"),)

    def entry(self, evaluator: Evaluation, value: Instance, key: str) -> Answers:
        """An entry of something used as a mapping: `vars(args)["lr"]`, `**vars(args)`; empty where it has none."""
        for entry in self._entries:
            answers = entry(evaluator, value, key)
            if answers is not None:
                return answers
        return ()

    def elements(self, evaluator: Evaluation, value: Instance, turn: int) -> Iterator[Value]:
        """What iterating over something of a library gives, as far as that is known."""
        for elements in self._elements:
            answers = elements(evaluator, value, turn)
            if answers is not None:
                return answers
        return iter(())

    def option(self, evaluator: Evaluation, name: str, context: Context, made_in: t.Scope | None = None) -> Answers:
        """What a command-line option is by default; empty where none of that name is seen."""
        declared = options.default(evaluator, name, context, self.declarers, made_in)
        return declared or written_data.default(evaluator, name, context)

    def setting(self, evaluator: Evaluation, holder: str, name: str, context: Context) -> Answers:
        """The number that all settings of the project agree on; empty where there is none."""
        set_by_programs = written_settings.setting(evaluator, holder, name, context)
        return set_by_programs or written_data.default(evaluator, name, context)

    def are_settings(self, path: str) -> bool:
        """Whether a class of a library is a configuration: what is set in it may be changed from outside."""
        return path in self._settings

    def parameter(self, evaluator: Evaluation, definition: t.FunctionDef, name: str) -> Answers:
        """What a decorator gives to a function's parameter; empty where none does."""
        for parameter in self._parameters:
            answers = parameter(evaluator, definition, name)
            if answers:
                return answers
        return ()
