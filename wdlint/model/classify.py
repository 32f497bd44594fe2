"""What every parameter of a model is, and why: the witnesses are heard here and weighed.

Heard, strongest first: the layer's class (`layers`), an observed forward pass (`trace`), the layer's own source
(`reading`), initial value and shape, and the name (`names`). What can't be told stays `unknown`. A witness that
contradicts the verdict is kept and reported. Works on any device, and needs no memory for values on `meta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from wdlint.facts import Evidence, Inventory, Kind, Parameter, Ternary, Witness
from wdlint.model.inputs import candidates
from wdlint.model.layers import by_layer
from wdlint.model.names import broadness, by_convention, by_shape
from wdlint.model.reading import by_source
from wdlint.model.tensors import Held, held_parameters, qualified, shape_of
from wdlint.model.trace import Use, observe, verdict

# Kinds that decay must not reach; a convention may move a parameter among them, never across.
SPARED = frozenset({Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER})


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one witness says."""

    kind: Kind
    evidence: Evidence


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """One parameter with its verdict and every testimony, strongest first."""

    parameter: Parameter
    held: Held
    testimonies: tuple[Testimony, ...]

    @property
    def size(self) -> int:
        """The number of elements; 0 for a lazy parameter."""
        return self.held.tensor.numel() if self.parameter.shape is not None else 0

    @property
    def dissent(self) -> tuple[Testimony, ...]:
        """Testimonies that would decide otherwise whether the parameter decays."""
        if self.parameter.kind is Kind.UNKNOWN:
            return ()
        decays = self.parameter.kind is Kind.WEIGHT
        return tuple(t for t in self.testimonies if (t.kind is Kind.WEIGHT) is not decays)


@dataclass(frozen=True)
class Classification:
    """Every parameter of a model, in order of registration."""

    model: str  # qualified class
    parameters: tuple[Classified, ...]
    observed: str = ""  # how the forward pass went; empty: none was needed or possible

    @cached_property
    def inventory(self) -> Inventory:
        """The same as a fact that rules judge."""
        return Inventory(self.model, tuple(c.parameter for c in self.parameters), complete=True)

    @cached_property
    def by_tensor(self) -> Mapping[int, int]:
        """`id` of each tensor to its position."""
        return {id(c.held.tensor): i for i, c in enumerate(self.parameters)}

    @property
    def dissents(self) -> tuple[Classified, ...]:
        return tuple(c for c in self.parameters if c.dissent)


def classify(
    model: nn.Module,
    *,
    example_inputs: tuple[Any, ...] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    watch: bool | None = None,
) -> Classification:
    """Classify every parameter of `model`. Nothing of the model is changed.

    Args:
        model: any module; parameters may be on `meta`, lazy, frozen, tied, complex or zero-dimensional.
        example_inputs: positional arguments for an observed forward pass, which runs on `meta`.
        example_kwargs: the same by name.
        watch: whether a forward pass is observed. None: where example inputs are given, or where a layer's class
            and source leave something open and inputs can be made.
    """
    held = held_parameters(model)
    first = [_before_watching(h) for h in held]
    given = example_inputs is not None or example_kwargs is not None
    uses: Mapping[str, tuple[Use, ...]] = {}
    observed = ""
    if watch or (watch is None and (given or any(_is_open(t) for t in first))):
        inputs = (example_inputs or (), dict(example_kwargs or {})) if given else None
        uses, observed = _watched(model, inputs, {h.name for h, t in zip(held, first, strict=True) if _is_open(t)})
    classified = tuple(_classified(h, t, uses.get(h.name, ())) for h, t in zip(held, first, strict=True))
    return Classification(qualified(type(model)), classified, observed)


def _before_watching(held: Held) -> list[Testimony]:
    """What class and source say."""
    heard = []
    if (layer := by_layer(held)) is not None:
        heard.append(Testimony(*layer))
    elif (source := by_source(held)) is not None:
        heard.append(Testimony(*source))
    return heard


def _is_open(heard: list[Testimony]) -> bool:
    """Whether a forward pass could tell more: the class alone has not decided."""
    return not heard or heard[0].evidence.witness is not Witness.LAYER


def _watched(
    model: nn.Module, given: tuple[tuple[Any, ...], dict[str, Any]] | None, wanted: set[str]
) -> tuple[Mapping[str, tuple[Use, ...]], str]:
    """The pass that showed most of the `wanted` parameters, and how it went."""
    best: Mapping[str, tuple[Use, ...]] = {}
    words = "no example inputs could be made"
    for args, kwargs in [given] if given is not None else candidates(model):
        seen = observe(model, args, kwargs)
        if len(wanted & seen.uses.keys()) > len(wanted & best.keys()) or not best:
            best, words = seen.uses, f"stopped early: {seen.error}" if seen.error else "complete"
        if not seen.error:
            break
    return best, words


def _classified(held: Held, heard: list[Testimony], uses: tuple[Use, ...]) -> Classified:
    traced = verdict(uses, held) if uses else None
    if traced is not None:
        heard.insert(1 if heard and heard[0].evidence.witness is Witness.LAYER else 0, Testimony(*traced))
    siblings = [name for name in held.owner._parameters if name != held.attribute]
    _, attribute = held.holder
    convention = by_convention(attribute, siblings)
    shape = shape_of(held.tensor)
    for later in (by_value(held.tensor), convention, by_shape(attribute, shape)):
        if later is not None:
            heard.append(Testimony(*later))
    chosen = weigh(heard, Testimony(*convention) if convention else None)
    parameter = Parameter(
        name=held.name,
        kind=chosen.kind,
        evidence=chosen.evidence,
        ndim=None if shape is None else len(shape),
        shape=shape,
        owner=qualified(type(held.owner)),
        attribute=held.attribute,
        trainable=Ternary.of(held.tensor.requires_grad),
    )
    return Classified(parameter, held, tuple(heard))


def weigh(heard: list[Testimony], convention: Testimony | None) -> Testimony:
    """The verdict. `heard` is in order of strength.

    An observed use overrules the class, except for tables (reached by index, by a one-hot product or whole).
    A convention then chooses among kinds that are spared alike.
    """
    if not heard:
        return Testimony(Kind.UNKNOWN, Evidence(Witness.NAME, "no witness"))
    chosen = heard[0]
    if chosen.evidence.witness is Witness.LAYER:
        traced = next((t for t in heard if t.evidence.witness is Witness.TRACE), None)
        if traced is None or traced.kind is chosen.kind or chosen.kind in (Kind.EMBEDDING, Kind.OTHER):
            return chosen
        return traced if traced.kind is not Kind.OTHER else chosen
    if convention is not None and chosen.kind in SPARED and convention.kind in SPARED:
        return convention if convention.kind is not chosen.kind else chosen
    return chosen


def by_value(tensor: nn.Parameter) -> tuple[Kind, Evidence] | None:
    """A guess from the values of a vector: all alike and not zero is a gain, all zero a bias. None on `meta`."""
    shape = shape_of(tensor)
    if shape is None or tensor.is_meta or broadness(shape) > 1 or not tensor.numel() or not tensor.is_floating_point():
        return None
    with torch.no_grad():
        low, high = tensor.detach().aminmax()
        if not bool(low == high):
            return None
        value = float(low)
    kind = Kind.BIAS if value == 0 else Kind.GAIN
    return kind, Evidence(Witness.VALUE, f"every element is {value:g}")
