"""Follow raw parameters through the methods of a class and note every operation that meets the input with one.

A small abstract interpretation: a value knows which parameters it carries, what was done to them on the way,
and whether it depends on what the network is fed. Branches are merged, loops are read twice, methods and
functions of the same file are entered (bounded, never recursively). Nothing is executed. What a use means is
judged in `models.forward.use`; what operations are called is in `models.forward.operations`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from wdlint.source.models.forward import operations as ops
from wdlint.source.models.forward.arithmetic import Arithmetic
from wdlint.source.models.forward.value import (
    ACTIVE,
    STATIC,
    Carrier,
    Environment,
    How,
    Mark,
    Value,
    element,
    flat,
    mark,
    merge,
)
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_DEEPEST = 8  # calls entered within calls
_MOST_CALLS = 1500  # entered calls in one class


@dataclass(slots=True)
class Reader(Arithmetic):
    """The reading of one class. `tracked` holds dotted names below `self`; `call` reads a call."""

    classes: Sequence[t.ClassDef]
    tracked: Collection[str]
    call: Callable[[Reader, t.Call, Environment], Value]
    fields: dict[str, Value] = field(default_factory=dict)
    methods: dict[str, list[t.FunctionDef]] = field(default_factory=dict)
    stack: list[t.Node] = field(default_factory=list)
    calls: int = 0

    def __post_init__(self) -> None:
        for cls in self.classes:
            own = {s.name: s for s in t.statements(cls.inner.body) if isinstance(s, t.FunctionDef)}
            for name, method in own.items():  # of several definitions (overloads) the last counts
                self.methods.setdefault(name, []).append(method)

    # ---- methods

    def construct(self) -> None:
        """Learn from `__init__` which members alias or hold parameters; uses there do not count."""
        self.muted = True
        for method in self.methods.get("__init__", ())[:3]:
            arguments = {p.name: STATIC for p in method.params}
            self.enter(method, arguments)
        self.muted = False

    def read(self, method: t.FunctionDef) -> Value:
        """Read a method whose arguments come from outside."""
        arguments = {
            p.name: STATIC if _is_plain(p) else Value(active=True, mask="mask" in p.name) for p in method.params
        }
        if method.params and not _decorated(method, "staticmethod"):
            arguments[method.params[0].name] = Value(path="self")
        return self.enter(method, arguments)

    def enter(self, function: t.FunctionDef, arguments: Environment) -> Value:
        """What a function returns for these arguments."""
        self.calls += 1
        if function in self.stack or len(self.stack) >= _DEEPEST or self.calls > _MOST_CALLS:
            return merge([flat(v) for v in arguments.values()] or [STATIC])
        env = dict(arguments)
        if (
            self.methods
            and function.scope.kind == "class"
            and not _decorated(function, "staticmethod")
            and function.params
        ):
            env[function.params[0].name] = Value(path="self")
        self.stack.append(function)
        self.names.append(function.name)
        returned: list[Value] = []
        try:
            self.block(function.inner.body, env, returned)
        finally:
            self.stack.pop()
            self.names.pop()
        return merge(returned)

    def bind(
        self, params: tuple[t.Parameter, ...], args: list[Value], keywords: Environment, spread: bool
    ) -> Environment:
        """Arguments by parameter name."""
        env: Environment = {}
        places = [p for p in params if not p.star and not p.keyword_only]
        for parameter, value in zip(places, args, strict=False):
            env[parameter.name] = value
        for parameter in params:
            if parameter.star == "*":
                env[parameter.name] = Value(items=tuple(args[len(places) :]))
            elif parameter.star == "**":
                known = {p.name for p in params}
                env[parameter.name] = Value(entries=tuple((k, v) for k, v in keywords.items() if k not in known))
            elif parameter.name in keywords:
                env[parameter.name] = keywords[parameter.name]
            elif parameter.name not in env:
                env[parameter.name] = ACTIVE if spread else STATIC
        return env

    # ---- statements

    def block(self, block: t.Block | None, env: Environment, returned: list[Value]) -> None:
        if block is not None:
            for statement in block.statements:
                self.statement(statement, env, returned)

    def branches(self, blocks: Sequence[t.Block | None], env: Environment, returned: list[Value]) -> None:
        outcomes = []
        for block in blocks:
            branch = dict(env)
            self.block(block, branch, returned)
            outcomes.append(branch)
        for name in {n for outcome in outcomes for n in outcome}:
            found = [o[name] for o in outcomes if name in o]
            if any(v is not found[0] for v in found):
                env[name] = merge(found)
            else:
                env[name] = found[0]

    def statement(self, statement: t.Stmt, env: Environment, returned: list[Value]) -> None:
        match statement:
            case t.Assign(targets=targets, value=value) if value is not None:
                result = self.value(value, env)
                for target in targets:
                    self.assign(target, result, env, statement)
            case t.AugAssign(target=target, op=op, value=value):
                combined = self.binary(op, self.value(target, env), self.value(value, env), statement)
                self.assign(target, combined, env, None)
            case t.Expression(value=value):
                self.effect(value, env)
            case t.Return(value=value) if value is not None:
                returned.append(self.value(value, env))
            case t.If(test=test, body=body, orelse=orelse):
                self.value(test, env)
                self.branches((body, orelse), env, returned)
            case t.For(target=target, iter=iterated, body=body, orelse=orelse):
                source = self.value(iterated, env)
                for _ in range(2):
                    self.assign(target, element(source), env, None)
                    self.block(body, env, returned)
                self.block(orelse, env, returned)
            case t.While(test=test, body=body):
                self.value(test, env)
                self.block(body, env, returned)
                self.block(body, env, returned)
            case t.With(items=items, body=body):
                for context, name in items:
                    held = self.value(context, env)
                    if name is not None:
                        self.assign(name, held, env, None)
                self.block(body, env, returned)
            case t.Try(body=body, handlers=handlers, orelse=orelse, final=final):
                self.block(body, env, returned)
                self.branches((None, *handlers), env, returned)
                self.block(orelse, env, returned)
                self.block(final, env, returned)
            case t.FunctionDef():
                env[statement.name] = Value(function=statement)
            case t.Assert(test=test):
                self.value(test, env)

    def effect(self, value: t.Expr, env: Environment) -> None:
        """An expression for its effect: `x.mul_(w)`, `parts.append(w)` and `yield` change what they name."""
        if isinstance(value, t.Yield):
            if value.value is not None:
                self.value(value.value, env)
            return
        result = self.value(value, env)
        if isinstance(value, t.Call) and isinstance(value.func, t.Attribute):
            name = value.func.attr
            receiver = value.func.value
            if name in ("append", "extend", "insert", "update") or (name.endswith("_") and not name.endswith("__")):
                held = self.value(receiver, env)
                self.assign(receiver, merge([flat(held), flat(result)]), env, None)

    def assign(self, target: t.Expr, value: Value, env: Environment, node: t.Node | None) -> None:
        match target:
            case t.Name(id=name):
                env[name] = replace(value, mask=True) if "mask" in name and not value.mask else value
            case t.Display(items=items):
                for index, item in enumerate(items):
                    if len(value.items) == len(items):
                        part = value.items[index]
                    else:
                        part = replace(element(value), path="")
                    self.assign(item.value if isinstance(item, t.Starred) else item, part, env, node)
            case t.Attribute():
                path = self.path(target, env)
                if (
                    path
                    and path not in self.tracked
                    and (value.carriers or value.active or value.items or value.entries)
                ):
                    self.fields[path] = merge([self.fields[path], value]) if path in self.fields else value
            case t.Subscript(value=held):
                whole = self.value(held, env)
                if node is not None and whole.active:
                    for carrier in value.pure:
                        self.touch(carrier, How.JOINED, node)
                if isinstance(held, (t.Name, t.Attribute)):
                    key = target.index.value if isinstance(target.index, t.Const) else None
                    joined = merge([whole, replace(flat(value), path="")])
                    entries = (*whole.entries, (key, value)) if key is not None else whole.entries
                    self.assign(held, replace(joined, entries=entries, path=""), env, None)

    # ---- expressions

    def path(self, node: t.Expr, env: Environment) -> str:
        """The dotted name below `self` that an expression spells, or ""."""
        if isinstance(node, t.Attribute):
            base = self.value(node.value, env).path
            return f"{base}.{node.attr}".removeprefix("self.") if base else ""
        return ""

    def member(self, path: str) -> Value:
        """What stands under a dotted name below `self`."""
        path = path.removeprefix("self.")
        matches = [a for a in self.tracked if a == path or ("*" in path and fnmatch.fnmatchcase(a, path))]
        if matches:
            return Value(frozenset(Carrier(a) for a in matches), path=f"self.{path}")
        if path in self.fields:
            return self.fields[path]
        methods = self.methods.get(path)
        if methods:
            if any(_decorated(methods[0], d) for d in ("property", "cached_property")):
                return self.enter(methods[0], {})
            return Value(function=methods[0], path=f"self.{path}")
        below = f"{path}."
        inside = frozenset(Carrier(a) for a in self.tracked if a.startswith(below) and "." not in a[len(below) :])
        is_container = inside and all(c.attribute[len(below) :].isidentifier() is False for c in inside)
        return Value(inside if is_container else frozenset(), path=f"self.{path}", mask="mask" in path)

    def value(self, node: t.Expr, env: Environment) -> Value:
        """What an expression may hold."""
        match node:
            case t.Name(id=name):
                return env[name] if name in env else self.free(name, node)
            case t.Attribute():
                return self.attribute(node, env)
            case t.Call():
                return self.call(self, node, env)
            case t.Subscript():
                return self.subscript(node, env)
            case t.Binary(op=op, left=left, right=right):
                return self.binary(op, self.value(left, env), self.value(right, env), node)
            case t.Unary(op=op, operand=operand):
                held = self.value(operand, env)
                return STATIC if op == "not" else held
            case t.Compare(left=left, rest=rest):
                sides = [
                    self.value(left, env),
                    *(self.value(e, env) for op, e in rest if not op.startswith(("is", "not", "in"))),
                ]
                return self.compare(sides, node)
            case t.Conditional(test=test, body=body, orelse=orelse):
                self.value(test, env)
                return merge([self.value(body, env), self.value(orelse, env)])
            case t.Boolean(left=left, right=right):
                return merge([self.value(left, env), self.value(right, env)])
            case t.Lambda():
                return Value(function=node)
            case t.Comprehension():
                return self.comprehension(node, env)
            case t.Display(items=items):
                parts: list[Value] = []
                for item in items:
                    if isinstance(item, t.Starred):
                        spread = self.value(item.value, env)
                        parts.extend(spread.items or (element(spread),))
                    else:
                        parts.append(self.value(item, env))
                return Value(items=tuple(parts))
            case t.DictDisplay(items=pairs):
                found = [(k.value if isinstance(k, t.Const) else None, self.value(v, env)) for k, v in pairs]
                return Value(entries=tuple(found))
            case t.Walrus(target=target, value=value):
                result = self.value(value, env)
                self.assign(target, result, env, None)
                return result
            case t.Starred(value=value):
                return self.value(value, env)
            case _:
                return STATIC

    def free(self, name: str, node: t.Name) -> Value:
        """A name from outside the method: a function of the file can be entered."""
        scope: t.Scope | None = self.classes[0].scope
        while scope is not None:
            for statement in scope.bound.get(name, ()):
                if isinstance(statement, t.FunctionDef):
                    return Value(function=statement)
            scope = scope.parent
        return STATIC

    def attribute(self, node: t.Attribute, env: Environment) -> Value:
        base = self.value(node.value, env)
        if base.path:
            member = self.member(f"{base.path}.{node.attr}")
            if member.carriers or member.function or member.items or member.entries or member.active:
                return member
            if node.attr in ops.ABOUT:
                return STATIC
            if base.carriers:
                return replace(base, path=member.path)
            return member
        if node.attr in ops.ABOUT:
            return STATIC
        return Value(flat(base).carriers, base.active, mask=base.mask)

    def subscript(self, node: t.Subscript, env: Environment) -> Value:
        base = self.value(node.value, env)
        index = self.value(node.index, env)
        constant = node.index.value if isinstance(node.index, t.Const) else None
        if isinstance(constant, int) and -len(base.items) <= constant < len(base.items):
            return base.items[constant]
        if constant is not None and base.entries:
            found = [v for k, v in base.entries if k == constant or k is None]
            if found:
                return merge(found)
        if base.path and not base.items:
            member = self.member(f"{base.path}.{'*' if constant is None else str(constant)}")
            if member.carriers:
                return member
        held = element(base) if base.items or base.entries else base
        if not held.carriers:
            return Value(active=held.active or index.active, path=f"{base.path}.*" if base.path else "", mask=held.mask)
        return self.chosen(Value(held.carriers, held.active, mask=held.mask), node.index, index, node)

    def chosen(self, held: Value, spelled: t.Expr, index: Value, node: t.Node) -> Value:
        """Rows of a parameter: chosen by the input, by a buffer's positions, or cut at plain places."""
        parts = spelled.items if isinstance(spelled, t.Display) else (spelled,)
        positions = any(_is_position(p) for e in parts for p in syntax.walk(e))
        if flat(index).active and not isinstance(parts[0], t.Slice):
            for carrier in held.pure:
                self.touch(carrier, How.CHOSEN, node)
            return mark(held, Mark.TABULATED if positions else Mark.CHOSEN)
        if index.path or positions:
            return mark(held, Mark.TABULATED)
        return held

    def comprehension(self, node: t.Comprehension, env: Environment) -> Value:
        inner = dict(env)
        for clause in node.clauses:
            self.assign(clause.target, element(self.value(clause.iter, inner)), inner, None)
        if node.key is not None:
            self.value(node.key, inner)
        return replace(flat(self.value(node.element, inner)), path="")


def _is_position(node: t.Expr) -> bool:
    """A tensor of positions worked out beforehand: `relative_index`, `distances.long()`."""
    if isinstance(node, t.Call) and isinstance(node.func, t.Attribute):
        return node.func.attr in ("long", "int")
    return "index" in (syntax.dotted(node) or "")


def _is_plain(parameter: t.Parameter) -> bool:
    """A parameter that its annotation declares a plain number, flag or text."""
    annotation = parameter.annotation
    return isinstance(annotation, t.Name) and annotation.id in ("int", "float", "bool", "str")


def _decorated(function: t.FunctionDef, name: str) -> bool:
    return any((syntax.dotted(d) or "").rsplit(".", 1)[-1] == name for d in function.decorators)
