"""hydra: a function below `@hydra.main` is given what its files make, put together by their lists of defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator

from wdlint.documents import nodes
from wdlint.source.libraries import documents
from wdlint.source.libraries.library import Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, constant

_Tree = dict[str, "_Tree | nodes.Node"]

_DEEPEST = 6  # files within files
_WORDS = ("override ", "optional ")


def _parameter(evaluator: Evaluation, definition: t.FunctionDef, name: str) -> Answers:
    """The configuration, for the first parameter of a function that hydra starts."""
    if not definition.params or definition.params[0].name != name:
        return ()
    for decorator in definition.decorators:
        if not isinstance(decorator, t.Call) or not (syntax.dotted(decorator.func) or "").endswith("hydra.main"):
            continue
        context = evaluator.frame(definition.scope).at(definition)
        given = {a.keyword: constant(evaluator.evaluate(a.value, context)) for a in decorator.args if a.keyword}
        folder, file = given.get("config_path"), given.get("config_name")
        if isinstance(file, str):
            tree = _composed(evaluator, folder if isinstance(folder, str) else "", file, definition.scope.module, 0)
            return (documents.value_of(tree),) if tree else ()
    return ()


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


LIBRARY = Library(paths=("hydra",), parameter=_parameter)
