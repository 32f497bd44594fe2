"""DeepSpeed's optimizers in a script: those that an `optimizer` section makes, in a dictionary or a file that is named.

What a section means is the configuration engine's business (`wdlint.configuration.deepspeed`); here it is found, and
given the parameters that the script hands over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.configuration.deepspeed import Section, removes_section, section
from wdlint.configuration.screen import LARGEST
from wdlint.documents import json, nodes
from wdlint.facts import Loop, Origin, Place
from wdlint.source.read import tree as t
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
    Value,
    bare,
    constant,
)

_NOWHERE = Place("", 1, 1, 1, 1)
_DEEPEST = 6


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An optimizer that DeepSpeed makes, and what it is given."""

    section: Section
    arguments: Arguments
    loop: Loop


def deepspeed_optimizer(evaluator: Evaluation, callee: Value, given: Arguments, context: Context) -> Made | None:
    """The optimizer that a call of `deepspeed.initialize` makes by its configuration; None where it makes none."""
    if not isinstance(callee, External) or callee.path != "deepspeed.initialize":
        return None
    client = call_arguments.argument(evaluator, given, "optimizer", 2)
    if any(not (isinstance(value, Known) and value.value is None) for value in client):
        return None
    config = call_arguments.argument(evaluator, given, "config", 7)
    config = config or call_arguments.argument(evaluator, given, "config_params", 8)
    made = section_of(evaluator, config, context.module)
    if made is None or made.amount is None:
        return None
    handed = call_arguments.argument(evaluator, given, "model_parameters", 3)
    if not handed:
        models = call_arguments.argument(evaluator, given, "model", 1)
        handed = tuple(Collection("parameters", model) for model in models)
    origin = made.amount.origin
    keywords: list[tuple[str, Answers]] = []
    if origin is not Origin.OPTIMIZER_DEFAULT:
        keywords.append(("weight_decay", (Known(made.amount.value, Origin.FIELD_DEFAULT),)))
    if made.rate is not None:
        keywords.append(("lr", (Known(made.rate.value),)))
    advice = f"pass groups as `model_parameters`: `wdlint.decay_groups(model, weight_decay={made.amount.value:g})`"
    loop = Loop("deepspeed.initialize", f"{advice} returns them", "measured 0.19.8", divides=False)
    return Made(made, Arguments((), context, (handed,), tuple(keywords)), loop) if handed else None


def section_of(evaluator: Evaluation, config: Answers, module: t.Module) -> Section | None:
    """The `optimizer` section of a configuration that is a dictionary or the path of a file.

    None also where the script removes it from a configuration: from which, and when, is not followed.
    """
    if len(config) != 1 or removes_section(evaluator.project.read(module.path).decode("utf-8", "replace")):
        return None
    path = constant(config)
    root = _file(evaluator, path, module) if isinstance(path, str) else _document(evaluator, config, 0)
    return section(root) if isinstance(root, nodes.Mapping) else None


def _file(evaluator: Evaluation, path: str, module: t.Module) -> nodes.Node | None:
    """The JSON at a path as seen from the script or from the folder that the run was started in."""
    project = evaluator.project
    for folder in (os.path.dirname(module.path), ""):
        found = os.path.normpath(os.path.join(folder, path))
        project.trail.files[found] = None
        data = project.files.read(found)
        if data is not None and len(data) <= LARGEST:
            try:
                return json.read(found, data.decode("utf-8-sig"))
            except (nodes.Unreadable, UnicodeDecodeError):
                return None
    return None


def _document(evaluator: Evaluation, answers: Answers, depth: int) -> nodes.Node:
    """A dictionary of a program as a document; what can't be told is opaque."""
    value = bare(answers[0]) if len(answers) == 1 and depth < _DEEPEST else None
    if isinstance(value, Known) and (value.value is None or isinstance(value.value, str | int | float)):
        return nodes.Scalar(value.value, _NOWHERE)
    if isinstance(value, MappingValue):
        keys = list(_keys(evaluator, value))
        entries = (
            nodes.Entry(key, _NOWHERE, _document(evaluator, objects.entry(evaluator, answers[0], key), depth + 1))
            for key in keys
        )
        return nodes.Mapping(tuple(entries), _NOWHERE, complete=value.complete)
    return nodes.Opaque(_NOWHERE)


def _keys(evaluator: Evaluation, mapping: MappingValue) -> Iterator[str]:
    for entry in mapping.entries:
        key = constant(evaluator.force(entry.key)) if entry.key is not None else None
        if isinstance(key, str):
            yield key
