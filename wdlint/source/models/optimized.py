"""The models whose parameters an optimizer takes, and their inventories put together.

What parameters a model has is worked out in `inventory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Inventory, Parameter
from wdlint.source.selections.taken import Taken
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Changed, Instance, Method, Part, Unknown, Value, bare


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One model of a use: its inventory where it can be seen, and the place of its parameters in the whole."""

    value: Value
    inventory: Inventory | None
    start: int = 0  # index of its first parameter in the use's inventory
    named: str = ""  # put before its parameters' names where there are several models
    prefixes: frozenset[str] = frozenset({""})  # the paths below it that parameters are taken from


class Models:
    """The models that groups take their parameters from; inventories are shared by a file's sites."""

    def __init__(self, evaluator: Evaluation) -> None:
        self._evaluator = evaluator
        self._inventories: dict[object, Inventory | None] = {}

    def of(self, parts: Iterable[Taken]) -> list[Model]:
        """The distinct models that parts of a selection come from, in order."""
        values: list[tuple[Value, set[str]]] = []
        for part in parts:
            if part.model is None or part.unread:
                continue
            for index, (value, prefixes) in enumerate(values):
                if same_model(value, part.model):
                    prefixes.add(part.prefix)
                    if changes_of(part.model) > changes_of(value):
                        values[index] = part.model, prefixes
                    break
            else:
                values.append((part.model, {part.prefix}))
        models: list[Model] = []
        start = 0
        for value, prefixes in values:
            inventory = self._inventory(value)
            if inventory is not None and "" not in prefixes:
                kept = tuple(p for p in inventory.parameters if _under(p.name, prefixes))
                inventory = replace(inventory, parameters=kept)
            named = f"{_model_name(value)}." if len(values) > 1 else ""
            models.append(Model(value, inventory, start, named or "", frozenset(prefixes)))
            start += len(inventory.parameters) if inventory else 0
        return models

    def _inventory(self, value: Value) -> Inventory | None:
        from wdlint.source.models.inventory import inventory

        key = model_key(value), changes_of(value)
        if key not in self._inventories:
            self._inventories[key] = inventory(self._evaluator, value)
        return self._inventories[key]


def merged(models: Sequence[Model]) -> Inventory | None:
    """One inventory for all models of a use; incomplete where one of them can't be seen.

    Nobody makes an optimizer of nothing (torch refuses): where no parameter was found, the models can't be seen.
    """
    seen = [model for model in models if model.inventory is not None]
    if not any(model.inventory.parameters for model in seen if model.inventory is not None):
        return None
    if len(models) == 1:
        return seen[0].inventory
    parameters: list[Parameter] = []
    complete, assumed = True, False
    for model in models:
        if model.inventory is None:
            complete = False
            continue
        complete = complete and model.inventory.complete
        assumed = assumed or model.inventory.assumed
        parameters.extend(replace(p, name=f"{model.named}{p.name}") for p in model.inventory.parameters)
    names = " and ".join(dict.fromkeys(model.inventory.model for model in seen if model.inventory))
    sharded = any(model.inventory.sharded for model in seen if model.inventory)
    return Inventory(names, tuple(parameters), complete, assumed, sharded=sharded)


def changes_of(value: Value) -> int:
    """How much has been done to a model since it was made."""
    count = 0
    while isinstance(value, Changed):
        count += len(value.changes)
        value = value.base
    return count


def model_key(value: Value) -> object:
    """A key by which a model met twice is known again."""
    while isinstance(value, Changed):
        value = value.base
    match value:
        case Unknown():
            return value.key
        case Method():
            return (model_key(value.receiver), value.name)
        case Part():
            return (model_key(value.root), value.path)
        case _:
            return id(value)


def same_model(left: Value | None, right: Value | None) -> bool:
    return left is right or (left is not None and right is not None and model_key(left) == model_key(right))


def relative(parameter: Parameter, prefix: str) -> Parameter | None:
    """The parameter by its name in the sub-module at `prefix`; None where it lies elsewhere."""
    if not prefix:
        return parameter
    if parameter.name.startswith(prefix + "."):
        return replace(parameter, name=parameter.name[len(prefix) + 1 :])
    return parameter if parameter.name == prefix else None


def _under(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def _model_name(value: Value) -> str:
    inner = bare(value)
    if isinstance(inner, Instance):
        path = inner.cls.path
        return path.rsplit(".", 1)[-1]
    return ""
