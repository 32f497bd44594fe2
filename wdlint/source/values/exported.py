"""What a module of the project has to give, for a name that can't be told: `getattr(models, name)`."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.source.read import tree as t
from wdlint.source.values import contents
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import ModuleValue, Unknown, Value, constant

_NAMES = 40  # of a module that are tried


def any_of_module(evaluator: Evaluation, module: t.Module) -> Iterator[Value]:
    """Every class or function of a project module, for a name that can't be told; those of stars in a package too."""
    names = [name for name in _of_own(module) if not name.startswith("_")]
    for star in _stars(module) if module.is_package else ():
        source = evaluator.module_value(star.module, module, star.level)
        if isinstance(source, ModuleValue) and source.module is not module:
            names.extend(_exported(evaluator, source.module))
    distinct = list(dict.fromkeys(names))
    for name in distinct[:_NAMES]:
        yield from evaluator.module_member(module, name)
    if len(distinct) > _NAMES:
        yield Unknown(f"{module.name}.?")


def _of_own(module: t.Module) -> Iterator[str]:
    for name, statements in module.scope.bound.items():
        if isinstance(statements[-1], (t.ClassDef, t.FunctionDef)):
            yield name


def _stars(module: t.Module) -> Iterator[t.ImportFrom]:
    """The star imports of a package from its own modules."""
    for statement in module.scope.body.statements:
        if isinstance(statement, t.ImportFrom) and statement.level and any(name == "*" for name, _ in statement.names):
            yield statement


def _exported(evaluator: Evaluation, module: t.Module) -> list[str]:
    """The classes and functions that a star import brings."""
    listed = [
        constant(evaluator.force(item.value))
        for value in (evaluator.module_member(module, "__all__") if "__all__" in module.scope.bound else ())
        for item in contents.items(evaluator, value)
        if not item.spread
    ]
    return [name for name in _of_own(module) if (name in listed if listed else not name.startswith("_"))]
