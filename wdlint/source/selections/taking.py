"""Which parameters a value holds: models and, for each, a condition on its parameters.

Collections, comprehensions, filters, loops that append, set arithmetic and single parameters all come
down to `Taken` parts. What a test means is in `selections.conditions.tests`, what optimizers do with the parts in
`groups`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections import ruled_names
from wdlint.source.selections.children import of_child
from wdlint.source.selections.conditions.tests import Reader
from wdlint.source.selections.conditions.texts import text
from wdlint.source.selections.taken import LOOSE, UNREAD, Taken, chosen, one_parameter, rooted
from wdlint.source.selections.turns import choices
from wdlint.source.values import contents
from wdlint.source.values.elements import element_within, elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    Attribute,
    Collection,
    Deferred,
    Element,
    External,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_DEPTH = 14
_LOOSE_TENSORS = ("torch.nn.Parameter", "torch.nn.parameter.Parameter", "torch.autograd.Variable", "torch.")


def condition_reader(evaluator: Evaluation, whole: bool = False, leaf: str | None = None) -> Reader:
    """What reads tests on parameters; see `selections.conditions.tests.Reader`."""
    return Reader(evaluator, taken, whole, leaf)


def taken(evaluator: Evaluation, value: Value, depth: int = 0) -> list[Taken]:
    """The parameters that a value holds, part by part; an `unread` part where something can't be told."""
    if depth > _DEPTH:
        return [UNREAD]
    return list(_taken(evaluator, value, depth + 1))


def _taken(evaluator: Evaluation, value: Value, depth: int) -> Iterator[Taken]:
    inner = bare(value)
    match inner:
        case Collection():
            yield from _of_collection(evaluator, inner, depth)
        case SequenceValue():
            for item in contents.items(evaluator, value):
                yield from of_item(evaluator, item, depth)
        case Operation():
            yield from _of_operation(evaluator, inner, depth)
        case MappingValue():
            for entry in contents.entries(evaluator, value):
                if entry.key is None:
                    for held in evaluator.force(entry.value):
                        yield from taken(evaluator, held, depth)
                else:
                    yield from of_item(evaluator, Item(entry.value, entry.conditions), depth)
        case _:
            yield from _single(evaluator, value, depth)


def of_item(evaluator: Evaluation, item: Item, depth: int) -> Iterator[Taken]:
    """The parameters of one element of a sequence, under the conditions of its loop."""
    answers = evaluator.force(item.value)
    count = choices(evaluator, item.value, answers)
    for index, held in enumerate(answers):
        reader = reader_for(evaluator, held)
        condition = reader.all_of(item.conditions)
        if reader.whole:
            condition = _of_one_module(condition)
        if reader.whole and _excludes_modules(condition):
            # a parameter lies below many modules: that one of them is no norm does not say that its owner is none
            condition = s.Opaque(f"below:{id(held)}", "below one of certain modules")
        condition = of_child(held, condition)
        if condition == s.Always(False):
            continue
        for part in taken(evaluator, held, depth):
            yield chosen(part.under(condition), index, count)


def _excludes_modules(condition: s.Selector, positive: bool = True) -> bool:
    """Whether a condition asks that some module on the path is not of a class."""
    if isinstance(condition, s.Not):
        return _excludes_modules(condition.part, not positive)
    if isinstance(condition, (s.And, s.Or)):
        return any(_excludes_modules(part, positive) for part in condition.parts)
    return isinstance(condition, s.AncestorIs) and not positive


def _of_one_module(condition: s.Selector) -> s.Selector:
    """`is a LayerNorm and not a Linear` of one module: the second follows from the first."""
    if isinstance(condition, s.Or):
        return s.either(*map(_of_one_module, condition.parts))
    if not isinstance(condition, s.And):
        return condition
    asked = [part.classes for part in condition.parts if isinstance(part, s.AncestorIs)]
    if len(asked) != 1 or not all(map(_is_plain_layer, asked[0])):
        return condition
    return s.both(*(_without_others(part, asked[0]) for part in condition.parts))


def _without_others(part: s.Selector, known: frozenset[str]) -> s.Selector:
    """A condition on a module that is known to be of certain layers of torch."""
    if isinstance(part, s.Not):
        inner = part.part
        if isinstance(inner, s.AncestorIs):
            apart = not inner.classes & known and all(map(_is_plain_layer, inner.classes))
            return s.Always(True) if apart else part
        if isinstance(inner, s.And):
            return s.either(*(_without_others(s.negation(one), known) for one in inner.parts))
        if isinstance(inner, s.Or):
            return s.both(*(_without_others(s.negation(one), known) for one in inner.parts))
    if isinstance(part, s.Or):
        return s.either(*(_without_others(one, known) for one in part.parts))
    return part


def _is_plain_layer(path: str) -> bool:
    """Whether a class is a layer of torch that others are not commonly derived from."""
    last = path.rpartition(".")[2]
    return path.startswith("torch.nn.") and not last.startswith("_") and last not in ("Module", "Sequential")


def reader_for(evaluator: Evaluation, held: Value) -> Reader:
    """How the conditions around a value are to be read: about an owner, or about all below a module."""
    inner = bare(held)
    if isinstance(inner, TextOf) and isinstance(inner.pieces[-1], Element):
        inner = inner.pieces[-1]
    if isinstance(inner, Attribute) and isinstance(inner.of, Element) and inner.of.part == "module":
        return condition_reader(evaluator, leaf=inner.name)
    if isinstance(inner, Collection) and inner.owner is not None:
        return condition_reader(evaluator, whole=inner.recurse)
    if isinstance(inner, Element) and inner.collection.owner is not None:
        return condition_reader(evaluator, whole=inner.collection.recurse)
    return condition_reader(evaluator)


def _of_collection(evaluator: Evaluation, collection: Collection, depth: int) -> Iterator[Taken]:
    if collection.what == "selected":
        yield from taken(evaluator, collection.model, depth)
        return
    if collection.what not in ("parameters", "named_parameters", "names"):
        model, prefix = rooted(collection.model)
        yield Taken(model, s.Always(True), prefix)
        return
    model, prefix = rooted(collection.model)
    if isinstance(model, Known):
        yield UNREAD
        return
    selector: s.Selector = s.Always(True)
    if not collection.recurse and collection.owner is None:
        selector = s.Equals(s.OwnerName(), prefix)
    yield Taken(model, selector, prefix)


def _of_operation(evaluator: Evaluation, operation: Operation, depth: int) -> Iterator[Taken]:
    operands = operation.operands
    match operation.name:
        case "-" | "&":
            removed = [part for value in operands[1] for part in taken(evaluator, value, depth)]
            if any(part.unread for part in removed):
                yield UNREAD
                return
            for part in _of_answers(evaluator, operation, operands[0], depth):
                condition = s.either(*(other.below(part.prefix) for other in removed))
                yield part.under(s.negation(condition) if operation.name == "-" else condition)
        case "filter" if len(operands) == 2:
            yield from _filtered(evaluator, operation, depth)
        case "map" if len(operands) == 2:
            yield from _mapped(evaluator, operation, depth)
        case "flatten":
            for value in operands[0]:
                for item in contents.items(evaluator, value):
                    yield from of_item(evaluator, item, depth)
        case "items":
            yield from _of_answers(evaluator, operation, operands[0], depth)
        case ruled_names.RULED:
            rule = ruled_names.rule_of(evaluator, operation)
            for part in _of_answers(evaluator, operation, operands[0], depth):
                yield part.under(rule)
        case "zip" | "enumerate":
            yield UNREAD
        case _:
            for answers in operands:
                yield from _of_answers(evaluator, operation, answers, depth)


def _of_answers(evaluator: Evaluation, operation: Operation, answers: Sequence[Value], depth: int) -> Iterator[Taken]:
    """The parts of an operand that is one of several: each answer is a choice of its own, or a turn of a loop."""
    count = _choices(evaluator, operation, answers)
    for index, value in enumerate(answers):
        for part in taken(evaluator, value, depth):
            yield chosen(part, index, count)


def _choices(evaluator: Evaluation, operation: Operation, answers: Sequence[Value]) -> int:
    """How many of the answers to an operand of an operation exclude each other."""
    node, context = operation.node, operation.context
    if not isinstance(node, (t.Call, t.Binary)) or context is None:
        return len(answers)
    return choices(evaluator, Deferred(node, context), answers)


def _filtered(evaluator: Evaluation, operation: Operation, depth: int) -> Iterator[Taken]:
    """`filter(lambda p: p.requires_grad, model.parameters())`."""
    collections = operation.operands[1]
    count = _choices(evaluator, operation, collections)
    for function in operation.operands[0]:
        for index, collection in enumerate(collections):
            condition = _applied(evaluator, function, collection, id(operation.node))
            for part in taken(evaluator, collection, depth):
                held = replace(part, unread=True) if condition is None else part.under(condition)
                yield chosen(held, index, count)


def _applied(evaluator: Evaluation, function: Value, collection: Value, turn: int) -> s.Selector | None:
    elements = elements_of(evaluator, (collection,), turn)
    if not isinstance(function, FunctionValue) or not elements:
        return s.Always(True) if isinstance(function, Known) and function.value is None else None
    reader = condition_reader(evaluator)
    if isinstance(function.definition, t.Lambda):
        inner = evaluator.lambda_context(function, (elements,))
        evaluator.keep(inner)
        return reader.read(function.definition.body, inner)
    frame = evaluator.call_frame(function, Arguments(positional=(elements,)), None, function.frame.at(None))
    if frame is None:
        return None
    returns = [r for r in t.statements(frame.scope.body) if isinstance(r, t.Return) and r.value is not None]
    if len(returns) != 1 or returns[0].value is None:
        return None
    return reader.read(returns[0].value, frame.at(returns[0]))


def _mapped(evaluator: Evaluation, operation: Operation, depth: int) -> Iterator[Taken]:
    """`map(lambda pair: pair[1], filter(…, model.named_parameters()))`: the same parameters."""
    collections = operation.operands[1]
    count = _choices(evaluator, operation, collections)
    for index, collection in enumerate(collections):
        for part in _mapped_one(evaluator, operation, collection, depth):
            yield chosen(part, index, count)


def _mapped_one(evaluator: Evaluation, operation: Operation, collection: Value, depth: int) -> Iterator[Taken]:
    elements = elements_of(evaluator, (collection,), id(operation.node))
    for function in operation.operands[0]:
        if not isinstance(function, FunctionValue):
            yield from taken(evaluator, collection, depth)
            continue
        results = evaluator.call(function, Arguments(positional=(elements,)), None, function.frame.at(None))
        if results and all(element_within(v) is not None for v in results):
            yield from taken(evaluator, collection, depth)
        else:
            for result in results or (Unknown("map"),):
                yield from taken(evaluator, result, depth)


def _single(evaluator: Evaluation, value: Value, depth: int) -> Iterator[Taken]:
    inner = bare(value)
    if isinstance(inner, TextOf):
        last = inner.pieces[-1]
        full = isinstance(last, Element) and text(inner) == s.FullName()
        yield from taken(evaluator, last, depth) if full and isinstance(last, Element) else (UNREAD,)
        return
    if isinstance(inner, Element):
        if inner.part == "module":
            model, prefix = rooted(inner.collection.model)
            yield Taken(model, s.Opaque(f"child:{inner.turn}", "one of its modules"), prefix)
            return
        yield from taken(evaluator, inner.collection, depth)
        return
    if isinstance(inner, Attribute):
        if isinstance(inner.of, Element) and inner.of.part == "module":
            model, prefix = rooted(inner.of.collection.model)
            yield Taken(model, s.Equals(s.Leaf(), inner.name), prefix)
            return
        if inner.name in ("data", "detach") or (isinstance(inner.of, Element) and inner.called):
            yield from taken(evaluator, inner.of, depth)
            return
        yield UNREAD
        return
    named = one_parameter(value)
    if named is not None:
        yield Taken(named[0], s.Equals(s.FullName(), named[1]))
    elif isinstance(inner, Instance) and isinstance(inner.cls, External) and inner.cls.path.startswith(_LOOSE_TENSORS):
        if inner.cls.path.startswith(("torch.nn.", "torch.optim.")) and "Parameter" not in inner.cls.path:
            yield UNREAD
        else:
            yield LOOSE
    elif isinstance(inner, Known) and inner.value is None:
        return
    else:
        yield UNREAD
