"""What an import means: a module of the project, one of its members, or something of a library.

Where a module's file is found is in `project`, what a name is bound to otherwise in `names`.
"""

from __future__ import annotations

from collections.abc import Iterable

from wdlint.source.read import tree as t
from wdlint.source.values import objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, External, FolderValue, Frame, ModuleValue, Unknown, Value


def imported(evaluator: Evaluation, statement: t.Import, name: str, frame: Frame) -> Iterable[Value]:
    """What `import …` binds a name to."""
    for dotted, alias in statement.names:
        if (alias or dotted.split(".", 1)[0]) != name:
            continue
        wanted = dotted if alias else dotted.split(".", 1)[0]
        yield module_value(evaluator, wanted, frame.scope.module)


def imported_from(evaluator: Evaluation, statement: t.ImportFrom, name: str, frame: Frame) -> Iterable[Value]:
    """What `from … import …` binds a name to."""
    for original, alias in statement.names:
        if (alias or original) == name:
            source = module_value(evaluator, statement.module, frame.scope.module, statement.level)
            if isinstance(source, ModuleValue) and source.module is frame.scope.module:
                return _own_submodule(evaluator, source.module, original)
            return objects.member(evaluator, source, original, frame.at(statement))
    return ()


def module_value(evaluator: Evaluation, dotted: str, importer: t.Module, level: int = 0) -> Value:
    """The module that an import names: of the project, a folder without `__init__.py`, or a library's."""
    if not level and _is_known_better(evaluator, dotted.split(".", 1)[0], importer):
        return External(dotted)  # what it makes is known, wherever its source may be
    target = evaluator.project.resolve(dotted, importer, level)
    if isinstance(target, t.Module):
        return ModuleValue(target)
    if isinstance(target, str):
        return FolderValue(target, importer)
    return External(dotted) if not level else Unknown(f"{'.' * level}{dotted}")


def _is_known_better(evaluator: Evaluation, package: str, importer: t.Module) -> bool:
    """Whether a package of the project is a copy of a library that says more by its name than its source does.

    peft freezes models through classes that it looks up by the kind of adapter, which no reading follows.
    """
    if package == "peft":
        return evaluator.project.holding(package, importer, 0, (b"get_peft_model",)) is not None
    return package == "wdlint"


def module_member(evaluator: Evaluation, module: t.Module, name: str, quiet: bool = False) -> Answers:
    """What `name` means at the end of a module: a binding, a re-export, or a sub-module."""
    frame = evaluator.frame(module.scope)
    found = evaluator.in_scope(name, None, frame)
    if found:
        return found
    inside = _own_submodule(evaluator, module, name)
    if inside:
        return inside
    return () if quiet else (Unknown(f"{module.name}.{name}"),)


def _own_submodule(evaluator: Evaluation, package: t.Module, name: str) -> Answers:
    """A module of a package by its name, whether or not the package imports it."""
    if not package.is_package:
        return ()
    target = evaluator.project.resolve(name, package, 1)
    if isinstance(target, t.Module):
        return (ModuleValue(target),)
    return (FolderValue(target, package),) if isinstance(target, str) else ()


def submodule(evaluator: Evaluation, folder: FolderValue, name: str) -> Answers:
    """A module in a namespace package."""
    import os

    path = os.path.join(folder.path, name)
    for candidate in (path + ".py", os.path.join(path, "__init__.py")):
        evaluator.project.trail.files[candidate] = None  # there or not
        if evaluator.project.files.exists(candidate):
            module = evaluator.project.module(candidate)
            if module is not None:
                return (ModuleValue(module),)
    return (FolderValue(path, folder.importer),) if os.path.isdir(path) else (Unknown(path),)


def exports(module: str, name: str) -> bool:
    """Whether a star import of a library module brings a name that matters here."""
    if not module.startswith("torch") and "optim" not in module:
        from wdlint.knowledge.trainers import brings

        return brings(module, name)
    from wdlint.knowledge.layers import layer
    from wdlint.knowledge.optimizers import optimizer

    path = f"{module}.{name}"
    return optimizer(path) is not None or layer(path) is not None or (module == "torch" and name in ("nn", "optim"))
