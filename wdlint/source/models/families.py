"""Which library models a split may be over, where the model itself can't be told.

An Auto class with an unknown name gives one of its families. A model that a file only passes on may be any of a
library's too, if the file imports the library, names none of its models, and its split uses names of that library;
but not where the files around it load models by their classes and none by an Auto class: those are what it is given.
All of this is assumed, and inventories say so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from wdlint.facts import Inventory
from wdlint.knowledge.models import families
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.project import Project
from wdlint.source.selections import membership as m
from wdlint.source.selections import predicates as s
from wdlint.source.values.callers import all_statements
from wdlint.source.values.values import External, Instance, Value, bare

_LIBRARY = "transformers"
_ANY = "transformers.AutoModel"
_NORMS = ("LayerNorm.weight", "layer_norm.weight", "LayerNorm", "layernorm", "layer_norm")  # of these models alone
_CLASS = re.compile(r"(?!Auto|PreTrained)[A-Z]\w*(Model|For[A-Z]\w+|Config|Tokenizer(Fast)?)$")
_CHECKPOINT = re.compile(r"(bert|gpt|t5|bart|xlnet|electra|llama|opt|bloom|mistral)[-_]?\w*[-/]", re.IGNORECASE)
_LOADER = "from_pretrained"
# A class that is asked to load a model, in a line that is no comment.
_LOADED = re.compile(rb"(?m)^[^#\n]*?\b(Auto(?=Model)|[A-Z])\w*(?:Model|For[A-Z]\w+|Head)\.from_pretrained\(")


def possible_models(
    project: Project, model: Value, selectors: Iterable[s.Selector], module: t.Module
) -> list[Inventory]:
    """The inventories of the families that an unseen model may be of; empty where nothing says so."""
    inner = bare(model)
    if isinstance(inner, Instance) and isinstance(inner.cls, External):
        return _inventories(inner.cls.path)
    names = {text for selector in selectors for text, _ in m.patterns(selector)}
    if names.isdisjoint(_NORMS) or not _imports_library(module) or any(True for _ in _named_models(module)):
        return []
    if _loaded_by_class(project, module):
        return []
    return _inventories(_ANY)


def _inventories(path: str) -> list[Inventory]:
    return [replace(family.inventory(), assumed=True) for family in families(path)]


def _imports_library(module: t.Module) -> bool:
    for statement in all_statements(module.scope):
        if isinstance(statement, t.Import) and any(name.split(".")[0] == _LIBRARY for name, _ in statement.names):
            return True
        if isinstance(statement, t.ImportFrom) and statement.module.split(".")[0] == _LIBRARY and not statement.level:
            return True
    return False


def _loaded_by_class(project: Project, module: t.Module) -> bool:
    """Whether the files nearest to a module that load models do so by their classes, and never by an Auto class."""
    here = os.path.dirname(os.path.abspath(module.path))
    ways: dict[int, set[bytes]] = {}
    for path in project.files_with(_LOADER, module.path):
        distance = -len(os.path.commonpath([here, path]))
        ways.setdefault(distance, set()).update(_LOADED.findall(project.read(path)))
    nearest = next((found for _, found in sorted(ways.items()) if found), set())
    return bool(nearest) and b"Auto" not in nearest


def _named_models(module: t.Module) -> Iterator[str]:
    """Names of particular models or checkpoints in a module's code; what its texts say beside the code is none."""
    for statement in all_statements(module.scope):
        if isinstance(statement, t.ImportFrom):
            yield from (name for name, _ in statement.names if _CLASS.match(name))
        if isinstance(statement, t.Expression) and isinstance(statement.value, t.Const):
            continue
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Attribute) and _CLASS.match(node.attr):
                    yield node.attr
                elif isinstance(node, t.Const) and isinstance(node.value, str) and _CHECKPOINT.match(node.value):
                    yield node.value
