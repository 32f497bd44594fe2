"""Python's standard library beside its built-in functions: collections, copies, chains, partial calls."""

from __future__ import annotations

from wdlint.source.libraries import mappings
from wdlint.source.libraries.library import Call, Library, passed_through
from wdlint.source.read import tree as t
from wdlint.source.values.elements import pairs_within, some_of, symbolic_part
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Changed,
    Context,
    Instance,
    Item,
    Operation,
    Part,
    Partial,
    SequenceValue,
    Unknown,
    Value,
)


def _deepcopy(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    return tuple(_copied(evaluator, value, call.node, call.context) for value in (given[0] if given else ()))


def _copied(evaluator: Evaluation, value: Value, node: t.Call | None, context: Context) -> Value:
    """What `copy.deepcopy` makes: an object of its own, constructed and changed as the first one was."""
    match value:
        case Part():
            return _copied(evaluator, value.value, node, context)
        case Changed():
            return Changed(_copied(evaluator, value.base, node, context), value.changes)
        case Instance() if value.arguments is not None:
            cache: dict[tuple[int, int, int], Instance] = evaluator.memo("copies")
            key = id(value), id(node), id(context)
            if key not in cache:
                cache[key] = Instance(value.cls, value.arguments, value.node, value.frame)
                evaluator.keep((value, node, context))
            return cache[key]
        case _:
            return value


def _chain(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    starred = [a for a in call.arguments.written if a.star == "*"]
    if starred and call.arguments.context is not None:
        return (
            Operation(
                "flatten", (evaluator.evaluate(starred[0].value, call.arguments.context),), call.node, call.context
            ),
        )
    return (SequenceValue("list", tuple(Item(a, spread=True) for a in given), call.node, call.context),)


def _flatten(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    return (Operation("flatten", (given[0],), call.node, call.context),) if given else ()


def _some(evaluator: Evaluation, call: Call) -> Answers | None:
    """`islice(model.parameters(), 8)`: some of them."""
    given = call.first(evaluator)
    if call.node is None or not any(symbolic_part(evaluator, v) or pairs_within(evaluator, v) for v in given):
        return None
    return tuple(some_of(value, call.node, call.context) for value in given)


def _grouped(evaluator: Evaluation, call: Call) -> Answers:
    """`groupby`: keys and groups. Which elements a group has can't be told; all of them together are those given."""
    given = call.first(evaluator)
    group = SequenceValue("tuple", (Item((Unknown(f"@{id(call.node)}.key"),)), Item(given)))
    return (SequenceValue("generator", (Item((group,)),), call.node, call.context),) if given else ()


def _partial(evaluator: Evaluation, call: Call) -> Answers:
    given = call.positional(evaluator)
    if not given:
        return ()
    rest = Arguments(call.arguments.written[1:], call.arguments.context, given[len(given) :], call.arguments.keywords)
    return tuple(Partial(callee, rest) for callee in given[0])


LIBRARY = Library(
    paths=("collections", "copy", "dataclasses", "functools", "itertools", "types"),
    calls={
        "collections.OrderedDict": mappings.mapping,
        "collections.defaultdict": mappings.by_name,
        "copy.copy": passed_through,
        "copy.deepcopy": _deepcopy,
        "dataclasses.asdict": passed_through,
        "functools.partial": _partial,
        "itertools.chain": _chain,
        "itertools.chain.from_iterable": _flatten,
        "itertools.groupby": _grouped,
        "itertools.islice": _some,
        "types.SimpleNamespace": mappings.mapping,
    },
)
