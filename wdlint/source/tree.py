"""The engine's own small syntax tree: what a program says, without its white space.

Nodes are compared by identity and hold the libcst node they stand for, so that a place can be found
for the few that are reported. Function bodies are lowered when first asked for. Lowering itself is in
`lower`; what names mean is in `flow` and `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Constant: TypeAlias = str | bytes | int | float | complex | bool | None


@dataclass(slots=True, eq=False)
class Node:
    cst: Any = field(repr=False)


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


@dataclass(slots=True, eq=False)
class Statement(Node):
    block: Block = field(init=False, repr=False)
    index: int = field(init=False, default=0)
    scope: Scope = field(init=False, repr=False)
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
class Match(Statement):
    subject: Expr
    cases: tuple[tuple[Expr | None, Expr | None, Block], ...]  # literal pattern (None: other), guard, body


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
                for name in own_bindings(statement):
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
    | Match
    | FunctionDef
    | ClassDef
)


@dataclass(slots=True, eq=False)
class Module:
    """One source file: its dotted name as the project sees it, its path and its top scope."""

    name: str
    path: str
    is_package: bool
    cst: Any = field(repr=False)
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
        case Match():
            for _, _, body in statement.cases:
                yield body
        case _:
            return


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement of a block and of the blocks in it, in textual order; new scopes stay closed."""
    for statement in block.statements:
        yield statement
        for inner in blocks(statement):
            yield from statements(inner)


def expressions(statement: Stmt) -> Iterator[Expr]:
    """The expressions that a statement itself holds (not those of its blocks)."""
    match statement:
        case Assign():
            yield from statement.targets
            if statement.value is not None:
                yield statement.value
        case AugAssign():
            yield statement.target
            yield statement.value
        case Expression():
            yield statement.value
        case Return() | Raise():
            if statement.value is not None:
                yield statement.value
        case Assert() | If() | While():
            yield statement.test
        case Delete():
            yield from statement.targets
        case For():
            yield statement.target
            yield statement.iter
        case With():
            for value, target in statement.items:
                yield value
                if target is not None:
                    yield target
        case Match():
            yield statement.subject
            for _, guard, _ in statement.cases:
                if guard is not None:
                    yield guard
        case FunctionDef():
            yield from statement.decorators
            for parameter in statement.params:
                if parameter.default is not None:
                    yield parameter.default
        case ClassDef():
            yield from statement.decorators
            for base in statement.bases:
                yield base.value
        case _:
            return


def children(node: Expr) -> Iterator[Expr]:
    """The direct sub-expressions of an expression, in textual order."""
    match node:
        case Attribute() | Starred():
            yield node.value
        case Call():
            yield node.func
            for argument in node.args:
                yield argument.value
        case Subscript():
            yield node.value
            yield node.index
        case Binary() | Boolean():
            yield node.left
            yield node.right
        case Unary():
            yield node.operand
        case Compare():
            yield node.left
            for _, other in node.rest:
                yield other
        case Conditional():
            yield node.body
            yield node.test
            yield node.orelse
        case Lambda():
            for parameter in node.params:
                if parameter.default is not None:
                    yield parameter.default
            yield node.body
        case Comprehension():
            if node.key is not None:
                yield node.key
            yield node.element
            for clause in node.clauses:
                yield clause.target
                yield clause.iter
                yield from clause.ifs
        case Display():
            yield from node.items
        case DictDisplay():
            for key, value in node.items:
                if key is not None:
                    yield key
                yield value
        case Formatted():
            for part in node.parts:
                if not isinstance(part, str):
                    yield part
        case Walrus():
            yield node.target
            yield node.value
        case Yield():
            if node.value is not None:
                yield node.value
        case Slice():
            yield from (bound for bound in (node.lower, node.upper, node.step) if bound is not None)
        case _:
            return


def walk(node: Expr) -> Iterator[Expr]:
    """An expression and everything in it, outermost first."""
    yield node
    for child in children(node):
        yield from walk(child)


def target_names(target: Expr) -> Iterator[str]:
    """The plain names that an assignment target binds."""
    match target:
        case Name():
            yield target.id
        case Display():
            for item in target.items:
                yield from target_names(item)
        case Starred():
            yield from target_names(target.value)
        case _:
            return


def own_bindings(statement: Stmt) -> Iterator[str]:
    """The names that a statement itself binds, not those bound in its blocks."""
    match statement:
        case Assign():
            for target in statement.targets:
                yield from target_names(target)
        case AugAssign():
            yield from target_names(statement.target)
        case For():
            yield from target_names(statement.target)
        case With():
            for _, bound in statement.items:
                if bound is not None:
                    yield from target_names(bound)
        case Import():
            for module, alias in statement.names:
                yield alias or module.split(".", 1)[0]
        case ImportFrom():
            for name, alias in statement.names:
                yield alias or name
        case FunctionDef() | ClassDef():
            yield statement.name
        case _:
            pass
    for expression in expressions(statement):
        yield from _walrus_names(expression)


def _walrus_names(expression: Expr) -> Iterator[str]:
    if isinstance(expression, (Name, Const, Lambda)):
        return
    if isinstance(expression, Walrus):
        yield from target_names(expression.target)
    for child in children(expression):
        yield from _walrus_names(child)


def dotted(node: Expr) -> str | None:
    """`a.b.c` as text, or None where an expression is no dotted name."""
    parts: list[str] = []
    while isinstance(node, Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def root_name(node: Expr) -> str | None:
    """The name at the root of attributes, subscripts and calls: `self` of `self.a[0].b()`."""
    while True:
        match node:
            case Attribute() | Subscript():
                node = node.value
            case Call():
                node = node.func
            case Name():
                return node.id
            case _:
                return None


def decorator_names(definition: FunctionDef | ClassDef) -> Iterator[str]:
    """The last names of a definition's decorators: `dataclass` of `@dataclasses.dataclass(frozen=True)`."""
    for decorator in definition.decorators:
        called = decorator.func if isinstance(decorator, Call) else decorator
        name = dotted(called)
        if name is not None:
            yield name.rsplit(".", 1)[-1]


def paired(target: Expr, value: Expr, name: str) -> Expr | None:
    """The expression that a name gets from `a, b = x, y`, or None where that can't be read off."""
    if isinstance(target, Name):
        return value
    if isinstance(target, Display) and isinstance(value, Display) and len(target.items) == len(value.items):
        if any(isinstance(i, Starred) for i in (*target.items, *value.items)):
            return None
        for part, given in zip(target.items, value.items, strict=True):
            if name in target_names(part):
                return paired(part, given, name)
    return None
