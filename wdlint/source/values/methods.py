"""What the methods of Python's own containers and texts return."""

from __future__ import annotations

from dataclasses import replace

from wdlint.facts import Origin
from wdlint.source.read import tree as t
from wdlint.source.values import contents, objects
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    Context,
    Item,
    Known,
    MappingValue,
    Method,
    Operation,
    SequenceValue,
    TextOf,
    Value,
    bare,
    constant,
)

_TEXT_METHODS = frozenset(
    "lower upper strip lstrip rstrip replace title capitalize removeprefix removesuffix startswith endswith "
    "format".split()
)


def returned(
    evaluator: Evaluation, callee: Method, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers | None:
    """What a method returns; None where its receiver is no container and no text, or has no such method."""
    inner = bare(callee.receiver)
    if isinstance(inner, (MappingValue, Collection, SequenceValue, Operation)):
        return _of_container(evaluator, callee.receiver, callee.name, arguments, node, context) or None
    if isinstance(inner, Known) and isinstance(inner.value, str):
        return _of_text(evaluator, inner, callee.name, arguments, node, context)
    return None


def _of_container(
    evaluator: Evaluation, receiver: Value, name: str, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    inner = bare(receiver)
    if name == "items":
        if isinstance(inner, Collection):
            return (replace(inner, keyed=False) if inner.keyed else receiver,)
        return (Operation("items", ((receiver,),), node, context),)
    if name in ("values", "keys"):
        if isinstance(inner, Collection) and inner.what.startswith("named_"):
            what = inner.what.removeprefix("named_") if name == "values" else "names"
            return (Collection(what, inner.model, inner.recurse, inner.prefix, inner.owner),)
        if isinstance(inner, MappingValue):
            if name == "values":
                items = tuple(contents.values_of(evaluator, receiver))
            else:
                keyed = contents.entries(evaluator, receiver)
                items = tuple(Item(e.key, e.conditions) for e in keyed if e.key is not None)
            return (SequenceValue("list", items, node, context),)
    if name in ("get", "pop", "setdefault") and isinstance(inner, MappingValue):
        given = positional(evaluator, arguments)
        key = constant(given[0]) if given else None
        found = objects.entry(evaluator, receiver, key) if isinstance(key, (str, int)) else ()
        rest = tuple(
            v.come_from(Origin.FIELD_DEFAULT) if isinstance(v, Known) else v
            for v in (given[1] if len(given) > 1 else ())
        )
        return found or rest
    if name in ("union", "difference", "intersection", "symmetric_difference"):
        op = {"union": "|", "difference": "-", "intersection": "&"}.get(name, "^")
        given = positional(evaluator, arguments)
        return (Operation(op, ((receiver,), *given), node, context),)
    return (receiver,) if name == "copy" else ()


def _of_text(
    evaluator: Evaluation, text: Known, name: str, arguments: Arguments, node: t.Call | None, context: Context
) -> Answers:
    assert isinstance(text.value, str)
    given = positional(evaluator, arguments)
    if name == "join" and len(given) == 1:
        parts = [evaluator.force(i.value) for v in given[0] for i in contents.items(evaluator, v)]
        pieces: list[str | Value] = []
        for index, part in enumerate(parts):
            if index and text.value:
                pieces.append(text.value)
            pieces.append(str(part[0].value) if isinstance(part[0], Known) else part[0])
        return (TextOf(tuple(pieces)),) if pieces else ()
    if name == "format":
        if text.value.count("{}") == len(given) and "{}" in text.value:
            pieces = []
            for index, literal in enumerate(text.value.split("{}")):
                pieces.append(literal)
                if index < len(given):
                    value = given[index][0]
                    pieces.append(str(value.value) if isinstance(value, Known) else value)
            if all(isinstance(p, str) for p in pieces):
                return (Known("".join(map(str, pieces)), Origin.COMPUTED, node, context.module),)
            return (TextOf(tuple(p for p in pieces if p != "")),)
        return ()
    constants = [constant(answers) for answers in given]
    if name in ("split", "rsplit", "partition", "rpartition"):
        try:
            parts_of = getattr(text.value, name)(*constants)
        except (TypeError, ValueError):
            return ()
        kind = "tuple" if name.endswith("partition") else "list"
        return (SequenceValue(kind, tuple(Item((Known(p, text.origin),)) for p in parts_of), node, context),)
    if name in _TEXT_METHODS and all(isinstance(c, str) for c in constants):
        try:
            return (Known(getattr(text.value, name)(*constants), text.origin, node, context.module),)
        except (TypeError, ValueError):
            return ()
    return ()
