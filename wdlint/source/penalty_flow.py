"""Which L2 terms a loss is the sum of: the loss followed backwards to its summands.

Works from a sink (the expression that is differentiated) through sums, factors, assignments, containers,
attributes and calls of the project, down to the terms that `penalty_terms` knows. What adds to a sum
linearly is followed; what goes through any other function is not a penalty and ends the walk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wdlint.source import flow, objects, penalty_terms
from wdlint.source import tree as t
from wdlint.source.evaluate import Evaluator, decorator_names, parameter_named
from wdlint.source.penalty_scalars import is_scalar
from wdlint.source.penalty_terms import Operand, called, last_name
from wdlint.source.values import (
    Arguments,
    Change,
    ClassValue,
    Context,
    Frame,
    FunctionValue,
    Instance,
    Partial,
    bare,
    constant,
)

_WORK = 4_000  # expressions read for one file
_CALLS = 8  # calls within calls
_STEPS = 120  # expressions between a loss and a summand
_PATH = 4  # keys within keys

# Methods and functions through which a summand passes with its strength unchanged.
_SAME = penalty_terms.RESHAPED - {"abs"} | frozenset(
    "sum mean values items nansum backward_hook clone register_hook add_ gather reduce all_reduce get".split()
)
_SUMS = frozenset(
    (
        *(f"torch.{name}" for name in "sum mean stack cat concat hstack add nansum squeeze reshape flatten".split()),
        *(f"builtins.{name}" for name in "sum list tuple".split()),
        "torch.nn.functional.relu",
        "math.fsum",
        "operator.add",
    )
)
_SCALING = ("scale", "scale_loss")


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Something that a summand is multiplied with, or divided by."""

    expr: t.Expr
    context: Context
    inverse: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What happens to a summand between where it stands and the loss."""

    factors: tuple[Factor, ...] = ()
    power: float = 1.0  # applied to the summand as a number
    negative: bool = False
    added: bool = False  # to something else, as opposed to being the whole loss
    path: tuple[str | int | None, ...] = ()  # which entry of a container or object is meant
    join: t.Expr | None = None  # the last expression of the linted module on the way
    statement: t.Stmt | None = None  # the one that holds it
    calls: int = 0
    steps: int = 0

    def times(self, expr: t.Expr, context: Context, inverse: bool = False) -> Way:
        """The way with one more factor; a factor met again in a loop's next turn counts once."""
        if any(f.expr is expr for f in self.factors):
            return self
        return replace(self, factors=(*self.factors, Factor(expr, context, inverse)))


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """An L2 term that the loss holds as a summand."""

    node: t.Expr
    context: Context
    operand: Operand
    power: int
    way: Way


@dataclass(slots=True, eq=False)
class Reader:
    """Reads the summands of losses in one linted module."""

    evaluator: Evaluator
    module: t.Module
    work: int = 0
    unresolved: set[str] = field(default_factory=set)  # names of calls that could not be followed
    read: list[t.Expr] = field(default_factory=list)  # every expression met on the way
    _seen: set[object] = field(default_factory=set)
    _clauses: dict[int, tuple[t.Clause, Context]] = field(default_factory=dict)
    _lambdas: dict[int, tuple[t.Expr, Context]] = field(default_factory=dict)
    _sites: dict[int, tuple[t.Call, Context, bool]] = field(default_factory=dict)

    def terms(self, expr: t.Expr, context: Context, way: Way | None = None) -> Iterator[Term]:
        """The L2 terms among the summands of an expression."""
        way = way or Way()
        key = (id(expr), id(context), way.path, way.power, way.negative, tuple(id(f.expr) for f in way.factors))
        self.work += 1
        if key in self._seen or self.work > _WORK or way.steps > _STEPS or len(way.path) > _PATH:
            return
        self._seen.add(key)
        self.read.append(expr)
        self.evaluator.keep((expr, context))
        own = context.module is self.module
        way = replace(way, steps=way.steps + 1)
        if own:
            way = replace(way, join=expr, statement=context.statement)
        if isinstance(expr, (t.Call, t.Binary)) and not way.path:
            found = self._term(expr, context, way)
            if found is not None:
                yield from found
                return
        yield from self._followed(expr, context, way)

    # ---- the terms themselves

    def _term(self, expr: t.Call | t.Binary, context: Context, way: Way) -> Iterator[Term] | None:
        """The term that an expression is, or those under its square or norm; None where it is neither."""
        evaluator = self.evaluator
        scaled = penalty_terms.scaled_square(expr)
        if scaled is not None:
            operand = penalty_terms.parameters(evaluator, scaled[1], context)
            if operand is not None:
                return self._made(expr, context, operand, 2 * way.power, way.times(scaled[0], context))
        inner = penalty_terms.squared(evaluator, expr, context)
        if inner is not None:
            operand = penalty_terms.parameters(evaluator, inner, context)
            if operand is not None:
                return self._made(expr, context, operand, 2 * way.power, way)
            return self.terms(inner, context, replace(way, power=2 * way.power))
        zeroed = penalty_terms.squared_error_to_zero(evaluator, expr, context)
        if zeroed is not None:
            operand = penalty_terms.parameters(evaluator, zeroed, context)
            return self._made(expr, context, operand, 2 * way.power, way) if operand is not None else iter(())
        norm = penalty_terms.normed(evaluator, expr, context)
        if norm is not None:
            inner, along = norm
            operand = penalty_terms.parameters(evaluator, inner, context)
            if operand is not None:
                if along and way.power == 1:
                    return iter(())  # a sum of norms of rows is a group lasso
                return self._made(expr, context, operand, way.power, way)
            return self.terms(inner, context, way)
        if self._is_root(expr, context):
            inner = expr.left if isinstance(expr, t.Binary) else self._first(expr, context)
            return self.terms(inner, context, replace(way, power=way.power / 2)) if inner is not None else iter(())
        return None

    def _made(self, expr: t.Expr, context: Context, operand: Operand, power: float, way: Way) -> Iterator[Term]:
        if not way.added and not way.factors:
            return  # the loss itself, nothing is penalised
        if power in (1, 2) and not way.negative and not self._without_gradient(context):
            if all(is_scalar(self.evaluator, f.expr, f.context) for f in way.factors):
                yield Term(expr, context, operand, int(power), way)

    def _without_gradient(self, context: Context) -> bool:
        """Whether a statement stands under `torch.no_grad()`."""
        if context.statement is None:
            return False
        for block in flow.ancestors(context.statement):
            parent = block.parent
            if isinstance(parent, t.With):
                for value, _ in parent.items:
                    if isinstance(value, t.Call) and last_name(value) in ("no_grad", "inference_mode"):
                        return True
        definition = context.frame.scope.definition
        return isinstance(definition, t.FunctionDef) and not {"no_grad", "inference_mode"}.isdisjoint(
            decorator_names(definition)
        )

    def _is_root(self, expr: t.Call | t.Binary, context: Context) -> bool:
        if isinstance(expr, t.Binary):
            return expr.op == "**" and isinstance(expr.right, t.Const) and expr.right.value == 0.5
        if last_name(expr) == "pow":
            exponent = expr.args[-1].value if expr.args else None
            return isinstance(exponent, t.Const) and exponent.value == 0.5
        return last_name(expr) == "sqrt" and called(self.evaluator, expr, context) in (None, "torch.sqrt")

    def _first(self, call: t.Call, context: Context) -> t.Expr | None:
        _, plain = penalty_terms.operands(self.evaluator, call, context)
        return plain[0] if plain else None

    # ---- sums and factors

    def _followed(self, expr: t.Expr, context: Context, way: Way) -> Iterator[Term]:
        match expr:
            case t.Binary():
                yield from self._binary(expr, context, way)
            case t.Unary(op="-"):
                yield from self.terms(expr.operand, context, replace(way, negative=not way.negative))
            case t.Unary(op="+"):
                yield from self.terms(expr.operand, context, way)
            case t.Conditional():
                yield from self.terms(expr.body, context, way)
                yield from self.terms(expr.orelse, context, way)
            case t.Boolean():
                yield from self.terms(expr.left, context, way)
                yield from self.terms(expr.right, context, way)
            case t.Walrus():
                yield from self.terms(expr.value, context, way)
            case t.Name():
                yield from self._name(expr.id, context, way)
            case t.Attribute():
                yield from self._attribute(expr, context, way)
            case t.Subscript():
                yield from self._subscript(expr, context, way)
            case t.Display():
                yield from self._display(expr, context, way)
            case t.DictDisplay():
                yield from self._dict(expr, context, way)
            case t.Comprehension():
                yield from self.terms(expr.element, self._inside(expr, context), replace(way, added=True))
            case t.Starred():
                yield from self.terms(expr.value, context, way)
            case t.Call():
                yield from self._call(expr, context, way)
            case _:
                return

    def _binary(self, expr: t.Binary, context: Context, way: Way) -> Iterator[Term]:
        if expr.op in ("+", "-") and way.power <= 1:
            way = replace(way, added=True)
            yield from self.terms(expr.left, context, way)
            right = replace(way, negative=not way.negative) if expr.op == "-" else way
            yield from self.terms(expr.right, context, right)
        elif expr.op == "*" and not way.path:
            flipped = replace(way, negative=not way.negative)
            yield from self.terms(
                expr.left, context, (flipped if _minus(expr.right) else way).times(expr.right, context)
            )
            yield from self.terms(
                expr.right, context, (flipped if _minus(expr.left) else way).times(expr.left, context)
            )
        elif expr.op == "/" and not way.path:
            yield from self.terms(expr.left, context, way.times(expr.right, context, inverse=True))

    def _display(self, expr: t.Display, context: Context, way: Way) -> Iterator[Term]:
        if way.path and isinstance(way.path[0], int) and not any(isinstance(i, t.Starred) for i in expr.items):
            if -len(expr.items) <= way.path[0] < len(expr.items):
                yield from self.terms(expr.items[way.path[0]], context, replace(way, path=way.path[1:]))
            return
        inner = replace(way, path=way.path[1:], added=way.added or len(expr.items) > 1)
        for item in expr.items:
            yield from self.terms(item, context, inner)

    def _dict(self, expr: t.DictDisplay, context: Context, way: Way) -> Iterator[Term]:
        wanted = way.path[0] if way.path else None
        if wanted is None and len(expr.items) > 1:
            way = replace(way, added=True)
        for key, value in expr.items:
            if key is None:
                yield from self.terms(value, context, way)
            elif wanted is None or not isinstance(key, t.Const) or key.value == wanted:
                yield from self.terms(value, context, replace(way, path=way.path[1:]))

    def _inside(self, expr: t.Comprehension, context: Context) -> Context:
        inner, _ = self.evaluator.clauses(expr, context)
        around = inner
        for clause in reversed(expr.clauses):
            if around.outer is None:
                break
            self._clauses[id(around)] = (clause, around.outer)
            around = around.outer
        return inner

    def _subscript(self, expr: t.Subscript, context: Context, way: Way) -> Iterator[Term]:
        if isinstance(expr.index, t.Slice):
            yield from self.terms(expr.value, context, way)
            return
        key = constant(self.evaluator.evaluate(expr.index, context))
        step = key if isinstance(key, (str, int)) else None
        yield from self.terms(expr.value, context, replace(way, path=(step, *way.path)))

    # ---- names

    def _name(self, name: str, context: Context, way: Way) -> Iterator[Term]:
        around: Context | None = context
        while around is not None:
            if around.local is not None and name in around.local:
                yield from self._local(name, around, way)
                return
            around = around.outer
        frame: Frame | None = context.frame
        statement = context.statement
        first = True
        while frame is not None:
            scope = frame.scope
            if first or scope.kind != "class":
                parameter = parameter_named(scope.definition, name) if scope.kind == "function" else None
                if parameter is not None or name in scope.bound:
                    yield from self._in_scope(name, statement, frame, parameter, way)
                    return
            frame, statement, first = frame.parent, None, False

    def _local(self, name: str, around: Context, way: Way) -> Iterator[Term]:
        """A comprehension's variable: whatever it runs over."""
        held = self._clauses.get(id(around))
        if held is not None:
            clause, outside = held
            path = way.path if isinstance(clause.target, t.Name) else ()
            yield from self.terms(clause.iter, outside, replace(way, path=(None, *path) if path else ()))

    def _in_scope(
        self, name: str, statement: t.Stmt | None, frame: Frame, parameter: t.Parameter | None, way: Way
    ) -> Iterator[Term]:
        reach = flow.reaching(name, statement, frame.scope)
        for change, _ in reach.changes:
            if isinstance(change, t.AugAssign) and isinstance(change.target, t.Name) and change.op in ("*", "/"):
                way = way.times(change.value, frame.at(change), inverse=change.op == "/")
        for binding in reach.bindings:
            if self.evaluator.possible(binding, frame):
                yield from self._bound(binding, name, frame, way)
        if not reach.certain and parameter is not None:
            yield from self._parameter(parameter, frame, way)
        for change, _ in reach.changes:
            if self.evaluator.possible(change, frame):
                yield from self._changed(change, name, frame, way)

    def _bound(self, statement: t.Stmt, name: str, frame: Frame, way: Way) -> Iterator[Term]:
        context = frame.at(statement)
        match statement:
            case t.Assign() if statement.value is not None:
                for target in statement.targets:
                    if name in t.target_names(target):
                        yield from self._unpacked(target, statement.value, name, context, way)
            case t.For():
                plain = isinstance(statement.target, t.Name)
                path = (None, *way.path) if plain and way.path else ()
                yield from self.terms(statement.iter, context, replace(way, path=path))
            case t.With():
                for entered, given in statement.items:
                    if given is not None and name in t.target_names(given):
                        yield from self.terms(entered, context, way)
            case _:
                return

    def _unpacked(self, target: t.Expr, value: t.Expr, name: str, context: Context, way: Way) -> Iterator[Term]:
        if isinstance(target, t.Display):
            for index, part in enumerate(target.items):
                if name in t.target_names(part) and not isinstance(part, t.Starred):
                    if isinstance(value, t.Display) and len(value.items) == len(target.items):
                        yield from self._unpacked(part, value.items[index], name, context, way)
                    else:
                        yield from self.terms(value, context, replace(way, path=(index, *way.path)))
        else:
            yield from self.terms(value, context, way)

    def _changed(self, statement: t.Stmt, name: str, frame: Frame, way: Way) -> Iterator[Term]:
        for change in objects.changes_in(self.evaluator, statement, name, frame, False):
            yield from self._change(change, way)

    def _change(self, change: Change, way: Way) -> Iterator[Term]:
        """The summands that one in-place change brings."""
        way = replace(way, added=way.added or change.action != "set")
        rest = _rest(change.path, way.path)
        if rest is None:
            return
        inner = replace(way, path=rest)
        if change.action in ("append", "add", "insert", "add_", "appendleft") and change.arguments:
            if change.action != "add_":
                inner = replace(way, path=rest[1:])
            yield from self.terms(change.arguments[-1].value, change.context, inner)
        elif change.action in ("extend", "update") and change.arguments:
            yield from self.terms(change.arguments[0].value, change.context, inner)
        elif change.value is not None and change.action in ("set", "+="):
            yield from self.terms(change.value, change.context, inner)
        elif change.value is not None and change.action == "-=":
            yield from self.terms(change.value, change.context, replace(inner, negative=not way.negative))

    def _parameter(self, parameter: t.Parameter, frame: Frame, way: Way) -> Iterator[Term]:
        """What the callers give for a function's parameter."""
        definition = frame.scope.definition
        assert isinstance(definition, t.FunctionDef)
        site = self._sites.get(id(frame))
        sites = [site] if site is not None else []
        if site is None and frame.arguments is None:
            for caller in self.evaluator.call_index.callers(self.evaluator, definition):
                if caller.arguments.context is not None:
                    made = t.Call(None, t.Const(None, None), caller.arguments.written)
                    sites.append((made, caller.arguments.context, caller.bound))
        plain = [p for p in definition.params if not p.star and not p.keyword_only]
        for call, context, bound in sites:
            position = plain.index(parameter) - bound if parameter in plain else len(call.args)
            value = penalty_terms.given(call, parameter.name, position) if position >= 0 else None
            if value is not None:
                yield from self.terms(value, context, way)

    # ---- attributes

    def _attribute(self, expr: t.Attribute, context: Context, way: Way) -> Iterator[Term]:
        if expr.attr in ("data", "grad", "shape"):
            return
        wanted = replace(way, path=(expr.attr, *way.path))
        root = t.root_name(expr.value)
        for holder in self.evaluator.evaluate(expr.value, context):
            holder = bare(holder)
            if isinstance(holder, Instance) and isinstance(holder.cls, ClassValue):
                member = objects.class_member(self.evaluator, holder.cls, expr.attr)
                functions = [v for v in member if isinstance(v, FunctionValue)]
                for function in functions:
                    definition = function.definition
                    if isinstance(definition, t.FunctionDef) and "property" in decorator_names(definition):
                        bound = FunctionValue(definition, function.frame, None, holder)
                        yield from self._entered(bound, t.Call(None, expr, ()), context, way)
                if not functions:
                    for change in objects.instance_changes(self.evaluator, holder):
                        if change.path[:1] == (expr.attr,):
                            yield from self._change(change, wanted)
        if isinstance(expr.value, t.Name) and root not in ("self", "cls"):
            yield from self.terms(expr.value, context, wanted)
        elif isinstance(expr.value, t.Call):
            yield from self.terms(expr.value, context, wanted)

    # ---- calls

    def _call(self, expr: t.Call, context: Context, way: Way) -> Iterator[Term]:
        name = last_name(expr)
        path = called(self.evaluator, expr, context)
        if path is not None:
            yield from self._library(expr, path, context, way)
            return
        entered = False
        for callee in self.evaluator.evaluate(expr.func, context):
            function = self._function(callee)
            if function is not None:
                entered = True
                yield from self._entered(function, expr, context, way)
        if entered:
            return
        self.unresolved.add(name)
        first = expr.args[0].value if expr.args else None
        receiver = expr.func.value if isinstance(expr.func, t.Attribute) else None
        if name in _SCALING and first is not None:
            yield from self.terms(first, context, way)
        elif receiver is not None and name in _SAME:
            inner = way
            if name == "get" and expr.args:
                key = constant(self.evaluator.evaluate(expr.args[0].value, context))
                inner = replace(way, path=(key if isinstance(key, (str, int)) else None, *way.path))
            yield from self.terms(receiver, context, inner)
            if name == "add_" and first is not None:
                yield from self.terms(first, context, way)
        elif receiver is not None and name in ("add", "sub") and first is not None:
            way = replace(way, added=True)
            yield from self.terms(receiver, context, way)
            other = replace(way, negative=not way.negative) if name == "sub" else way
            strength = penalty_terms.given(expr, "alpha", 9)
            yield from self.terms(first, context, other.times(strength, context) if strength is not None else other)
        elif (
            receiver is not None and name in ("mul", "div", "multiply", "divide", "mul_", "div_") and first is not None
        ):
            yield from self.terms(receiver, context, way.times(first, context, inverse=name.startswith("div")))

    def _library(self, expr: t.Call, path: str, context: Context, way: Way) -> Iterator[Term]:
        plain = [a.value for a in expr.args if a.keyword is None]
        if path in _SUMS and way.power <= 1:
            if path.endswith(".add"):
                way = replace(way, added=True)
            for value in plain[: 2 if path.endswith(".add") else 1]:
                inner = way if path != "builtins.sum" or not way.path else replace(way, path=())
                yield from self.terms(value, context, inner)
        elif path in ("torch.mul", "torch.multiply") and len(plain) == 2:
            yield from self.terms(plain[0], context, way.times(plain[1], context))
            yield from self.terms(plain[1], context, way.times(plain[0], context))
        elif path == "torch.div" and len(plain) == 2:
            yield from self.terms(plain[0], context, way.times(plain[1], context, inverse=True))
        elif path == "builtins.map" and len(plain) == 2:
            yield from self._mapped(plain[0], plain[1], context, way)
        elif path == "functools.reduce" and len(plain) >= 2:
            yield from self.terms(plain[1], context, way)
        elif path.rsplit(".", 1)[-1] == "scale_loss" and plain:
            yield from self.terms(plain[0], context, way)

    def _mapped(self, function: t.Expr, over: t.Expr, context: Context, way: Way) -> Iterator[Term]:
        elements = objects.elements_of(self.evaluator, self.evaluator.evaluate(over, context), id(over))
        for callee in self.evaluator.evaluate(function, context):
            if isinstance(callee, FunctionValue) and isinstance(callee.definition, t.Lambda):
                inner = self.evaluator.lambda_context(callee, (elements,))
                yield from self.terms(callee.definition.body, inner, way)

    def _function(self, callee: object) -> FunctionValue | None:
        """The function of the project that a call enters; calling a module enters its `forward`."""
        if isinstance(callee, Partial):
            return None
        callee = bare(callee)  # type: ignore[arg-type]
        if isinstance(callee, FunctionValue):
            return callee
        if isinstance(callee, Instance) and isinstance(callee.cls, ClassValue):
            for name in ("forward", "__call__"):
                found = objects.method_named(self.evaluator, callee, name)
                if found is not None:
                    return found
        return None

    def _entered(self, function: FunctionValue, call: t.Call, context: Context, way: Way) -> Iterator[Term]:
        if way.calls >= _CALLS:
            return
        inner = replace(way, calls=way.calls + 1)
        definition = function.definition
        if isinstance(definition, t.Lambda):
            given = tuple(self.evaluator.evaluate(a.value, context) for a in call.args if a.keyword is None)
            yield from self.terms(definition.body, self.evaluator.lambda_context(function, given), inner)
            return
        frame = self.evaluator.call_frame(function, Arguments(call.args, context), call, context)
        if frame is None:
            return
        self._sites[id(frame)] = (call, context, function.receiver is not None)
        yield from self.returned(frame, inner)

    def returned(self, frame: Frame, way: Way | None = None) -> Iterator[Term]:
        """The L2 terms in what a function returns."""
        for statement in t.statements(frame.scope.body):
            value: t.Expr | None = None
            if isinstance(statement, t.Return):
                value = statement.value
            elif isinstance(statement, t.Expression) and isinstance(statement.value, t.Yield):
                value = statement.value.value
            if value is not None and self.evaluator.possible(statement, frame):
                yield from self.terms(value, frame.at(statement), way)


def _minus(expr: t.Expr) -> bool:
    return isinstance(expr, t.Unary) and expr.op == "-"


def _rest(
    changed: tuple[str | int | None, ...], wanted: tuple[str | int | None, ...]
) -> tuple[str | int | None, ...] | None:
    """What is left of a wanted path inside something set at `changed`; None where it is another entry."""
    for here, there in zip(changed, wanted, strict=False):
        if here is not None and there is not None and here != there:
            return None
    return wanted[len(changed) :]
