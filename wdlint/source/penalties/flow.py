"""Which L2 terms a loss is the sum of: the loss followed backwards to its summands.

Works from a sink (the expression that is differentiated) through sums, factors, assignments, containers,
attributes and calls of the project, down to the terms that `penalties.terms` knows. What adds to a sum
linearly is followed; what goes through any other function is not a penalty and ends the walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wdlint.source.penalties import calls as penalty_calls
from wdlint.source.penalties import names as penalty_names
from wdlint.source.penalties import terms as penalty_terms
from wdlint.source.penalties.operands import Operand, parameters, selected
from wdlint.source.penalties.products import of_all, product_with_itself, scaled_square
from wdlint.source.penalties.scalars import is_scalar
from wdlint.source.penalties.summands import Factor, Term, Way
from wdlint.source.penalties.terms import called
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context, Frame, FunctionValue, constant

_WORK = 4_000  # expressions read for one file
_STEPS = 60  # expressions between a loss and a summand
_PATH = 4  # keys within keys


@dataclass(slots=True, eq=False)
class Reader:
    """Reads the summands of losses in one linted module."""

    evaluator: Evaluation
    module: t.Module
    work: int = 0
    unresolved: set[str] = field(default_factory=set)  # names of calls that could not be followed
    read: list[t.Expr] = field(default_factory=list)  # every expression met on the way
    _seen: set[object] = field(default_factory=set)
    by_name: Mapping[str, Sequence[FunctionValue]] = field(default_factory=dict)
    entered: set[int] = field(default_factory=set)
    clauses: dict[int, tuple[t.Clause, Context]] = field(default_factory=dict)
    sites: dict[int, tuple[t.Call, Context, bool]] = field(default_factory=dict)

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
        scaled = scaled_square(expr)
        if scaled is not None:
            operand = parameters(evaluator, scaled[1], context)
            if operand is not None:
                return self._made(expr, context, operand, 2 * way.power, way.times(scaled[0], context))
        square = product_with_itself(evaluator, expr, context)
        if square is not None and square.gram and way.whole:
            return iter(())  # orthogonality: how far `w @ w.T` is from a diagonal
        together = of_all(evaluator, expr, context) if isinstance(expr, t.Call) else None
        if together is not None:
            return self._made(expr, context, together[0], together[1] * way.power, way)
        inner = square.operand if square is not None else penalty_terms.squared(evaluator, expr, context)
        if inner is not None:
            operand = parameters(evaluator, inner, context)
            if operand is not None:
                return self._made(expr, context, operand, 2 * way.power, way)
            return self.terms(inner, context, replace(way, power=2 * way.power))
        zeroed = penalty_terms.squared_error_to_zero(evaluator, expr, context)
        if zeroed is not None:
            operand = parameters(evaluator, zeroed[0], context)
            way = replace(way, mean=zeroed[1])
            return self._made(expr, context, operand, 2 * way.power, way) if operand is not None else iter(())
        norm = penalty_terms.normed(evaluator, expr, context)
        if norm is not None:
            inner, along = norm
            operand = parameters(evaluator, inner, context)
            if operand is not None:
                if along and way.power == 1:
                    return iter(())  # a sum of norms of rows is a group lasso
                return self._made(expr, context, operand, way.power, way)
            return self.terms(inner, context, replace(way, whole=True))
        if self._is_root(expr, context):
            inner = expr.left if isinstance(expr, t.Binary) else self._first(expr, context)
            return self.terms(inner, context, replace(way, power=way.power / 2)) if inner is not None else iter(())
        return None

    def _made(self, expr: t.Expr, context: Context, operand: Operand, power: float, way: Way) -> Iterator[Term]:
        if not way.added and not way.factors:
            return  # the loss itself, nothing is penalised
        if power not in (1, 2) or way.negative or self._without_gradient(context):
            return
        if all(self._is_strength(f) for f in way.factors):
            values = tuple(selected(value, context, self.clauses) for value in operand.values)
            averaged = way.mean and self._is_elementwise(expr, context)
            yield Term(expr, context, Operand(values, operand.proven), int(power), way, averaged)

    def _is_elementwise(self, expr: t.Expr, context: Context) -> bool:
        """Whether a term still has an entry for each of its parameter's, which a mean then divides by."""
        if isinstance(expr, t.Binary) and expr.op == "*":
            return True
        evaluator = self.evaluator
        error = penalty_terms.squared_error_to_zero(evaluator, expr, context)
        return error is not None or penalty_terms.squared(evaluator, expr, context) is not None

    def _is_strength(self, factor: Factor) -> bool:
        """Whether a factor is a number, and neither a tensor of the data nor a parameter."""
        scalar = is_scalar(self.evaluator, factor.expr, factor.context)
        return scalar and parameters(self.evaluator, factor.expr, factor.context) is None

    def _without_gradient(self, context: Context) -> bool:
        """Whether a statement stands under `torch.no_grad()`."""
        if context.statement is None:
            return False
        for block in flow.ancestors(context.statement):
            parent = block.parent
            if isinstance(parent, t.With):
                for value, _ in parent.items:
                    if isinstance(value, t.Call) and syntax.last_name(value) in ("no_grad", "inference_mode"):
                        return True
        definition = context.frame.scope.definition
        return isinstance(definition, t.FunctionDef) and not {"no_grad", "inference_mode"}.isdisjoint(
            syntax.decorator_names(definition)
        )

    def _is_root(self, expr: t.Call | t.Binary, context: Context) -> bool:
        if isinstance(expr, t.Binary):
            return expr.op == "**" and isinstance(expr.right, t.Const) and expr.right.value == 0.5
        if syntax.last_name(expr) == "pow":
            exponent = expr.args[-1].value if expr.args else None
            return isinstance(exponent, t.Const) and exponent.value == 0.5
        return syntax.last_name(expr) == "sqrt" and called(self.evaluator, expr, context) in (None, "torch.sqrt")

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
                yield from penalty_names.named(self, expr.id, context, way)
            case t.Attribute():
                yield from penalty_names.attribute(self, expr, context, way)
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
                yield from penalty_calls.call(self, expr, context, way)
            case _:
                return

    def _binary(self, expr: t.Binary, context: Context, way: Way) -> Iterator[Term]:
        if expr.op in ("+", "-") and way.power <= 1 and not way.whole:
            way = replace(way, added=True, mean=False)
            yield from self.terms(expr.left, context, self.joined(way, expr, context, expr.left))
            right = replace(way, negative=not way.negative) if expr.op == "-" else way
            yield from self.terms(expr.right, context, self.joined(right, expr, context, expr.right))
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

    def joined(self, way: Way, expr: t.Expr, context: Context, side: t.Expr) -> Way:
        """The way with the sum by which a side of it joins the loss: the last one that adds to the running loss."""
        if way.apart or context.module is not self.module:
            return way
        return replace(way, joins=expr, apart=not _runs_on(side, context.statement))

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
            self.clauses[id(around)] = (clause, around.outer)
            around = around.outer
        return inner

    def _subscript(self, expr: t.Subscript, context: Context, way: Way) -> Iterator[Term]:
        if isinstance(expr.index, t.Slice) or (isinstance(expr.index, t.Const) and expr.index.value is None):
            yield from self.terms(expr.value, context, way)
            return
        key = constant(self.evaluator.evaluate(expr.index, context))
        step = key if isinstance(key, (str, int)) else None
        yield from self.terms(expr.value, context, replace(way, path=(step, *way.path)))

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


def _runs_on(side: t.Expr, statement: t.Stmt | None) -> bool:
    """Whether a side of a sum is the loss so far: `loss` in `loss = loss + penalty`, or a sum before this one."""
    if isinstance(side, t.Name):
        again = isinstance(statement, t.Assign) and any(side.id in syntax.target_names(x) for x in statement.targets)
        return again or "loss" in side.id.lower()
    return isinstance(side, t.Binary) and side.op in ("+", "-")


def _minus(expr: t.Expr) -> bool:
    return isinstance(expr, t.Unary) and expr.op == "-"
