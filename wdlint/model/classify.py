"""What every parameter of a model is, and why: the witnesses are heard here and weighed.

Heard, strongest first: the layer's class (`layers`), an observed forward pass (`trace`), the layer's own source
(`reading`), initial value and shape, and the name (`names`). What can't be told stays `unknown`. A witness that
contradicts the verdict is kept and reported. Works on any device, and needs no memory for values on `meta`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import nn

from wdlint.facts import Evidence, Inventory, Kind, Parameter, Ternary, Witness
from wdlint.knowledge.names import broadness, by_convention, by_shape, stays_in_products
from wdlint.model.inputs import Inputs, candidates
from wdlint.model.layers import by_layer
from wdlint.model.meaning import Use, verdict
from wdlint.model.reading import by_source
from wdlint.model.tensors import Held, held_parameters, qualified, shape_of
from wdlint.model.trace import observe

T = TypeVar("T")

# What a convention may make of a kind that a stronger witness saw. All of these are spared alike; none is a weight.
_REFINES = {
    Kind.OTHER: frozenset({Kind.GAIN, Kind.BIAS, Kind.EMBEDDING}),
    Kind.EMBEDDING: frozenset({Kind.GAIN, Kind.BIAS, Kind.OTHER}),
    Kind.BIAS: frozenset({Kind.EMBEDDING, Kind.OTHER}),
    Kind.GAIN: frozenset({Kind.OTHER}),
}


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
        """Witnesses of use (not of name or shape) that would decide otherwise whether the parameter decays."""
        if self.parameter.kind is Kind.UNKNOWN:
            return ()
        decays = self.parameter.kind is Kind.WEIGHT
        firm = (t for t in self.testimonies if t.evidence.witness not in (Witness.VALUE, Witness.NAME))
        return tuple(t for t in firm if (t.kind is Kind.WEIGHT) is not decays)


@dataclass(frozen=True)
class Classification:
    """Every parameter of a model, in order of registration."""

    model: str  # qualified class
    parameters: tuple[Classified, ...]
    observed: str = ""  # how the forward pass went; empty: none was needed or possible
    unheard: tuple[str, ...] = ()  # witnesses that failed, and how

    @cached_property
    def inventory(self) -> Inventory:
        """The same as a fact that rules judge."""
        return Inventory(self.model, tuple(c.parameter for c in self.parameters), complete=True)

    @cached_property
    def by_tensor(self) -> Mapping[int, int]:
        """`id` of each tensor to its position."""
        return {id(c.held.tensor): i for i, c in enumerate(self.parameters)}


def classify(
    model: nn.Module,
    *,
    example_inputs: tuple[Any, ...] | None = None,
    example_kwargs: Mapping[str, Any] | None = None,
    watch: bool = True,
    thorough: bool = False,
) -> Classification:
    """Classify every parameter of `model`. Nothing of the model is changed.

    Args:
        model: any module; parameters may be on `meta`, lazy, frozen, tied, complex or zero-dimensional.
        example_inputs: positional arguments for an observed forward pass, which runs on `meta`.
        example_kwargs: the same by name.
        watch: whether a forward pass may be observed. Where no inputs are given they are made, if that can be done,
            and only if the layers' classes leave something open; the pass ends when all that was open is seen.
        thorough: hear every witness on every parameter, so that all who disagree are reported.
    """
    held = held_parameters(model)
    failures: dict[str, None] = {}
    layers = [_heard(failures, "layer", by_layer, h) for h in held]
    given = example_inputs is not None or example_kwargs is not None
    unknown = {h.name: _class_key(h) for h, layer in zip(held, layers, strict=True) if layer is None}
    traced: dict[str, tuple[Kind, Evidence]] = {}
    observed = ""
    if watch and (given or unknown or thorough):
        inputs = [(example_inputs or (), dict(example_kwargs or {}))] if given else candidates(model)
        uses, observed = _watched(model, _guarded(inputs), unknown, to_the_end=given or thorough)
        traced = _with_twins(held, uses)
    classified = []
    for h, layer in zip(held, layers, strict=True):
        heard = [Testimony(*layer)] if layer is not None else []
        if h.name in traced:
            heard.append(Testimony(*traced[h.name]))
        if (thorough or not heard) and (source := _heard(failures, "source", by_source, h)) is not None:
            heard.append(Testimony(*source))
        classified.append(_classified(h, heard))
    return Classification(qualified(type(model)), tuple(classified), observed, tuple(failures))


def _heard(failures: dict[str, None], witness: str, ask: Callable[[Held], T | None], held: Held) -> T | None:
    """What a witness says; one that fails ends nothing, and that it failed is kept."""
    try:
        return ask(held)
    except Exception as error:
        words = f"{witness} of {qualified(type(held.owner))} could not be heard: {type(error).__name__}: {error}"
        failures[words] = None
        return None


def _guarded(inputs: Iterable[Inputs]) -> Iterator[Inputs]:
    """Inputs as long as making them works: it asks the user's model."""
    with suppress(Exception):
        yield from inputs


def _class_key(held: Held) -> Hashable:
    """What parameters have in common that are used alike: class of the owner, attribute, number of dimensions."""
    shape = shape_of(held.tensor)
    return type(held.owner), held.attribute, None if shape is None else len(shape)


def _watched(
    model: nn.Module, inputs: Iterable[Inputs], wanted: Mapping[str, Hashable], to_the_end: bool
) -> tuple[Mapping[str, tuple[Use, ...]], str]:
    """The pass that showed most of the `wanted` parameters, and how it went."""
    best: Mapping[str, tuple[Use, ...]] = {}
    words = "no example inputs could be made"
    for args, kwargs in inputs:
        seen = observe(model, args, kwargs, None if to_the_end else wanted)
        if not best or len(wanted.keys() & seen.uses.keys()) > len(wanted.keys() & best.keys()):
            words = f"stopped early: {seen.error}" if seen.error else "as far as needed" if seen.cut else "complete"
            best = seen.uses
        if not seen.error:
            break
    return best, words


def _with_twins(held: Sequence[Held], uses: Mapping[str, tuple[Use, ...]]) -> dict[str, tuple[Kind, Evidence]]:
    """What the pass showed, passed on to parameters of the same class that it did not reach."""
    seen = {h.name: v for h in held if h.name in uses and (v := verdict(uses[h.name], h)) is not None}
    twins = {_class_key(h): h.name for h in reversed(held) if h.name in seen}
    for h in held:
        twin = twins.get(_class_key(h))
        if h.name not in seen and twin is not None:
            kind, evidence = seen[twin]
            seen[h.name] = kind, Evidence(Witness.TRACE, f"{evidence.text}, seen at `{twin}` of the same class")
    return seen


def _classified(held: Held, heard: list[Testimony]) -> Classified:
    siblings = tuple(name for name in list(held.owner._parameters.keys()) if name != held.attribute)
    _, attribute = held.holder
    convention = by_convention(attribute, siblings)
    shape = shape_of(held.tensor)
    weak = (by_value(held.tensor), convention, by_shape(attribute, shape))
    heard = [*heard, *(Testimony(*said) for said in weak if said is not None)]
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
    if convention is not None and chosen.kind in _REFINES[convention.kind]:
        return convention
    if convention is not None and chosen.kind is Kind.WEIGHT and stays_in_products(convention.evidence):
        return convention
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
