"""Marks that a program sets on parameters from outside their model: `layer.bias._no_weight_decay = True`.

On which parameters, if on any, is not worked out. What a model's own code marks is part of its inventory.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import ClassValue, Instance, Value, bare


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
