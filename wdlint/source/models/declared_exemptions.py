"""What a model declares about its own decay: `no_weight_decay()`, its keywords, and marks on parameters.

Whether an optimizer honours any of this is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.source.read import tree as t
from wdlint.source.values import contents
from wdlint.source.values.classes import class_member
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    Changed,
    ClassValue,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    Value,
    bare,
)

METHODS = ("no_weight_decay", "no_weight_decay_keywords")
_NESTING = 6


@dataclass(frozen=True, slots=True)
class Declared:
    """Names (or, of `no_weight_decay_keywords`, parts of names) that a model wants spared, and where it says so."""

    names: tuple[str, ...]
    keywords: tuple[str, ...]
    method: t.FunctionDef
    module: t.Module

    @property
    def patterns(self) -> tuple[str, ...]:
        return (*self.names, *self.keywords)


def models_declared_exemptions(evaluator: Evaluation, model: Value) -> Declared | None:
    """What a model's own methods declare exempt; None where it declares nothing or nothing can be read."""
    instance = bare(model)
    if not isinstance(instance, Instance) or not isinstance(instance.cls, ClassValue):
        return None
    found: dict[str, tuple[str, ...]] = {}
    where: t.FunctionDef | None = None
    for name in METHODS:
        for value in class_member(evaluator, instance.cls, name):
            if isinstance(value, FunctionValue) and isinstance(value.definition, t.FunctionDef):
                bound = FunctionValue(value.definition, value.frame, None, instance)
                evaluator.keep(bound)
                answers = evaluator.call_function(bound, Arguments(), None, value.frame.at(None))
                texts = [text for answer in answers for text in _texts(evaluator, answer, 0)]
                found[name] = tuple(dict.fromkeys(texts))
                where = where or value.definition
    if where is None or not any(found.values()):
        return None
    return Declared(found.get(METHODS[0], ()), found.get(METHODS[1], ()), where, where.scope.module)


def _texts(evaluator: Evaluation, value: Value, depth: int) -> Iterator[str]:
    """The texts in a set or list of names, as far as they can be told."""
    if depth > _NESTING:
        return
    match value:
        case Known(value=str(text)):
            yield text
        case SequenceValue() | Changed():
            for item in contents.items(evaluator, value):
                for held in evaluator.force(item.value):
                    yield from _texts(evaluator, held, depth + 1)
        case MappingValue():
            for entry in contents.entries(evaluator, value):
                for held in evaluator.force(entry.key) if entry.key is not None else ():
                    yield from _texts(evaluator, held, depth + 1)
        case Operation(name="|", operands=operands):
            for answers in operands:
                for held in answers:
                    yield from _texts(evaluator, held, depth + 1)
        case _:
            return
