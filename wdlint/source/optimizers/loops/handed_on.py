"""Optimizers that a library makes of a class and options which a call hands to it.

Which argument holds what is data (`knowledge.handed_on`). The optimizer is then read as if the library's own
construction stood there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Loop, Origin
from wdlint.knowledge.handed_on import HandedOn, handed_on
from wdlint.knowledge.optimizers import torch_classes
from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    Collection,
    Context,
    External,
    Instance,
    Known,
    MappingValue,
    Method,
    Unknown,
    Value,
    bare,
    constant,
)


@dataclass(frozen=True, slots=True, eq=False)
class Handed:
    """A class with what its constructor gets."""

    cls: Value
    arguments: Arguments
    loop: Loop


def handed_optimizers(
    evaluator: Evaluation, callee: Value, arguments: Arguments, node: t.Call, context: Context
) -> Iterator[Handed]:
    """The optimizers that a library's object will make; none where they can't be told."""
    path = _path(callee)
    known = handed_on(path) if path else None
    if known is None or (known.groups and call_arguments.argument(evaluator, arguments, known.groups, None)):
        return
    options = _options(evaluator, known, arguments)
    chosen = _at(evaluator, arguments, known.chooses) if known.chooses else ()
    classes = tuple(named(value) for value in chosen if not (isinstance(value, Known) and value.value is None))
    if not classes and known.usual:
        classes = (External(known.usual),)
    if options is None or not classes:
        return
    params: Answers = (Unknown(f"parameters in {path}"),)
    if known.one_group:
        params = tuple(Collection("parameters", model) for model in _models(evaluator, known, arguments, node, context))
    loop = Loop(path, _advice(known), known.source, divides=known.held == "divided")
    for cls in classes:
        yield Handed(cls, Arguments((), context, (params,), options), loop)


def _models(
    evaluator: Evaluation, known: HandedOn, arguments: Arguments, node: t.Call, context: Context
) -> Iterator[Value]:
    """The models that a library's object will train: given, or made of a class and `module__…`; else one not seen."""
    if known.model is None:
        yield Unknown(f"the model of {known.path}")
        return
    start = f"{known.model.name}__"
    whole = not call_arguments.spreads(evaluator, arguments)
    given = call_arguments.keywords(evaluator, arguments)
    options = [(name.removeprefix(start), answers) for name, answers in given if name.startswith(start)]
    for value in call_arguments.argument(evaluator, arguments, known.model.name, known.model.position):
        if isinstance(value, ClassValue) and whole:
            yield from evaluator.call(value, Arguments((), context, (), tuple(options)), node, context)
        else:
            yield evaluator.receiver(value) if isinstance(value, ClassValue) else value


def _path(callee: Value) -> str:
    """The import path of a class, function or method of a library; empty: it is none."""
    if isinstance(callee, External):
        return callee.path
    made = bare(callee.receiver) if isinstance(callee, Method) else None
    if isinstance(callee, Method) and isinstance(made, Instance) and isinstance(made.cls, External):
        return f"{made.cls.path}.{callee.name}"
    return ""


def _advice(known: HandedOn) -> str:
    if known.groups:
        return f"`{known.groups}` takes groups, with patterns for names: give biases and norms `weight_decay` 0"
    taken = f"`{known.options.rstrip('*')}` takes no groups" if known.options else "the library makes one group"
    return f"{taken}: choose another optimizer, or pass none a decay"


def named(value: Value) -> Value:
    """The class of torch's that a word names, whatever its capitals: `"adamw"`; anything else as it is."""
    if not isinstance(value, Known) or not isinstance(value.value, str):
        return value
    path = torch_classes().get(value.value.rpartition(".")[2].lower())
    return External(path) if path is not None else value


def _options(evaluator: Evaluation, known: HandedOn, arguments: Arguments) -> tuple[tuple[str, Answers], ...] | None:
    """The options by name; None where they can't be told."""
    if known.decay is not None:
        if call_arguments.spreads(evaluator, arguments):
            return None
        told = call_arguments.argument(evaluator, arguments, known.decay.name, known.decay.position)
        return (("weight_decay", told or (Known(known.decay.default or 0.0, Origin.OPTIMIZER_DEFAULT),)),)
    if known.options.endswith("*"):
        if call_arguments.spreads(evaluator, arguments):
            return None
        start = known.options.rstrip("*")
        given = call_arguments.keywords(evaluator, arguments)
        return tuple((name.removeprefix(start), answers) for name, answers in given if name.startswith(start))
    found = _at(evaluator, arguments, known.options)
    if not found or all(isinstance(value, Known) and value.value is None for value in found):
        return ()
    inner = bare(found[0]) if len(found) == 1 else None
    if not isinstance(inner, MappingValue) or not inner.complete:
        return None
    names = [constant(evaluator.force(entry.key)) if entry.key is not None else None for entry in inner.entries]
    if not all(isinstance(name, str) for name in names):
        return None
    return tuple((str(name), objects.entry(evaluator, found[0], str(name))) for name in names)


def _at(evaluator: Evaluation, arguments: Arguments, path: str) -> Answers:
    """What stands at a path of keys, the first of them an argument of the call."""
    first, *rest = path.split(".")
    answers = call_arguments.argument(evaluator, arguments, first, None)
    for key in rest:
        answers = tuple(found for value in answers for found in objects.entry(evaluator, value, key))
    return answers
