"""Everything that a program freezes and opens, function by function, in the files that a model has come through.

What one statement freezes is read in `freezing`; what follows for a model is worked out in `trained`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from wdlint.facts import Ternary
from wdlint.source.models.freezing import Freeze, freezes_in, may_freeze, mentions_freezing
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections.taken import Taken
from wdlint.source.values.callers import all_statements
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Changed, Frame, Instance, Method, Part, Unknown, Value, bare

_OPTIMIZERS = re.compile(r"optim|adam|sgd", re.IGNORECASE)
_HELPER = re.compile(r"freeze|frozen|requires_grad|trainable", re.IGNORECASE)
_HOOKS = ("freeze_before_training",)  # what a library calls


def freezes(evaluator: Evaluation, model: Value) -> tuple[Freeze, ...]:
    """Everything that is frozen and opened in the linted file, and before it where a model was made and handed on."""
    cache: dict[tuple[int, ...], tuple[Freeze, ...]] = evaluator.memo("freezes")
    found: list[Freeze] = []
    for module, frames in (*_homes(evaluator, model), (evaluator.module, ())):
        key = id(module), *map(id, frames)
        if key not in cache:
            cache[key] = ()
            evaluator.keep(frames)
            cache[key] = tuple(_all(evaluator, module.scope, {id(frame.scope): frame for frame in frames}))
        found += cache[key]
    return tuple(found)


def _homes(evaluator: Evaluation, model: Value) -> list[tuple[t.Module, tuple[Frame, ...]]]:
    """The other files in which a model was made, was changed, or was asked for, the outermost first.

    Each comes with the frames of the functions there that it came through: what they do depends on what they are given.
    """
    frames: list[Frame] = []
    value = model
    while True:
        match value:
            case Changed(base=inner):
                frames += [change.context.frame for change in value.changes]
                value = inner
            case Part(root=inner) | Method(receiver=inner):
                value = inner
            case _:
                break
    if isinstance(value, Instance) and value.frame is not None:
        frames.append(value.frame)
    found: dict[int, list[Frame]] = {}
    for frame in frames:
        around: Frame | None = frame
        while around is not None:
            found.setdefault(id(around.scope.module), []).append(around)
            around = around.caller
    found.pop(id(evaluator.module), None)
    homes = [(through[0].scope.module, through) for through in list(found.values())[::-1]]
    return [
        (module, tuple(frame for frame in through if frame.arguments is not None and frame.scope.kind == "function"))
        for module, through in homes
        if _may_freeze(evaluator, module)
    ]


def _may_freeze(evaluator: Evaluation, module: t.Module) -> bool:
    """Whether another file may freeze something; what fixes are tried for one file does not change that."""
    project = evaluator.project
    known, key = project.trail.freezing, (module.path, project.read(module.path))
    if key not in known:
        functions = (s for s in all_statements(module.scope) if isinstance(s, t.FunctionDef))
        known[key] = mentions_freezing(evaluator, module.scope) or any(
            may_freeze(evaluator, function) for function in functions
        )
    return known[key]


def _all(evaluator: Evaluation, module: t.Scope, frames: Mapping[int, Frame]) -> Iterator[Freeze]:
    scopes = [s.inner for s in all_statements(module) if isinstance(s, t.FunctionDef) and may_freeze(evaluator, s)]
    for scope in (*scopes, module):
        frame = frames.get(id(scope)) or evaluator.frame(scope)
        definition = scope.definition if isinstance(scope.definition, t.FunctionDef) else None
        if definition is not None and _is_never_called(evaluator, definition):
            continue
        called = definition is not None and bool(evaluator.call_index.callers(evaluator, definition))
        given = _given(evaluator, definition) if called and definition is not None else ()
        for statement in t.statements(scope.body):
            for freeze in freezes_in(evaluator, statement, frame):
                parts = tuple(p for p in freeze.parts if p.model is None or key_of(rooted(p)[0]) not in given)
                doubtful = definition is not None and not called and not _trains(definition)
                if parts and doubtful and not all(_made_in(part, scope) for part in parts):
                    freeze = replace(freeze, sure=freeze.sure & Ternary.UNKNOWN)
                if parts:
                    yield replace(freeze, parts=parts)


def _is_never_called(evaluator: Evaluation, definition: t.FunctionDef) -> bool:
    """Whether a helper such as `freeze_backbone` is there for others: nothing in the project names it besides."""
    name, path = definition.name, definition.scope.module.path
    if not _HELPER.search(name) or name in _HOOKS:
        return False
    if evaluator.project.read(path).count(name.encode()) != 1:
        return False
    return not any(os.path.abspath(path) != other for other in evaluator.project.files_with(name, path))


def _given(evaluator: Evaluation, definition: t.FunctionDef) -> frozenset[object]:
    """What the callers of a function give to it: what it freezes of that is found where it is called."""
    frame = evaluator.frame(definition.inner)
    return frozenset(
        key_of(bare(v)) for p in definition.params for v in evaluator.argument(frame, p) if v is not frame.receiver
    )


def key_of(value: Value) -> object:
    """A key by which a value met twice is known again."""
    inner = bare(value)
    return inner.key if isinstance(inner, Unknown) else id(inner)


def _made_in(part: Taken, scope: t.Scope) -> bool:
    """Whether a function makes the model itself, so that what it does to it is done whenever there is one."""
    inner = bare(rooted(part)[0]) if part.model is not None else None
    if isinstance(inner, Instance):
        return inner.frame is not None and inner.frame.scope.kind == "function"
    return scope.kind == "module"


def _trains(definition: t.FunctionDef) -> bool:
    """Whether a function is run by somebody, as far as its name and its making of an optimizer tell."""
    if definition.name in ("__init__", "main", "setup", "train", "run"):
        return True
    for statement in t.statements(definition.inner.body):
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if isinstance(node, t.Call) and _OPTIMIZERS.search((syntax.dotted(node.func) or "").rpartition(".")[2]):
                    return True
    return False


def rooted(part: Taken) -> tuple[Value, str]:
    """The whole model that a part is of, and the path to it, of a model that can't be seen too."""
    assert part.model is not None
    value: Value = part.model
    path = part.prefix
    while True:
        match value:
            case Changed(base=inner):
                value = inner
            case Part(root=inner, path=above) | Method(receiver=inner, name=above):
                value, path = inner, ".".join(filter(None, (above, path)))
            case _:
                return value, path
