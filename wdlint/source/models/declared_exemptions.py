"""What a program declares exempt: a model by `no_weight_decay()` and its keywords, and marks set from outside of it.

`layer.bias._no_weight_decay = True` is such a mark; on which parameters it is set, if on any, is not worked out. What
a model's own code marks is part of its inventory. Whether an optimizer honours any of this is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.source.read import syntax
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


# ---- marks from outside


def marked_from_outside(evaluator: Evaluation, model: Value) -> frozenset[str]:
    """The attributes that the linted file, or that of the model's class, sets on something that is not `self`."""
    known: dict[int, frozenset[str]] = evaluator.memo("marked_from_outside")
    modules = [evaluator.module]
    inner = bare(model)
    if isinstance(inner, Instance) and isinstance(inner.cls, ClassValue):
        modules.append(inner.cls.definition.scope.module)
    for module in modules:
        if id(module) not in known:
            known[id(module)] = frozenset(_set_on_others(module.scope))
    return frozenset().union(*(known[id(module)] for module in modules))


def _set_on_others(scope: t.Scope) -> Iterator[str]:
    for statement in t.statements(scope.body):
        if isinstance(statement, (t.FunctionDef, t.ClassDef)):
            yield from _set_on_others(statement.inner)
        elif isinstance(statement, t.Assign):
            for target in statement.targets:
                if isinstance(target, t.Attribute) and syntax.root_name(target) != "self":
                    yield target.attr
        elif isinstance(statement, t.Expression) and isinstance(statement.value, t.Call):
            call = statement.value
            if isinstance(call.func, t.Name) and call.func.id == "setattr" and len(call.args) == 3:
                name = call.args[1].value
                if isinstance(name, t.Const) and isinstance(name.value, str):
                    yield name.value
