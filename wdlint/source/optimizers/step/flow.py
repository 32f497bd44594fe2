"""Read an optimizer's `step`, its helpers and the functions it calls, and note where decay meets the parameters.

Statements are taken in order, loops twice, both branches of a test; functions are entered with their arguments,
bounded and never recursively. Nothing is executed. What the notes amount to is judged in `steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wdlint.source.optimizers.step.asked import asks_dimensions, compared, only_return
from wdlint.source.optimizers.step.value import Algebra, Cell, Condition, Tag, copy, is_decay, is_rate, union
from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_DEEPEST = 7
_MOST_CALLS = 400
_NESTED_LOOPS = 3  # over groups, over parameters, and one of the rule's own, such as Newton's iterations
Environment = dict[str, Cell]
Resolver = Callable[[str], t.FunctionDef | None]


@dataclass(slots=True)
class StepReader:
    """The reading of one optimizer class. `defaults` holds its options' default values; `call` reads a call."""

    methods: Mapping[str, Sequence[t.FunctionDef]]
    module: t.Module
    resolve: Resolver
    defaults: Mapping[str, t.Constant]
    tests: Mapping[str, t.FunctionDef | t.Lambda]  # functions that options are given
    call: Callable[[StepReader, t.Call, Environment], Cell]
    algebra: Algebra = field(default_factory=Algebra)
    reads: list[str] = field(default_factory=list)
    fields: dict[str, Cell] = field(default_factory=dict)
    gradient: Cell = field(default_factory=lambda: Cell({Tag.GRADIENT}))
    state: Cell = field(default_factory=lambda: Cell(role="state", kept=True))
    stack: list[t.Node] = field(default_factory=list)
    calls: int = 0
    loops: int = 0  # those around the statement that is read
    calls_base: bool = False
    hands_state_on: bool = False  # state is put in lists, where it is lost sight of
    decay_read: bool = False  # whether the step looks at a decay strength at all

    # ---- functions

    def read(self, method: t.FunctionDef) -> None:
        """Read a method that is called from outside."""
        env = {p.name: Cell() for p in method.params}
        self.enter(method, env)

    def enter(self, function: t.FunctionDef, env: Environment) -> Cell:
        """What a function returns for these arguments."""
        self.calls += 1
        if function in self.stack or len(self.stack) >= _DEEPEST or self.calls > _MOST_CALLS:
            return union(copy(c) for c in env.values() if not c.role)
        if function.scope.kind == "class" and function.params and not _static(function):
            env[function.params[0].name] = Cell(role="self")
        self.stack.append(function)
        node, returned = self.algebra.node, list[Cell]()
        try:
            self.block(function.inner.body, env, returned)
        finally:
            self.stack.pop()
            self.algebra.node = node
        return union(returned)

    def bind(
        self, function: t.FunctionDef | t.Lambda, args: list[Cell], keywords: Environment, bound: bool
    ) -> Environment:
        """Arguments by parameter name; what isn't given goes by its name."""
        params = function.params[1:] if bound else function.params
        env: Environment = {}
        places = [p for p in params if not p.star and not p.keyword_only]
        env.update({p.name: value for p, value in zip(places, args, strict=False)})
        for parameter in params:
            if parameter.star == "*":
                env[parameter.name] = union(args[len(places) :])
            elif parameter.name in keywords:
                env[parameter.name] = keywords[parameter.name]
            elif parameter.name not in env:
                env[parameter.name] = self.default(parameter)
        return env

    def default(self, parameter: t.Parameter) -> Cell:
        if isinstance(parameter.default, t.Const):
            return Cell(constant=parameter.default.value, role="constant")
        return named(parameter.name)

    # ---- statements

    def block(self, block: t.Block | None, env: Environment, returned: list[Cell]) -> None:
        outer = self.algebra.conditions
        for statement in block.statements if block is not None else ():
            self.algebra.node = statement
            self.statement(statement, env, returned)
            if isinstance(statement, t.If):
                # What follows `if …: return` happens where the test fails.
                if _leaves(statement.body):
                    self.algebra.conditions = (*self.algebra.conditions, self.condition(statement.test, env, False))
                elif _leaves(statement.orelse):
                    self.algebra.conditions = (*self.algebra.conditions, self.condition(statement.test, env, True))
        self.algebra.conditions = outer

    def statement(self, statement: t.Stmt, env: Environment, returned: list[Cell]) -> None:
        match statement:
            case t.Assign(targets=targets, value=value) if value is not None:
                result = self.value(value, env)
                for target in targets:
                    self.assign(target, result, env)
            case t.AugAssign(target=target, op=op, value=value):
                held, operand = self.value(target, env), self.value(value, env)
                combined = self.binary(op, held, operand)
                if held.has(Tag.PARAMETER):
                    self.take(held, combined)
                elif isinstance(target, t.Name) or held.kept:
                    held.absorb(combined)
                self.assign(target, combined if not held.kept else held, env)
            case t.Expression() | t.If() if _is_lost(statement):
                pass
            case t.Expression(value=value):
                self.value(value, env)
            case t.Return(value=value) if value is not None:
                returned.append(self.value(value, env))
            case t.If(test=test, body=body, orelse=orelse):
                self.branch(test, body, orelse, env, returned)
            case t.For(target=target, iter=iterated, body=body, orelse=orelse):
                for _ in self.turns():
                    self.assign(target, self.element(self.value(iterated, env)), env)
                    self.block(body, env, returned)
                self.block(orelse, env, returned)
            case t.While(test=test, body=body):
                self.value(test, env)
                for _ in self.turns():
                    self.block(body, env, returned)
            case t.With(items=items, body=body):
                for context, _ in items:
                    self.value(context, env)
                self.block(body, env, returned)
            case t.Try(body=body, handlers=handlers, orelse=orelse, final=final):
                for part in (body, *handlers, orelse, final):
                    self.block(part, env, returned)
            case t.FunctionDef():
                env[statement.name] = Cell(functions=(statement,))

    def turns(self) -> Iterator[None]:
        """Two turns of a loop, as the second meets what the first left; one where loops are nested beyond use."""
        self.loops += 1
        for _ in range(2 if self.loops <= _NESTED_LOOPS else 1):
            yield
        self.loops -= 1

    def branch(
        self, test: t.Expr, body: t.Block, orelse: t.Block | None, env: Environment, returned: list[Cell]
    ) -> None:
        outer = self.algebra.conditions
        outcomes = []
        for block, wanted in ((body, True), (orelse, False)):
            self.algebra.conditions = (*outer, self.condition(test, env, wanted))
            inner = dict(env)
            self.block(block, inner, returned)
            outcomes.append(inner)
        self.algebra.conditions = outer
        for name in {n for outcome in outcomes for n in outcome}:
            found = [o[name] for o in outcomes if name in o]
            env[name] = found[0] if all(c is found[0] for c in found) else union(found)

    def condition(self, test: t.Expr, env: Environment, wanted: bool) -> Condition:
        """What it takes for a test to come out as wanted."""
        answers = [self.truth(test, env, ndim) for ndim in (None, 1, 2)]
        holds, vectors, matrices = (a if a is None or wanted else not a for a in answers)
        return Condition(self.value(test, env).options, holds, vectors, matrices)

    def truth(self, test: t.Expr, env: Environment, ndim: int | None) -> bool | None:
        """A test's answer where options have their defaults and the parameter has `ndim` dimensions."""
        match test:
            case t.Unary(op="not", operand=operand):
                answer = self.truth(operand, env, ndim)
                return None if answer is None else not answer
            case t.Boolean(op=op, left=left, right=right):
                sides = (self.truth(left, env, ndim), self.truth(right, env, ndim))
                decisive = op == "or"
                if decisive in sides:
                    return decisive
                return None if None in sides else not decisive
            case t.Compare(left=left, rest=((op, right),)):
                first, second = self.known(left, env, ndim), self.known(right, env, ndim)
                return None if first is None or second is None else compared(op, first[0], second[0])
            case t.Call(func=t.Attribute(value=t.Name(id="self"), attr=name)) if name in self.methods:
                asked = only_return(self.methods[name][0])
                return self.truth(asked, env, ndim) if asked is not None and ndim is not None else None
            case t.Call(func=func) if self.tests and (given := self.given(func, env)) is not None:
                asked = only_return(given)
                return self.truth(asked, env, ndim) if asked is not None and ndim is not None else None
            case _:
                found = self.known(test, env, ndim)
                return None if found is None else bool(found[0])

    def known(self, node: t.Expr, env: Environment, ndim: int | None) -> tuple[t.Constant] | None:
        """A plain value, in a tuple, where it is known: a constant, an option's default, a number of dimensions."""
        if isinstance(node, t.Const):
            return (node.value,)
        if ndim is not None and asks_dimensions(node):
            return (ndim,)
        cell = self.value(node, env)
        if cell.role == "constant":
            return (cell.constant,)
        if len(cell.options) == 1 and not cell.tags:
            (option,) = cell.options
            if option in self.tests:
                return (True,)
            if option in self.defaults:
                return (self.defaults[option],)
        return None

    def given(self, node: t.Expr, env: Environment) -> t.FunctionDef | t.Lambda | None:
        """The function that an option is given, where an expression is that option."""
        cell = self.value(node, env)
        return self.tests.get(*cell.options) if len(cell.options) == 1 and not cell.tags else None

    def assign(self, target: t.Expr, value: Cell, env: Environment) -> None:
        match target:
            case t.Name(id=name):
                env[name] = value
            case t.Display(items=items):
                parts = _spread(value, len(items))
                for index, item in enumerate(items):
                    part = parts[index] if len(parts) == len(items) else value
                    self.assign(item.value if isinstance(item, t.Starred) else item, part, env)
            case t.Attribute(value=owner, attr=attr):
                held = self.value(owner, env)
                if held.role == "self":
                    self.fields[attr] = union((self.fields[attr], value)) if attr in self.fields else value
                elif attr == "grad":
                    self.gradient.absorb(value)
                elif held.has(Tag.PARAMETER):
                    self.take(held, value)
            case t.Subscript(value=owner, index=index):
                held = self.value(owner, env)
                key = index.value if isinstance(index, t.Const) else None
                if held.role in ("state", "") and key is not None:
                    stored = copy(value)
                    stored.kept = held.kept
                    held.entries[key] = stored
                    if held.kept:
                        stored.absorb(value)
                elif not held.has(Tag.PARAMETER):
                    held.absorb(value)

    def take(self, parameter: Cell, value: Cell) -> None:
        """A parameter is set to a value or changed by it."""
        if not value.has(Tag.PARAMETER):
            self.algebra.apply(value)

    # ---- expressions

    def value(self, node: t.Expr, env: Environment) -> Cell:
        """What an expression is made of."""
        match node:
            case t.Name(id=name):
                if name in env:
                    return env[name]
                return self.free(name)
            case t.Const(value=value):
                return Cell(constant=value, role="constant")
            case t.Attribute():
                return self.attribute(node, env)
            case t.Subscript():
                return self.subscript(node, env)
            case t.Call():
                return self.call(self, node, env)
            case t.Binary(op=op, left=left, right=right):
                return self.binary(op, self.value(left, env), self.value(right, env))
            case t.Unary(op=op, operand=operand):
                held = self.value(operand, env)
                return Cell(options=held.options) if op == "not" else held
            case t.Compare(left=left, rest=rest):
                sides = [self.value(left, env), *(self.value(e, env) for _, e in rest)]
                return Cell(options=frozenset().union(*(s.options for s in sides)))
            case t.Boolean(left=left, right=right) | t.Conditional(body=left, orelse=right):
                return union((self.value(left, env), self.value(right, env)))
            case t.Display(items=items):
                parts = tuple(self.value(i, env) for i in items)
                self.hands_state_on = self.hands_state_on or any(part.kept and not part.role for part in parts)
                whole = copy(union(parts)) if parts else Cell()
                whole.items = parts
                whole.spread = next((n for n, i in enumerate(items) if isinstance(i, t.Starred)), -1)
                return whole
            case t.DictDisplay(items=pairs):
                return Cell(entries={k.value if isinstance(k, t.Const) else None: self.value(v, env) for k, v in pairs})
            case t.Comprehension(element=element, clauses=clauses):
                inner = dict(env)
                for clause in clauses:
                    self.assign(clause.target, self.element(self.value(clause.iter, inner)), inner)
                return copy(self.value(element, inner))
            case t.Lambda():
                return Cell(functions=(node,))
            case t.Starred(value=value) | t.Walrus(value=value):
                held = self.value(value, env)
                if isinstance(node, t.Walrus):
                    self.assign(node.target, held, env)
                return held
            case _:
                return Cell()

    def free(self, name: str) -> Cell:
        """A name of the module: a function of it, a constant, or a function that the caller finds."""
        for statement in reversed(self.module.scope.bound.get(name, ())):
            if isinstance(statement, t.FunctionDef):
                return Cell(functions=(statement,))
            if isinstance(statement, t.Assign) and isinstance(statement.value, t.Const):
                return Cell(constant=statement.value.value, role="constant")
        found = self.resolve(name)
        return Cell(functions=(found,) if found is not None else ())

    def attribute(self, node: t.Attribute, env: Environment) -> Cell:
        owner = self.value(node.value, env)
        name = node.attr
        if owner.role == "self":
            if name == "param_groups":
                return Cell(role="groups")
            if name == "state":
                return self.state
            if name == "defaults":
                return Cell(role="group")
            if name in self.methods:
                return Cell(functions=(self.methods[name][0],), role="method")
            if name not in self.fields:
                self.fields[name] = named(name)
            if self.fields[name].has(Tag.DECAY):
                self.decay_read = True
            return self.fields[name]
        if name in ("grad", "main_grad") and not owner.has(Tag.GRADIENT):
            return self.gradient
        if name in ("data", "T", "mT", "H", "real"):
            return owner
        if name in ("shape", "ndim", "dtype", "device", "layout", "is_cuda", "grad_fn"):
            return Cell()
        if owner.has(Tag.PARAMETER, Tag.GRADIENT) or owner.role:
            return named(name)
        return Cell(set(owner.tags), set(owner.terms), owner.options)

    def subscript(self, node: t.Subscript, env: Environment) -> Cell:
        owner = self.value(node.value, env)
        index = self.value(node.index, env)
        key = index.constant if index.role == "constant" else None
        if owner.role == "groups":
            return Cell(role="group")
        if key is None and owner.role == "group" and isinstance(node.index, t.Name) and node.index.id.isupper():
            key = node.index.id.lower()  # a constant of another module
        if isinstance(key, str):
            return self.item(owner, key)
        if isinstance(key, int) and -len(owner.items) <= key < len(owner.items):
            return owner.items[key]
        if owner.role == "state":
            return owner
        return union(owner.items) if owner.items else owner

    def item(self, owner: Cell, key: str) -> Cell:
        """The entry of a group, a state or another dictionary."""
        if key in owner.entries:
            return owner.entries[key]
        if owner.role == "state":
            owner.entries[key] = Cell(kept=True)
            return owner.entries[key]
        if key == "params":
            return Cell({Tag.PARAMETER})
        if key not in self.reads:
            self.reads.append(key)
        self.decay_read = self.decay_read or is_decay(key)
        return named(key)

    def element(self, cell: Cell) -> Cell:
        """What iterating over a value gives."""
        if cell.role == "groups":
            return Cell(role="group")
        return union(cell.items) if cell.items else cell

    def binary(self, op: str, left: Cell, right: Cell) -> Cell:
        if op in ("+", "-"):
            return self.algebra.add(left, right)
        if op == "*":
            return self.algebra.multiply(left, right)
        if op in ("/", "//"):
            return self.algebra.divide(left, right)
        if op == "@":
            return self.algebra.product(left, right)
        if op == "**":
            if right.has(Tag.DECAY):
                return Cell(left.tags | right.tags | {Tag.KEPT}, set(), left.options | right.options)
            return self.algebra.statistic(left)
        return Cell(left.tags | right.tags, left.terms | right.terms, left.options | right.options)


def named(name: str) -> Cell:
    """A value known by its name alone."""
    cell = Cell(options=frozenset((name,)))
    if is_decay(name):
        cell.tags.add(Tag.DECAY)
    elif is_rate(name):
        cell.tags.add(Tag.RATE)
    elif name in ("grad", "grads", "d_p", "d_p_list", "gradient", "gradients"):
        cell.tags.add(Tag.GRADIENT)
    elif name in ("params", "param", "p", "parameters"):
        cell.tags.add(Tag.PARAMETER)
    return cell


def _spread(value: Cell, count: int) -> tuple[Cell, ...]:
    """A tuple's items at `count` places, a starred one repeated to fill them."""
    more = count - len(value.items) + 1
    if value.spread < 0 or more < 0:
        return value.items
    return (*value.items[: value.spread], *([value.items[value.spread]] * more), *value.items[value.spread + 1 :])


def _is_lost(statement: t.Stmt) -> bool:
    """Whether a statement only computes what nobody keeps: `p.add(decay, p)`, where `p.add_` was meant."""
    if isinstance(statement, t.If):
        return statement.orelse is None and all(map(_is_lost, statement.body.statements))
    value = statement.value if isinstance(statement, t.Expression) else None
    if not isinstance(value, t.Call) or not isinstance(value.func, t.Attribute) or len(value.args) < 2:
        return False
    kept = any(argument.keyword == "out" for argument in value.args)
    return value.func.attr in ("add", "sub", "addcmul", "addcdiv", "lerp") and not kept


def _leaves(block: t.Block | None) -> bool:
    """Whether a block ends by leaving the statements after it out."""
    if block is None or not block.statements:
        return False
    last = block.statements[-1]
    return isinstance(last, (t.Return, t.Raise)) or (isinstance(last, t.Jump) and last.kind != "pass")


def _static(function: t.FunctionDef) -> bool:
    return any(syntax.dotted(d) == "staticmethod" for d in function.decorators)
