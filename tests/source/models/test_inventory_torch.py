"""Models of our own, read from their source and built by torch: the same parameters, name by name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

from wdlint.facts import Inventory, Kind, Parameter, Ternary
from wdlint.source.models.inventory import inventory
from wdlint.source.observation import evaluator_of
from wdlint.source.read.parse import parse
from wdlint.source.read.project import Project
from wdlint.source.read.tree import ClassDef
from wdlint.source.values.values import Arguments, Context

torch = pytest.importorskip("torch")
FOLDER = Path(__file__).parents[2] / "data" / "models"
MODELS = [
    (file, model)
    for file, models in {
        "containers": ("Literal", "Comprehension", "Appended", "Computed", "Made", "Gathered"),
        "layers": ("Raw", "Switches", "Derived", "Chosen", "Tied", "Shared", "Frozen"),
    }.items()
    for model in models
]


def read(file: str, model: str) -> Inventory:
    path = FOLDER / f"{file}.py"
    module = parse(path.read_bytes(), str(path))
    evaluator = evaluator_of(Project(), module)
    definition = next(s for s in module.scope.bound[model] if isinstance(s, ClassDef))
    context: Context = evaluator.frame(module.scope).at(None)
    (value,) = evaluator.call(evaluator.class_value(definition), Arguments((), context), None, context)
    found = inventory(evaluator, value)
    assert found is not None
    return found


def build(file: str, model: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"models_{file}", FOLDER / f"{file}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, model)()


def fits(pattern: Parameter, name: str) -> bool:
    return re.fullmatch(re.escape(pattern.name).replace(r"\*", r"[^.]*"), name) is not None


@pytest.fixture(params=MODELS, ids=lambda pair: f"{pair[0]}.{pair[1]}")
def pair(request: pytest.FixtureRequest) -> tuple[Inventory, dict[str, Any], Any]:
    file, model = request.param
    built = build(file, model)
    return read(file, model), dict(built.named_parameters()), built


def test_every_parameter_is_found(pair: tuple[Inventory, dict[str, Any], Any]) -> None:
    found, real, _ = pair
    assert found.complete
    assert [name for name in real if not any(fits(p, name) for p in found.parameters)] == []


def test_nothing_else_is_found(pair: tuple[Inventory, dict[str, Any], Any]) -> None:
    found, real, _ = pair
    assert [p.name for p in found.parameters if not any(fits(p, name) for name in real)] == []
    assert all(p.present is Ternary.YES for p in found.parameters)


def test_dimensions_and_training_agree(pair: tuple[Inventory, dict[str, Any], Any]) -> None:
    found, real, _ = pair
    for name, tensor in real.items():
        matches = [p for p in found.parameters if fits(p, name)]
        assert any(p.ndim == tensor.ndim for p in matches), name
        assert any((p.trainable is Ternary.YES) == tensor.requires_grad for p in matches), name
        for p in matches:
            if p.shape is not None:
                assert all(told in (None, size) for told, size in zip(p.shape, tensor.shape, strict=True)), name


def test_kinds_agree_with_the_layers_that_torch_built(pair: tuple[Inventory, dict[str, Any], Any]) -> None:
    from wdlint.model.holding.tensors import held_parameters
    from wdlint.model.kinds.layers import by_layer

    found, _, built = pair
    for held in held_parameters(built):
        told = by_layer(held)
        kinds = {p.kind for p in found.parameters if fits(p, held.name)}
        assert Kind.UNKNOWN not in kinds, held.name
        if told is not None:
            assert told.kind in kinds, held.name
