"""Calls on the way from a loss to its summands: sums and reshapings pass, the project's own are entered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.source.penalties import terms as penalty_terms
from wdlint.source.penalties.operands import RESHAPED
from wdlint.source.penalties.products import sums_all
from wdlint.source.penalties.summands import Reading, Term, Way
from wdlint.source.penalties.terms import called
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.classes import method_named
from wdlint.source.values.elements import elements_of
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Context,
    FunctionValue,
    Instance,
    Method,
    Partial,
    Unknown,
    bare,
    constant,
)

_CALLS = 8  # calls within calls
# Methods and functions through which a summand passes with its strength unchanged.
_SAME = RESHAPED - {"abs"} | frozenset(
    (
        "sum", "mean", "values", "items", "nansum", "backward_hook", "clone", "register_hook", "add_", "gather",
        "reduce", "all_reduce", "get",
    )
)  # fmt: skip
_SUMS = frozenset(
    (
        *(
            f"torch.{name}"
            for name in [
                "sum",
                "mean",
                "add",
                "nansum",
                "squeeze",
                "reshape",
                "flatten",
            ]
        ),
        *(f"builtins.{name}" for name in ["sum", "list", "tuple"]),
        "math.fsum",
        "operator.add",
    )
)
_JOINED = frozenset(f"torch.{name}" for name in ["stack", "cat", "concat", "hstack"])
# What leaves a penalty as it is, and a sum of a penalty and a threshold not.
_THRESHOLDS = frozenset(("torch.nn.functional.relu", "torch.relu", "torch.clamp"))
_SCALING = ("scale", "scale_loss")


def call(reader: Reading, expr: t.Call, context: Context, way: Way) -> Iterator[Term]:
    name = syntax.last_name(expr)
    path = called(reader.evaluator, expr, context)
    if path is not None:
        yield from _library(reader, expr, path, context, way)
        return
    followed = False
    callees = reader.evaluator.evaluate(expr.func, context)
    for callee in callees:
        function = _function(reader, callee)
        if function is not None:
            followed = True
            yield from entered(reader, function, expr, context, way)
    if not followed and all(isinstance(bare(callee), (Unknown, Method)) for callee in callees):
        for function in reader.by_name.get(name, ()):
            followed = True
            yield from entered(reader, function, expr, context, way)
    if followed:
        return
    reader.unresolved.update((name, *_names_of_methods(callees)))
    first = expr.args[0].value if expr.args else None
    receiver = expr.func.value if isinstance(expr.func, t.Attribute) else None
    if name in _SCALING and first is not None:
        yield from reader.terms(first, context, way)
    elif receiver is not None and name in _SAME:
        inner = replace(way, mean=name == "mean") if name in ("sum", "mean", "nansum") else way
        if name == "get" and expr.args:
            key = constant(reader.evaluator.evaluate(expr.args[0].value, context))
            inner = replace(way, path=(key if isinstance(key, (str, int)) else None, *way.path))
        yield from reader.terms(receiver, context, inner)
        if name == "add_" and first is not None:
            yield from reader.terms(first, context, way)
    elif receiver is not None and name in ("add", "sub") and first is not None:
        if way.whole:
            return
        way = replace(way, added=True, mean=False)
        yield from reader.terms(receiver, context, way)
        other = replace(way, negative=not way.negative) if name == "sub" else way
        strength = penalty_terms.given(expr, "alpha", 9)
        yield from reader.terms(first, context, other.times(strength, context) if strength is not None else other)
    elif receiver is not None and name in ("mul", "div", "multiply", "divide", "mul_", "div_") and first is not None:
        yield from reader.terms(receiver, context, way.times(first, context, inverse=name.startswith("div")))


def _library(reader: Reading, expr: t.Call, path: str, context: Context, way: Way) -> Iterator[Term]:
    plain = [a.value for a in expr.args if a.keyword is None]
    if path == "torch.einsum" and way.power <= 1:
        summed = sums_all(expr)
        if summed is not None:
            yield from reader.terms(summed, context, replace(way, mean=False))
    elif path in _THRESHOLDS and plain:
        yield from reader.terms(plain[0], context, replace(way, whole=True))
    elif path in _JOINED and plain:
        yield from reader.terms(plain[0], context, way)
    elif path in _SUMS and way.power <= 1:
        if path.endswith(".add"):
            way = replace(way, added=True, mean=False)
        elif path.endswith(("sum", "mean")):
            way = replace(way, mean=path.endswith("mean"))
        for value in plain[: 2 if path.endswith(".add") else 1]:
            inner = way if path != "builtins.sum" or not way.path else replace(way, path=())
            yield from reader.terms(value, context, inner)
    elif path in ("torch.mul", "torch.multiply") and len(plain) == 2:
        yield from reader.terms(plain[0], context, way.times(plain[1], context))
        yield from reader.terms(plain[1], context, way.times(plain[0], context))
    elif path == "torch.div" and len(plain) == 2:
        yield from reader.terms(plain[0], context, way.times(plain[1], context, inverse=True))
    elif path == "builtins.map" and len(plain) == 2:
        yield from _mapped(reader, plain[0], plain[1], context, way)
    elif path == "functools.reduce" and len(plain) >= 2:
        if isinstance(plain[0], t.Lambda):
            yield from _mapped(reader, plain[0], plain[1], context, way, (Unknown(f"@{id(expr)}"),))
        else:
            yield from reader.terms(plain[1], context, way)
    elif path.rsplit(".", 1)[-1] == "scale_loss" and plain:
        yield from reader.terms(plain[0], context, way)


def _mapped(
    reader: Reading, function: t.Expr, over: t.Expr, context: Context, way: Way, *before: Answers
) -> Iterator[Term]:
    """What a function makes of each element; `before` stands for its first arguments, such as the sum so far."""
    elements = elements_of(reader.evaluator, reader.evaluator.evaluate(over, context), id(over))
    for callee in reader.evaluator.evaluate(function, context):
        if isinstance(callee, FunctionValue) and isinstance(callee.definition, t.Lambda):
            inner = reader.evaluator.lambda_context(callee, (*before, elements))
            yield from reader.terms(callee.definition.body, inner, way)


def _names_of_methods(callees: Answers) -> Iterator[str]:
    """What is called where a variable holds the method of something that can't be seen: `loss_of = model.loss`."""
    for callee in map(bare, callees):
        if isinstance(callee, Method):
            yield callee.name
        elif isinstance(callee, Unknown) and "." in callee.key:
            yield callee.key.rsplit(".", 1)[-1]


def _function(reader: Reading, callee: object) -> FunctionValue | None:
    """The function of the project that a call enters; calling a module enters its `forward`."""
    if isinstance(callee, Partial):
        return None
    callee = bare(callee)  # type: ignore[arg-type]
    if isinstance(callee, FunctionValue):
        return callee
    if isinstance(callee, Instance) and isinstance(callee.cls, ClassValue):
        for name in ("forward", "__call__"):
            found = method_named(reader.evaluator, callee, name)
            if found is not None:
                return found
    return None


def entered(reader: Reading, function: FunctionValue, call: t.Call, context: Context, way: Way) -> Iterator[Term]:
    if way.calls >= _CALLS:
        return
    inner = replace(way, calls=way.calls + 1)
    definition = function.definition
    if isinstance(definition, t.Lambda):
        given = tuple(reader.evaluator.evaluate(a.value, context) for a in call.args if a.keyword is None)
        yield from reader.terms(definition.body, reader.evaluator.lambda_context(function, given), inner)
        return
    frame = reader.evaluator.call_frame(function, Arguments(call.args, context), call, context)
    if frame is None:
        return
    reader.entered.add(id(definition))
    reader.sites[id(frame)] = (call, context, function.receiver is not None)
    yield from reader.returned(frame, inner)
