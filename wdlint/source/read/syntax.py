"""What can be read off a node of the tree: the expressions in it, the names in it and those it binds.

The nodes themselves are in `tree`; what a name means is worked out in `names`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.source.read import tree as t


def expressions(statement: t.Stmt) -> Iterator[t.Expr]:
    """The expressions that a statement itself holds (not those of its blocks)."""
    match statement:
        case t.Assign():
            yield from statement.targets
            if statement.value is not None:
                yield statement.value
        case t.AugAssign():
            yield statement.target
            yield statement.value
        case t.Expression():
            yield statement.value
        case t.Return() | t.Raise():
            if statement.value is not None:
                yield statement.value
        case t.Assert() | t.If() | t.While():
            yield statement.test
        case t.Delete():
            yield from statement.targets
        case t.For():
            yield statement.target
            yield statement.iter
        case t.With():
            for value, target in statement.items:
                yield value
                if target is not None:
                    yield target
        case t.FunctionDef():
            yield from statement.decorators
            for parameter in statement.params:
                if parameter.default is not None:
                    yield parameter.default
        case t.ClassDef():
            yield from statement.decorators
            for base in statement.bases:
                yield base.value
        case _:
            return


def children(node: t.Expr) -> Iterator[t.Expr]:
    """The direct sub-expressions of an expression, in textual order."""
    match node:
        case t.Attribute() | t.Starred():
            yield node.value
        case t.Call():
            yield node.func
            for argument in node.args:
                yield argument.value
        case t.Subscript():
            yield node.value
            yield node.index
        case t.Binary() | t.Boolean():
            yield node.left
            yield node.right
        case t.Unary():
            yield node.operand
        case t.Compare():
            yield node.left
            for _, other in node.rest:
                yield other
        case t.Conditional():
            yield node.body
            yield node.test
            yield node.orelse
        case t.Lambda():
            for parameter in node.params:
                if parameter.default is not None:
                    yield parameter.default
            yield node.body
        case t.Comprehension():
            if node.key is not None:
                yield node.key
            yield node.element
            for clause in node.clauses:
                yield clause.target
                yield clause.iter
                yield from clause.ifs
        case t.Display():
            yield from node.items
        case t.DictDisplay():
            for key, value in node.items:
                if key is not None:
                    yield key
                yield value
        case t.Formatted():
            for part in node.parts:
                if not isinstance(part, str):
                    yield part
        case t.Walrus():
            yield node.target
            yield node.value
        case t.Yield():
            if node.value is not None:
                yield node.value
        case t.Slice():
            yield from (bound for bound in (node.lower, node.upper, node.step) if bound is not None)
        case _:
            return


def walk(node: t.Expr) -> Iterator[t.Expr]:
    """An expression and everything in it, outermost first."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (t.Name, t.Const)):
            waiting += reversed([*children(node)])


def target_names(target: t.Expr) -> Iterator[str]:
    """The plain names that an assignment target binds."""
    match target:
        case t.Name():
            yield target.id
        case t.Display():
            for item in target.items:
                yield from target_names(item)
        case t.Starred():
            yield from target_names(target.value)
        case _:
            return


def own_bindings(statement: t.Stmt) -> Iterator[str]:
    """The names that a statement itself binds, not those bound in its blocks."""
    match statement:
        case t.Assign():
            for target in statement.targets:
                yield from target_names(target)
        case t.AugAssign():
            yield from target_names(statement.target)
        case t.For():
            yield from target_names(statement.target)
        case t.With():
            for _, bound in statement.items:
                if bound is not None:
                    yield from target_names(bound)
        case t.Import():
            for module, alias in statement.names:
                yield alias or module.split(".", 1)[0]
        case t.ImportFrom():
            for name, alias in statement.names:
                yield alias or name
        case t.FunctionDef() | t.ClassDef():
            yield statement.name
        case _:
            pass
    for expression in expressions(statement):
        yield from _walrus_names(expression)


def _walrus_names(expression: t.Expr) -> Iterator[str]:
    if isinstance(expression, (t.Name, t.Const, t.Lambda)):
        return
    if isinstance(expression, t.Walrus):
        yield from target_names(expression.target)
    for child in children(expression):
        yield from _walrus_names(child)


def dotted(node: t.Expr) -> str | None:
    """`a.b.c` as text, or None where an expression is no dotted name."""
    parts: list[str] = []
    while isinstance(node, t.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, t.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def last_name(call: t.Call) -> str:
    """The last part of the name that a call calls; empty where it calls something without a name."""
    return last_part(call.func)


def last_part(node: t.Expr) -> str:
    """`c` of `a.b.c`, and a name itself; empty for everything else."""
    return node.id if isinstance(node, t.Name) else node.attr if isinstance(node, t.Attribute) else ""


def root_name(node: t.Expr) -> str | None:
    """The name at the root of attributes, subscripts and calls: `self` of `self.a[0].b()`."""
    while True:
        match node:
            case t.Attribute() | t.Subscript():
                node = node.value
            case t.Call():
                node = node.func
            case t.Name():
                return node.id
            case _:
                return None


def set_default(node: t.Expr | None) -> t.Attribute | None:
    """The method of `held.setdefault(key, value)`, whose own value is the mapping that is asked and filled."""
    match node:
        case t.Call(func=t.Attribute(attr="setdefault") as func, args=(_, _)):
            return func
    return None


def decorator_names(definition: t.FunctionDef | t.ClassDef) -> Iterator[str]:
    """The last names of a definition's decorators: `dataclass` of `@dataclasses.dataclass(frozen=True)`."""
    for decorator in definition.decorators:
        called = decorator.func if isinstance(decorator, t.Call) else decorator
        name = dotted(called)
        if name is not None:
            yield name.rsplit(".", 1)[-1]


def paired(target: t.Expr, value: t.Expr, name: str) -> t.Expr | None:
    """The expression that a name gets from `a, b = x, y`, or None where that can't be read off."""
    if isinstance(target, t.Name):
        return value
    if isinstance(target, t.Display) and isinstance(value, t.Display) and len(target.items) == len(value.items):
        if any(isinstance(i, t.Starred) for i in (*target.items, *value.items)):
            return None
        for part, given in zip(target.items, value.items, strict=True):
            if name in target_names(part):
                return paired(part, given, name)
    return None


def matched(params: Sequence[t.Parameter], given: Sequence[t.Argument]) -> Iterator[tuple[t.Argument, str]]:
    """The arguments of a call, each with the name of the parameter that takes it; none of what is spread or behind it.

    `params` are those that the call fills: a method's own receiver is none of them.
    """
    names = [p.name for p in params if not p.star and not p.keyword_only]
    for index, argument in enumerate(given):
        if argument.star == "*":
            names = []  # how many it fills can't be told
        elif argument.keyword:
            yield argument, argument.keyword
        elif not argument.star and index < len(names):
            yield argument, names[index]
