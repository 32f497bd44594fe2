"""Every parameter of the model that a value stands for: its name, kind and the evidence for it.

Modules are read and flattened in `survey`; here the result becomes a fact. A name holds `*` where an index is not
fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from wdlint.facts import Inventory, Kind, Ternary
from wdlint.source.libraries.torch import SHARDED
from wdlint.source.models.ancestry import ancestry
from wdlint.source.models.frozen import freezes
from wdlint.source.models.members import Leaf
from wdlint.source.models.module_rows import rows_of
from wdlint.source.models.places import placed
from wdlint.source.models.survey import MOST, Survey
from wdlint.source.models.trained import mark
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Changed, ClassValue, Instance, Part, Value, bare

_WORK = 40_000  # evaluations for one model


def inventory(evaluator: Evaluation, model: Value) -> Inventory | None:
    """Every parameter of a model, or None where nothing is known of it.

    A sub-module reached from a model gives its own parameters, named relative to itself.
    """
    cache: dict[int, Inventory | None] = evaluator.memo("inventories")
    key = id(model)
    if key not in cache:
        evaluator.keep(model)
        cache[key] = None
        before = evaluator.work
        evaluator.work = max(0, before - _WORK)
        try:
            cache[key] = _inventory(evaluator, model)
        finally:
            evaluator.work = before
    return cache[key]


def _inventory(evaluator: Evaluation, model: Value) -> Inventory | None:
    inner = bare(model)
    if not isinstance(inner, Instance):
        return None
    survey = Survey(evaluator)
    contents = survey.below(model)
    if contents is None:
        return None
    leaves = _distinct(contents.leaves)
    if not leaves and not (contents.complete and _is_told(evaluator, inner)):
        return None
    mark(survey, model, leaves, freezes(evaluator, model), contents.complete)
    _marks(evaluator)[id(model)] = leaves
    flat = is_sharded(model)
    for leaf in leaves if flat else ():
        leaf.ndim, leaf.shape = 1, None
    title = inner.cls.path
    return Inventory(title, tuple(leaf.fact() for leaf in leaves), contents.complete, sharded=flat)


def _is_told(evaluator: Evaluation, model: Instance) -> bool:
    """Whether a model without parameters is one by its code, and not because no branch of its constructor is taken."""
    for base in linear_bases(evaluator, model.cls) if isinstance(model.cls, ClassValue) else ():
        for made in base.definition.inner.bound.get("__init__", ()) if isinstance(base, ClassValue) else ():
            for statement in t.statements(made.inner.body) if isinstance(made, t.FunctionDef) else ():
                branched = isinstance(statement.block.parent, t.If)
                if branched and isinstance(statement, t.Assign) and isinstance(statement.value, t.Call):
                    if any(isinstance(target, t.Attribute) for target in statement.targets):
                        return False
    return True


def is_sharded(model: Value) -> bool:
    """Whether a wrapper has left a model's parameters, or those of the model that it is part of, flat in shards."""
    while isinstance(model, (Changed, Part)):
        if isinstance(model, Changed) and any(change.action == SHARDED for change in model.changes):
            return True
        model = model.base if isinstance(model, Changed) else model.root
    return False


def places(evaluator: Evaluation, model: Value, prefix: str) -> Callable[[s.Placed, str], Ternary]:
    """What answers which place a parameter below a prefix has in its model."""
    path = ".".join(filter(None, (model.path if isinstance(model, Part) else "", prefix)))
    root = model.root if isinstance(model, Part) else model
    return placed(rows_of(Survey(evaluator), root, None), path)


def _marks(evaluator: Evaluation) -> dict[int, list[Leaf]]:
    found: dict[int, list[Leaf]] = evaluator.memo("marked_leaves")
    return found


def marks(evaluator: Evaluation, model: Value) -> dict[str, frozenset[str]]:
    """The flags that a model's code sets on its parameters, such as `_no_weight_decay`, with the parameters' names."""
    inventory(evaluator, model)
    found: dict[str, set[str]] = {}
    for leaf in _marks(evaluator).get(id(model), ()):
        for flag in leaf.marks:
            found.setdefault(flag, set()).add(leaf.name)
    return {mark: frozenset(names) for mark, names in found.items()}


def lineage(found: Inventory) -> dict[str, tuple[str, ...]]:
    """The classes of all modules on the path to each parameter, from the model to the owner."""
    return {p.name: (*p.ancestors, p.owner) for p in found.parameters}


def _distinct(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Each tensor once, under its first name, as torch counts them; the same name and kind once."""
    found: dict[tuple[str, Kind, str], Leaf] = {}
    tensors: dict[tuple[object, ...], Leaf] = {}
    for leaf in leaves:
        if leaf.key is not None:
            first = tensors.setdefault(leaf.key, leaf)
            if first.name != leaf.name and first.present is Ternary.YES:
                continue
        known = found.get((leaf.name, leaf.kind, leaf.owner))
        if known is None:
            found[leaf.name, leaf.kind, leaf.owner] = replace(leaf)
            if leaf.key is not None:
                tensors[leaf.key] = found[leaf.name, leaf.kind, leaf.owner]
        else:
            known.present |= leaf.present
            known.trainable = known.trainable if known.trainable is leaf.trainable else Ternary.UNKNOWN
            known.ndim = known.ndim if known.ndim == leaf.ndim else None
            known.shape = known.shape if known.shape == leaf.shape else None
        if len(found) >= MOST:
            break
    return list(found.values())


__all__ = ["ancestry", "inventory", "lineage", "marks"]
