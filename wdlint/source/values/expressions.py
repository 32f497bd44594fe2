"""What an expression may be, by its kind: constants, displays, comprehensions, choices, texts.

Each asks the evaluator for its parts. Names are looked up in `names`, numbers in `arithmetic`, what can be asked of
an answer is in `objects`, what calls mean in `calls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wdlint.facts import Origin
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, objects
from wdlint.source.values.answers import text_key
from wdlint.source.values.classes import inherited
from wdlint.source.values.elements import elements_of, sliced
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.narrowing import narrowed
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Condition,
    Context,
    Deferred,
    Element,
    Entry,
    FunctionValue,
    Item,
    Known,
    MappingValue,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_SPELLINGS = 4  # of a text that is put together, by what one of its parts may be


def values(evaluator: Evaluation, expr: t.Expr, context: Context) -> Iterable[Value]:
    """What an expression may be, by its kind; empty where that can't be told."""
    match expr:
        case t.Const():
            return (Known(expr.value, Origin.WRITTEN, expr, context.module),)
        case t.Name():
            return narrowed(evaluator, expr, context, evaluator.name(expr.id, context))
        case t.Attribute():
            return narrowed(evaluator, expr, context, _attribute(evaluator, expr, context))
        case t.Call():
            return _call(evaluator, expr, context)
        case t.Subscript():
            return _subscript(evaluator, expr, context)
        case t.Binary():
            return arithmetic.binary(evaluator, expr, context)
        case t.Unary():
            return arithmetic.unary(evaluator, expr, context)
        case t.Boolean():
            return _boolean(evaluator, expr, context)
        case t.Compare():
            truth = arithmetic.truth(evaluator, expr, context)
            return (Known(truth, Origin.COMPUTED, expr, context.module),) if truth is not None else ()
        case t.Conditional():
            truth = arithmetic.truth(evaluator, expr.test, context)
            chosen = [] if truth is False else [expr.body]
            chosen += [] if truth is True else [expr.orelse]
            found = [value for side in chosen for value in evaluator.evaluate(side, context)]
            # `f"{path}.{name}" if path else name` is the full name either way
            joined = [value for value in found if isinstance(value, TextOf)]
            return joined if joined and all(_is_joined_or_last(value, joined) for value in found) else found
        case t.Lambda():
            return (FunctionValue(expr, context.frame, context),)
        case t.Comprehension():
            return (_comprehension(evaluator, expr, context),)
        case t.Display():
            items = (
                Item(Deferred(i.value, context), spread=True)
                if isinstance(i, t.Starred)
                else Item(Deferred(i, context))
                for i in expr.items
            )
            return (SequenceValue(expr.kind, tuple(items), expr, context),)
        case t.DictDisplay():
            entries = (
                Entry(Deferred(key, context) if key is not None else None, Deferred(value, context), node=key)
                for key, value in expr.items
            )
            return (MappingValue(tuple(entries), expr, context),)
        case t.Formatted():
            return _formatted(evaluator, expr, context)
        case t.Walrus():
            return evaluator.evaluate(expr.value, context)
        case _:
            return ()


def _attribute(evaluator: Evaluation, expr: t.Attribute, context: Context) -> Answers:
    if isinstance(expr.value, t.Call) and syntax.dotted(expr.value.func) == "super":
        behind = inherited(evaluator, context.frame, expr.attr)
        if behind:
            return behind
    found: list[Value] = []
    for value in _but_none(evaluator.evaluate(expr.value, context)):
        found.extend(objects.member(evaluator, value, expr.attr, context))
    return tuple(found)


def _but_none(answers: Answers) -> Answers:
    """What a value can be where something is read of it: of None that would have raised."""
    if len(answers) < 2:
        return answers
    return tuple(v for v in answers if not (isinstance(inner := bare(v), Known) and inner.value is None)) or answers


def _call(evaluator: Evaluation, expr: t.Call, context: Context) -> Iterable[Value]:
    found: list[Value] = []
    arguments = Arguments(expr.args, context)
    for callee in evaluator.evaluate(expr.func, context):
        found.extend(evaluator.call(callee, arguments, expr, context))
    return found


def _subscript(evaluator: Evaluation, expr: t.Subscript, context: Context) -> Iterable[Value]:
    if isinstance(expr.index, t.Slice):
        answers = _but_none(evaluator.evaluate(expr.value, context))
        return [sliced(evaluator, value, expr, expr.index, context) for value in answers]
    found: list[Value] = []
    indices = evaluator.evaluate(expr.index, context)
    for value in _but_none(evaluator.evaluate(expr.value, context)):
        for index in indices:
            found.extend(objects.item(evaluator, value, index, context))
    return found


def _boolean(evaluator: Evaluation, expr: t.Boolean, context: Context) -> Iterable[Value]:
    truth = arithmetic.truth(evaluator, expr.left, context)
    if truth is not None:
        return evaluator.evaluate(expr.left if truth is (expr.op == "or") else expr.right, context)
    left = [v for v in evaluator.evaluate(expr.left, context) if not isinstance(v, Known) or bool(v.value)]
    return [*left, *evaluator.evaluate(expr.right, context)]


def _comprehension(evaluator: Evaluation, expr: t.Comprehension, context: Context) -> Value:
    inner, conditions = clauses(evaluator, expr, context)
    if expr.kind == "dict":
        assert expr.key is not None
        entry = Entry(Deferred(expr.key, inner), Deferred(expr.element, inner), conditions)
        return MappingValue((entry,), expr, context)
    return SequenceValue(expr.kind, (Item(Deferred(expr.element, inner), conditions),), expr, context)


def clauses(evaluator: Evaluation, expr: t.Comprehension, context: Context) -> tuple[Context, tuple[Condition, ...]]:
    """The context inside a comprehension, and its `if`s."""
    inner = context
    conditions: list[Condition] = []
    for clause in expr.clauses:
        key = id(clause), evaluator.way_followed
        cached = inner.inner.get(key)
        if cached is None:
            cached = Context(context.frame, context.statement, {}, inner, clause=clause)
            inner.inner[key] = cached
            elements = elements_of(evaluator, evaluator.evaluate(clause.iter, inner), id(clause))
            assert cached.local is not None
            for name in syntax.target_names(clause.target):
                cached.local[name] = evaluator.unpacked(clause.target, name, elements, cached)
        conditions.extend(Condition(test, True, cached) for test in clause.ifs)
        inner = cached
    return inner, tuple(conditions)


def lambda_context(evaluator: Evaluation, function: FunctionValue, arguments: Sequence[Answers]) -> Context:
    """The context inside a lambda's body, with its parameters bound in order."""
    assert isinstance(function.definition, t.Lambda) and function.context is not None
    names = [p.name for p in function.definition.params]
    local = dict(zip(names, arguments, strict=False))
    for parameter in function.definition.params[len(local) :]:
        if parameter.default is not None:
            local[parameter.name] = evaluator.evaluate(parameter.default, function.context)
    return Context(function.frame, function.context.statement, local, function.context)


def _formatted(evaluator: Evaluation, expr: t.Formatted, context: Context) -> Iterable[Value]:
    """A text for each answer to the one part of it that has several, if all of these are texts."""
    parts = [part if isinstance(part, str) else evaluator.evaluate(part, context) for part in expr.parts]
    several = [index for index, answers in enumerate(parts) if not isinstance(answers, str) and len(answers) > 1]
    told: Answers = ()
    if len(several) == 1 and not isinstance(parts[several[0]], str):
        told = tuple(v for v in parts[several[0]] if isinstance(v, Known) and isinstance(v.value, str))
        told = told if 1 < len(told) == len(parts[several[0]]) <= _SPELLINGS else ()
    if not told:
        return _spelled(expr, parts, context)
    first, last = parts[: several[0]], parts[several[0] + 1 :]
    return [text for one in told for text in _spelled(expr, [*first, (one,), *last], context)]


def _spelled(expr: t.Formatted, parts: Sequence[str | Answers], context: Context) -> Iterable[Value]:
    pieces: list[str | Value] = []
    for written, part in zip(expr.parts, parts, strict=True):
        if isinstance(part, str) or isinstance(written, str):
            pieces.append(str(part))
            continue
        only = part[0] if len(part) == 1 else Unknown(text_key(written, context))
        pieces.append(str(only.value) if isinstance(only, Known) else only)
    if all(isinstance(piece, str) for piece in pieces):
        text = "".join(map(str, pieces))
        return (Known(text, Origin.COMPUTED, expr, context.module),) if len(text) <= arithmetic.LONGEST else ()
    return (TextOf(tuple(pieces)),) if sum(map(_size, pieces)) <= arithmetic.PIECES else ()


def _size(piece: str | Value) -> int:
    """The number of pieces that a piece of a text is itself put together of."""
    return sum(map(_size, piece.pieces)) if isinstance(piece, TextOf) else 1


def _is_joined_or_last(value: Value, joined: Sequence[TextOf]) -> bool:
    """Whether a text is one of those put together around a module's path, or the name that ends them."""
    if isinstance(value, TextOf):
        first = value.pieces[0]
        return isinstance(first, Element) and first.collection.what == "named_modules" and len(value.pieces) == 3
    return isinstance(value, Element) and any(
        isinstance(last := text.pieces[-1], Element) and (last.turn, last.part) == (value.turn, value.part)
        for text in joined
    )
