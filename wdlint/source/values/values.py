"""What an expression may be: the values that the evaluator deals in, and where it stands when it asks.

A value is an answer, never a running object: a constant with its origin, a class, a call that made
something, a collection of parameters. Several answers come as a tuple. How values are found is in
`values.evaluator`; what can be asked of them is in `objects`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wdlint.facts import Origin
from wdlint.source.read import tree as t


@dataclass(slots=True, eq=False)
class Frame:
    """One activation of a scope. `arguments` is None where the caller is not known."""

    scope: t.Scope
    parent: Frame | None
    arguments: dict[str, Answers] | None = None
    receiver: Value | None = None  # what `self` (or `cls`) is
    depth: int = 0
    call: t.Call | None = None  # the call that opens it, where that is known
    caller: Frame | None = None
    contexts: dict[int, Context] = field(default_factory=dict, repr=False)

    def at(self, statement: t.Stmt | None) -> Context:
        """The context of a statement of this frame (None: the end of its scope)."""
        key = id(statement)
        context = self.contexts.get(key)
        if context is None:
            context = self.contexts[key] = Context(self, statement)
        return context


@dataclass(slots=True, eq=False)
class Context:
    """Where an expression stands: its frame, its statement, and comprehension or lambda variables."""

    frame: Frame
    statement: t.Stmt | None
    local: dict[str, Answers] | None = None
    outer: Context | None = None  # the context around a comprehension or lambda
    conditions: tuple[Condition, ...] = ()  # the comprehension's own `if`s
    clause: t.Clause | None = None  # what binds a comprehension's variables
    inner: dict[tuple[int, int], Context] = field(default_factory=dict, repr=False)  # by node and way followed

    @property
    def module(self) -> t.Module:
        return self.frame.scope.module


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A test that must turn out `truth` for something to happen."""

    test: t.Expr
    truth: bool
    context: Context


@dataclass(frozen=True, slots=True, eq=False)
class Deferred:
    """An expression to be evaluated where it stands, when asked for."""

    expr: t.Expr
    context: Context


# ---- values


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A Python constant, where it comes from and where it stands."""

    value: t.Constant
    origin: Origin = Origin.WRITTEN
    node: t.Node | None = None
    module: t.Module | None = None

    def come_from(self, origin: Origin) -> Known:
        return replace(self, origin=origin) if self.origin is Origin.WRITTEN else self


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """Something that can't be told. Equal keys mean the same thing; `computed` says it is a number at work."""

    key: str
    computed: bool = False
    positive: bool = False  # a number that is certainly not 0
    optional: bool = False  # None unless somebody sets it
    unset: bool = False  # the same, and read only where it is set
    annotation: Value | None = None
    counts: Answers = ()  # what it counts the elements of, one a turn
    first: int = 0  # from which number on
    span: tuple[int | None, int | None] | None = None  # the numbers that it counts through, as the bounds of a slice


@dataclass(frozen=True, slots=True, eq=False)
class External:
    """Something of a library, by its import path."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class ModuleValue:
    module: t.Module


@dataclass(frozen=True, slots=True, eq=False)
class FolderValue:
    """A namespace package of the project."""

    path: str
    importer: t.Module


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue:
    definition: t.ClassDef
    frame: Frame  # where it is defined

    @property
    def path(self) -> str:
        return f"{self.definition.scope.module.name}.{self.definition.name}"


@dataclass(frozen=True, slots=True, eq=False)
class FunctionValue:
    """A function or lambda of the project, perhaps bound to a receiver."""

    definition: t.FunctionDef | t.Lambda
    frame: Frame
    context: Context | None = None  # a lambda's surroundings
    receiver: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A method, by name, of a value that is no class of the project."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """`functools.partial`: a callable with arguments already given."""

    callee: Value
    arguments: Arguments


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """What a call of a class (or of an unknown library function) made."""

    cls: ClassValue | External
    arguments: Arguments | None  # None: made somewhere that is not seen, such as `self`
    node: t.Call | None = None
    frame: Frame | None = None  # where it was made


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One element of a sequence, or with `spread` all elements of another one."""

    value: Deferred | Answers
    conditions: tuple[Condition, ...] = ()
    spread: bool = False


TABLE = "table"  # the kind of a sequence of constants that a library holds


@dataclass(frozen=True, slots=True, eq=False)
class SequenceValue:
    kind: str  # "list", "tuple", "set", "generator", or `TABLE`
    items: tuple[Item, ...]
    node: t.Node | None = None
    context: Context | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of a mapping; a key of None spreads the mapping `value`."""

    key: Deferred | Answers | None
    value: Deferred | Answers
    conditions: tuple[Condition, ...] = ()
    node: t.Node | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MappingValue:
    entries: tuple[Entry, ...]
    node: t.Node | None = None
    context: Context | None = None
    complete: bool = True
    missing: Value | None = None  # what it makes for a key that it lacks, as `defaultdict(list)` does
    settings: bool = False  # a library's configuration: what is set in it is a default, which a user may change


SLICED = "sliced"  # the change that leaves some of the layers of a list; what was sliced is its value
EVERY = "\0every"  # in the path of a change: each element of a list


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Something done in place to an object: at `path` below it, by assignment, method or operator.

    `path` holds attribute names and constant keys alike; None stands for a key that can't be told, `EVERY` for all.
    """

    path: tuple[str | int | None, ...]
    action: str  # "set", "delete", an operator such as "+=", or a method's name
    value: t.Expr | None
    arguments: tuple[t.Argument, ...]
    context: Context
    certain: bool
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """A value and what was later done to it."""

    base: Value
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A sub-module: `value`, reached from the model `root` by `path`."""

    root: Value
    path: str
    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """`model.parameters()` and its relatives, in the model's order."""

    what: str  # "parameters", "named_parameters", "modules", "named_modules", "children", "named_children"
    model: Value
    recurse: bool = True
    prefix: str = ""
    owner: Element | None = None  # the module element it was asked of, inside a loop over modules
    keyed: bool = False  # a dictionary of them: what is walked through is its names


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """The current element of a loop over a collection; `turn` identifies the loop."""

    collection: Collection
    part: str  # "name", "parameter", "module"
    turn: int


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute of an element that stays symbolic: `p.ndim`, `module.weight`, `name.lower`."""

    of: Value
    name: str
    arguments: tuple[t.Constant, ...] = ()
    called: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class TextOf:
    """A text built around an element's name."""

    pieces: tuple[str | Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """A set or sequence built from others: union, difference, filter, and the like."""

    name: str
    operands: tuple[Answers, ...]
    node: t.Node | None = None
    context: Context | None = None


Value: TypeAlias = (
    Known
    | Unknown
    | External
    | ModuleValue
    | FolderValue
    | ClassValue
    | FunctionValue
    | Method
    | Partial
    | Instance
    | SequenceValue
    | MappingValue
    | Changed
    | Part
    | Collection
    | Element
    | Attribute
    | TextOf
    | Operation
)
Answers: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """The arguments of a call: those written, and those already given by a partial or as values."""

    written: tuple[t.Argument, ...] = ()
    context: Context | None = None
    positional: tuple[Answers, ...] = ()  # given before the written ones
    keywords: tuple[tuple[str, Answers], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class CallSite:
    """A call of a function of the project: what it gives."""

    arguments: Arguments
    bound: bool  # the receiver is not among the arguments
    call: t.Call
    statement: t.Stmt
    handed: t.Expr | None = None  # the function, where the call hands it to what calls it with `arguments`


def bare(value: Value) -> Value:
    """The value under later changes and sub-module paths."""
    while isinstance(value, (Changed, Part)):
        value = value.base if isinstance(value, Changed) else value.value
    return value


def constant(answers: Answers) -> t.Constant | None:
    """The one constant that all answers agree on, else None."""
    values = {value.value if isinstance(value, Known) else _NOT_KNOWN for value in answers}
    if len(values) != 1:
        return None
    (only,) = values
    return None if isinstance(only, _NotKnown) else only


class _NotKnown:
    """Marks an answer that is no constant."""


_NOT_KNOWN = _NotKnown()
