"""Optimizers that a library makes of a class and options which a call hands to it.

Which argument holds what is data (`knowledge.handed_on`). The optimizer is then read as if the library's own
construction stood there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Loop
from wdlint.knowledge.handed_on import HandedOn, handed_on
from wdlint.source.values import call_arguments, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    Context,
    External,
    Known,
    MappingValue,
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


def handed_optimizers(evaluator: Evaluation, callee: Value, arguments: Arguments, context: Context) -> Iterator[Handed]:
    """The optimizers that a library's object will make; none where they can't be told."""
    known = handed_on(callee.path) if isinstance(callee, External) else None
    if known is None or not isinstance(callee, External):
        return
    if known.groups and call_arguments.argument(evaluator, arguments, known.groups, None):
        return
    options = _options(evaluator, known, arguments)
    classes = _at(evaluator, arguments, known.chooses)
    classes = tuple(value for value in classes if not (isinstance(value, Known) and value.value is None))
    if not classes and known.usual:
        classes = (External(known.usual),)
    if options is None or not classes:
        return
    model = Unknown(f"the model of {callee.path}")
    params: Value = Collection("parameters", model) if known.one_group else Unknown(f"parameters in {callee.path}")
    advice = f"`{known.options.rstrip('*')}` takes no groups: choose another optimizer, or pass none a decay"
    if known.groups:
        advice = f"`{known.groups}` takes groups, with patterns for names: give biases and norms `weight_decay` 0"
    loop = Loop(callee.path, advice, known.source, divides=False)
    for cls in classes:
        yield Handed(cls, Arguments((), context, ((params,),), options), loop)


def _options(evaluator: Evaluation, known: HandedOn, arguments: Arguments) -> tuple[tuple[str, Answers], ...] | None:
    """The options by name; None where they can't be told."""
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
