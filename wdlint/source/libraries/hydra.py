"""hydra: what its files make for a function below `@hydra.main` or its like, and what `instantiate` makes of that.

Files are put together by their lists of defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from wdlint.documents import nodes
from wdlint.source.libraries import documents
from wdlint.source.libraries.library import Call, Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import call_arguments, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Context,
    External,
    MappingValue,
    ModuleValue,
    Partial,
    Value,
    bare,
    constant,
)

_Tree = dict[str, "_Tree | nodes.Node"]

INSTANTIATES = ("hydra.utils.instantiate", "hydra.utils.call")
_DEEPEST = 6  # files within files, and calls within calls
_OWN = frozenset(("_target_", "_partial_", "_recursive_", "_convert_", "_args_"))
_WORDS = ("override ", "optional ")


def _parameter(evaluator: Evaluation, definition: t.FunctionDef, name: str) -> Answers:
    """The configuration, for the first parameter of a function that hydra starts."""
    if not definition.params or definition.params[0].name != name:
        return ()
    for decorator in definition.decorators:
        if not isinstance(decorator, t.Call) or not _starts(decorator):
            continue
        context = evaluator.frame(definition.scope).at(definition)
        given = {a.keyword: constant(evaluator.evaluate(a.value, context)) for a in decorator.args if a.keyword}
        folder, file = given.get("config_path"), given.get("config_name")
        if isinstance(file, str):
            tree = _composed(evaluator, folder if isinstance(folder, str) else "", file, definition.scope.module, 0)
            return (documents.value_of(tree, ()),) if tree else ()
    return ()


def _starts(decorator: t.Call) -> bool:
    """Whether a decorator is `hydra.main`, or one that others make of it and give the same words (dora, NeMo)."""
    named = (syntax.dotted(decorator.func) or "").endswith("hydra.main")
    return named or {"config_path", "config_name"} <= {argument.keyword for argument in decorator.args}


def _composed(evaluator: Evaluation, folder: str, name: str, module: t.Module, depth: int) -> _Tree:
    """A file of a configuration with what its list of defaults brings, in hydra's order."""
    path = os.path.join(folder, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    root = documents.document(evaluator, path, module)
    found: _Tree = {}
    if not isinstance(root, nodes.Mapping):
        return found
    own = _tree(root)
    listed = own.pop("defaults", None)
    defaults = list(listed.items) if isinstance(listed, nodes.Listing) and depth < _DEEPEST else []
    placed = False
    for at, inner, package in _brought(defaults):
        if inner == "_self_":
            _merge(found, own)
            placed = True
            continue
        brought = _composed(evaluator, os.path.join(folder, at), inner, module, depth + 1)
        for key in reversed(package):
            brought = {key: brought}
        _merge(found, brought)
    if not placed:
        _merge(found, own)
    return found


def _brought(defaults: list[nodes.Node]) -> Iterator[tuple[str, str, list[str]]]:
    """The files in a list of defaults: folder, name, and where what they hold goes."""
    for default in defaults:
        if isinstance(default, nodes.Scalar) and isinstance(default.value, str):
            group, _, name = default.value.rpartition("/")
            yield group, name, group.split("/") if group else []
        elif isinstance(default, nodes.Mapping) and len(default.entries) == 1:
            (entry,) = default.entries
            key = entry.key
            for word in _WORDS:
                key = key.removeprefix(word)
            group, _, package = key.strip("/ ").partition("@")
            names = entry.value.items if isinstance(entry.value, nodes.Listing) else (entry.value,)
            for node in names:
                if isinstance(node, nodes.Scalar) and isinstance(node.value, str) and not key.startswith("hydra/"):
                    at = package.replace(".", "/") or group
                    yield group, node.value, [] if package == "_global_" else at.split("/")


def _tree(node: nodes.Mapping) -> _Tree:
    return {e.key: _tree(e.value) if isinstance(e.value, nodes.Mapping) else e.value for e in node.entries}


def _merge(into: _Tree, other: _Tree) -> None:
    for key, value in other.items():
        held = into.get(key)
        if isinstance(held, dict) and isinstance(value, dict):
            _merge(held, value)
        else:
            into[key] = value


def _instantiate(evaluator: Evaluation, call: Call) -> Answers | None:
    """What `instantiate(config, *args, **kwargs)` makes: a call of what `_target_` names, or a partial of it."""
    made = [value for config in call.first(evaluator) for value in _made(evaluator, config, call, 0)]
    return tuple(made) or None


def _made(evaluator: Evaluation, config: Value, call: Call, depth: int) -> Iterator[Value]:
    told = constant(objects.entry(evaluator, config, "_target_")) if depth < _DEEPEST else None
    if not isinstance(told, str):
        return
    given = tuple(_options(evaluator, config, call, depth))
    more = call_arguments.keywords(evaluator, call.arguments) if not depth else ()
    positional = call.positional(evaluator)[1:] if not depth else ()
    names = {name for name, _ in more}
    keywords = (*(option for option in given if option[0] not in names), *more)
    arguments = Arguments((), call.context, positional, keywords)
    partial = constant(objects.entry(evaluator, config, "_partial_")) is True
    for target in _target(evaluator, told, call.context):
        if partial:
            yield Partial(target, arguments)
        else:
            yield from evaluator.call(target, arguments, call.node if not depth else None, call.context)


def _options(evaluator: Evaluation, config: Value, call: Call, depth: int) -> Iterator[tuple[str, Answers]]:
    """The entries of a configuration as arguments; what has a `_target_` of its own is made first."""
    inner = bare(config)
    for entry in inner.entries if isinstance(inner, MappingValue) else ():
        key = constant(evaluator.force(entry.key)) if entry.key is not None else None
        if not isinstance(key, str) or key in _OWN:
            continue
        answers = objects.entry(evaluator, config, key)
        nested = [made for value in answers for made in _made(evaluator, value, call, depth + 1)]
        yield key, tuple(nested) or answers


def _target(evaluator: Evaluation, path: str, context: Context) -> Answers:
    """What an import path names, of the project or of a library."""
    module, _, name = path.rpartition(".")
    found = evaluator.module_value(module, context.module) if module else External(path)
    if isinstance(found, ModuleValue):
        return evaluator.module_member(found.module, name)
    return (External(path),)


LIBRARY = Library(paths=("hydra",), calls=dict.fromkeys(INSTANTIATES, _instantiate), parameter=_parameter)
