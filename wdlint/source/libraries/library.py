"""What a module of this room says of its library: a `Library`, made of small functions.

Each of them reads one kind of call or member. How the libraries are asked is in `known`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, Context, External, Instance, Method, SequenceValue, Value


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of something of a library: what is called, what with, and where."""

    callee: External | Method
    arguments: Arguments
    node: t.Call | None
    context: Context

    def positional(self, evaluator: Evaluation) -> tuple[Answers, ...]:
        """The positional arguments in order."""
        return call_arguments.positional(evaluator, self.arguments)

    def first(self, evaluator: Evaluation) -> Answers:
        """The first positional argument; empty where none is given."""
        given = self.positional(evaluator)
        return given[0] if given else ()


# What a call returns; None where it is not the library's after all. No answers: nothing can be told.
CallReader: TypeAlias = Callable[[Evaluation, Call], "Answers | None"]
# What a member or an item of something that a library made is; None where the library did not make it.
MemberReader: TypeAlias = Callable[[Evaluation, Instance, str, Context], "Answers | None"]
ItemReader: TypeAlias = Callable[[Evaluation, Instance, Value, Context], "Answers | None"]
EntryReader: TypeAlias = Callable[[Evaluation, Instance, str], "Answers | None"]
# What iterating over it gives, `turn` naming the loop.
ElementReader: TypeAlias = Callable[[Evaluation, Instance, int], "Iterator[Value] | None"]
# What one of its names holds, asked for in a module; empty where that can't be told.
NameReader: TypeAlias = Callable[[Evaluation, Context], Answers]
# What a decorator of the library gives to a parameter of the function below it; empty where it gives nothing.
ParameterReader: TypeAlias = Callable[[Evaluation, t.FunctionDef, str], Answers]


@dataclass(frozen=True, slots=True)
class Declarer:
    """A function whose calls declare a command-line option, such as `add_argument`."""

    mark: tuple[bytes, ...]  # one of these is in the bytes of every module that calls it so
    default: int | None = None  # the position of the option's default, where it may be given by position
    plain: bool = False  # the option is read under the very name that is given first


@dataclass(frozen=True, slots=True)
class Library:
    """What the evaluator should know of a library.

    Args:
        paths: the import paths that it answers for, each with all that lies below it.
        calls: what its functions and classes return, by their import paths.
        families: the same for paths that a test picks.
        methods: what methods return whose receiver can't be told to be another's, by their names.
        names: what names of it hold that it or the program sets, by their import paths.
        member, item, entry, elements: what can be asked of the things it makes.
        inherited: what an instance of a project's class has from the library's and not from the project.
        declarers: its functions that declare command-line options, by their names.
        parameter: what its decorators give to a function's parameters.
        settings: its classes of configurations, from which a project may derive its own.
    """

    paths: tuple[str, ...]
    calls: Mapping[str, CallReader] = field(default_factory=dict)
    families: tuple[tuple[Callable[[str], bool], CallReader], ...] = ()
    methods: Mapping[str, CallReader] = field(default_factory=dict)
    names: Mapping[str, NameReader] = field(default_factory=dict)
    member: MemberReader | None = None
    inherited: MemberReader | None = None
    item: ItemReader | None = None
    entry: EntryReader | None = None
    elements: ElementReader | None = None
    declarers: Mapping[str, Declarer] = field(default_factory=dict)
    parameter: ParameterReader | None = None
    settings: frozenset[str] = frozenset()


def passed_through(evaluator: Evaluation, call: Call) -> Answers:
    """A function that returns what it is given, as far as decay is concerned; an empty list where that is nothing."""
    given = call.positional(evaluator)
    return given[0] if given else (SequenceValue("list", (), call.node, call.context),)
