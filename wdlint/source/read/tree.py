"""The engine's own small syntax tree: what a program says, without its white space.

Nodes are compared by identity and hold the node they stand for, of libcst or of `ast`, so that a place can be
found for the few that are reported. Function bodies are lowered when first asked for. What is linted is lowered
from libcst's tree (`lower`), what is only consulted from Python's own (`lower_ast`): one tree, whichever way.
What can be read off a node is in `syntax`, what names mean in `flow` and `names`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Constant: TypeAlias = str | bytes | int | float | complex | bool | None


@dataclass(slots=True, eq=False)
class Node:
    origin: Any = field(repr=False)  # the node of libcst or `ast` that it stands for


# ---- expressions


@dataclass(slots=True, eq=False)
class Name(Node):
    id: str


@dataclass(slots=True, eq=False)
class Const(Node):
    value: Constant


@dataclass(slots=True, eq=False)
class Attribute(Node):
    value: Expr
    attr: str


@dataclass(slots=True, eq=False)
class Argument(Node):
    value: Expr
    keyword: str | None = None
    star: str = ""  # "", "*" or "**"


@dataclass(slots=True, eq=False)
class Call(Node):
    func: Expr
    args: tuple[Argument, ...]


@dataclass(slots=True, eq=False)
class Subscript(Node):
    value: Expr
    index: Expr


@dataclass(slots=True, eq=False)
class Slice(Node):
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(slots=True, eq=False)
class Unary(Node):
    op: str  # "-", "+", "~", "not"
    operand: Expr


@dataclass(slots=True, eq=False)
class Binary(Node):
    op: str  # "+", "-", "*", "/", "//", "%", "**", "@", "|", "&", "^", "<<", ">>"
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Boolean(Node):
    op: str  # "and", "or"
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Compare(Node):
    left: Expr
    rest: tuple[tuple[str, Expr], ...]  # ("<", e), ("not in", e), …


@dataclass(slots=True, eq=False)
class Conditional(Node):
    test: Expr
    body: Expr
    orelse: Expr


@dataclass(slots=True, eq=False)
class Lambda(Node):
    params: tuple[Parameter, ...]
    body: Expr


@dataclass(slots=True, eq=False)
class Clause:
    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Comprehension(Node):
    kind: str  # "list", "set", "generator", "dict"
    element: Expr  # a dict's value
    key: Expr | None
    clauses: tuple[Clause, ...]


@dataclass(slots=True, eq=False)
class Starred(Node):
    value: Expr


@dataclass(slots=True, eq=False)
class Display(Node):
    kind: str  # "list", "tuple", "set"
    items: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class DictDisplay(Node):
    items: tuple[tuple[Expr | None, Expr], ...]  # a key of None spreads its value


@dataclass(slots=True, eq=False)
class Formatted(Node):
    parts: tuple[str | Expr, ...]


@dataclass(slots=True, eq=False)
class Walrus(Node):
    target: Expr
    value: Expr


@dataclass(slots=True, eq=False)
class Yield(Node):
    value: Expr | None
    delegates: bool  # `yield from`


@dataclass(slots=True, eq=False)
class Opaque(Node):
    """Syntax whose meaning never matters here."""


Expr: TypeAlias = (
    Name
    | Const
    | Attribute
    | Call
    | Subscript
    | Slice
    | Unary
    | Binary
    | Boolean
    | Compare
    | Conditional
    | Lambda
    | Comprehension
    | Starred
    | Display
    | DictDisplay
    | Formatted
    | Walrus
    | Yield
    | Opaque
)


# ---- statements


@dataclass(slots=True, eq=False)
class Block:
    """A run of statements; `parent` is the statement that holds it, None for a scope's body."""

    statements: list[Stmt]
    parent: Stmt | None
    # Worked out when they are first asked, in `values.flow`.
    left: bool | None = field(init=False, repr=False, default=None)
    checks: tuple[If | Assert, ...] | None = field(init=False, repr=False, default=None)
    loops: tuple[Block, ...] | None = field(init=False, repr=False, default=None)


@dataclass(slots=True, eq=False)
class Statement(Node):
    block: Block = field(init=False, repr=False)
    index: int = field(init=False, default=0)
    order: int = field(init=False, repr=False, default=-1)  # its number in its scope, once that is asked
    scope: Scope = field(init=False, repr=False)
    owns: tuple[str, ...] = field(init=False, default=())  # names it binds itself, its blocks left out
    binds: frozenset[str] = field(init=False, default=frozenset())  # names it may bind, blocks included
    touches: frozenset[str] = field(init=False, default=frozenset())  # names whose objects it may change


@dataclass(slots=True, eq=False)
class Assign(Statement):
    targets: tuple[Expr, ...]
    value: Expr | None  # None for a bare annotation
    annotation: Expr | None = None


@dataclass(slots=True, eq=False)
class AugAssign(Statement):
    target: Expr
    op: str
    value: Expr


@dataclass(slots=True, eq=False)
class Expression(Statement):
    value: Expr


@dataclass(slots=True, eq=False)
class Return(Statement):
    value: Expr | None


@dataclass(slots=True, eq=False)
class Raise(Statement):
    value: Expr | None


@dataclass(slots=True, eq=False)
class Assert(Statement):
    test: Expr


@dataclass(slots=True, eq=False)
class Delete(Statement):
    targets: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Jump(Statement):
    kind: str  # "break", "continue", "pass"


@dataclass(slots=True, eq=False)
class Outer(Statement):
    names: tuple[str, ...]  # `global` and `nonlocal`


@dataclass(slots=True, eq=False)
class Import(Statement):
    names: tuple[tuple[str, str | None], ...]  # dotted module, alias


@dataclass(slots=True, eq=False)
class ImportFrom(Statement):
    module: str
    level: int
    names: tuple[tuple[str, str | None], ...]  # ("*", None) for a star


@dataclass(slots=True, eq=False)
class If(Statement):
    test: Expr
    body: Block
    orelse: Block | None


@dataclass(slots=True, eq=False)
class For(Statement):
    target: Expr
    iter: Expr
    body: Block
    orelse: Block | None


@dataclass(slots=True, eq=False)
class While(Statement):
    test: Expr
    body: Block
    orelse: Block | None


@dataclass(slots=True, eq=False)
class With(Statement):
    items: tuple[tuple[Expr, Expr | None], ...]
    body: Block


@dataclass(slots=True, eq=False)
class Try(Statement):
    body: Block
    handlers: tuple[Block, ...]
    orelse: Block | None
    final: Block | None


@dataclass(slots=True, eq=False)
class Parameter(Node):
    """One parameter of a function."""

    name: str
    default: Expr | None
    annotation: Expr | None
    star: str = ""  # "", "*" or "**"
    keyword_only: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """A module's, class's or function's own names."""

    kind: str  # "module", "class", "function"
    name: str
    parent: Scope | None
    module: Module = field(repr=False)
    _body: Block | None = field(repr=False, default=None)
    _lower: Callable[[], Block] | None = field(repr=False, default=None)
    _bound: dict[str, list[Stmt]] | None = field(repr=False, default=None)
    outer_names: set[str] = field(default_factory=set)
    definition: FunctionDef | ClassDef | None = field(repr=False, default=None)
    everything: tuple[Stmt, ...] | None = field(init=False, repr=False, default=None)  # see `all_statements`

    @property
    def body(self) -> Block:
        if self._body is None:
            assert self._lower is not None
            self._body = self._lower()
        return self._body

    @property
    def bound(self) -> dict[str, list[Stmt]]:
        """The scope's top-level and nested statements that bind each name, in textual order."""
        if self._bound is None:
            found: dict[str, list[Stmt]] = {}
            for statement in statements(self.body):
                for name in statement.owns:
                    found.setdefault(name, []).append(statement)
            self._bound = found
        return self._bound


@dataclass(slots=True, eq=False)
class FunctionDef(Statement):
    name: str
    params: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    inner: Scope = field(repr=False)


@dataclass(slots=True, eq=False)
class ClassDef(Statement):
    name: str
    bases: tuple[Argument, ...]
    decorators: tuple[Expr, ...]
    inner: Scope = field(repr=False)


Stmt: TypeAlias = (
    Assign
    | AugAssign
    | Expression
    | Return
    | Raise
    | Assert
    | Delete
    | Jump
    | Outer
    | Import
    | ImportFrom
    | If
    | For
    | While
    | With
    | Try
    | FunctionDef
    | ClassDef
)


@dataclass(slots=True, eq=False)
class Module:
    """One source file: its dotted name as the project sees it, its path and its top scope."""

    name: str
    path: str
    is_package: bool
    origin: Any = field(repr=False)  # libcst's module; the text's lines where it was read with `ast`
    scope: Scope = field(init=False, repr=False)


def blocks(statement: Stmt) -> Iterator[Block]:
    """The blocks that belong to a compound statement, in textual order; not those of new scopes."""
    match statement:
        case If() | For() | While():
            yield statement.body
            if statement.orelse:
                yield statement.orelse
        case With():
            yield statement.body
        case Try():
            yield statement.body
            yield from statement.handlers
            if statement.orelse:
                yield statement.orelse
            if statement.final:
                yield statement.final
        case _:
            return


_HOLDERS = (If, For, While, With, Try)


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement of a block and of the blocks in it, in textual order; new scopes stay closed."""
    waiting = block.statements[::-1]
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, _HOLDERS):
            for inner in reversed([*blocks(statement)]):
                waiting += reversed(inner.statements)
