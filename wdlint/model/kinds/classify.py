"""What every parameter of a model is, and why: the witnesses are heard here and weighed.

Heard, strongest first: the layer's class (`layers`), an observed forward pass (`forward_uses`), the layer's own source
(`class_source`), initial value and shape, and the name (`wdlint.knowledge.names`). What can't be told stays `unknown`.
A witness that contradicts the verdict is kept and reported. Works on any device, and needs no memory for values on
`meta`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from types import BuiltinFunctionType, FunctionType
from typing import Any, TypeVar

import torch
from torch import nn

from wdlint.facts import Evidence, Inventory, Kind, Parameter, Ternary, Witness
from wdlint.knowledge.names import broadness, by_convention, by_shape, names_weight, stays_in_products
from wdlint.model.holding.tensors import CONTAINERS, Held, class_of, held_parameters, qualified, shape_of
from wdlint.model.kinds.class_source import asked_about, by_source
from wdlint.model.kinds.forward_uses import verdict
from wdlint.model.kinds.layers import by_layer
from wdlint.model.kinds.testimony import Testimony
from wdlint.model.observing.forward_pass import Stage, stage
from wdlint.model.observing.inputs import Inputs, candidates
from wdlint.model.observing.observer import Use

T = TypeVar("T")
_COMPLETE = "complete"

# What a convention may make of a kind that a stronger witness saw. All of these are spared alike; none is a weight.
_REFINES = {
    Kind.OTHER: frozenset({Kind.GAIN, Kind.BIAS, Kind.EMBEDDING}),
    Kind.EMBEDDING: frozenset({Kind.GAIN, Kind.BIAS, Kind.OTHER}),
    Kind.BIAS: frozenset({Kind.EMBEDDING, Kind.OTHER}),
    Kind.GAIN: frozenset({Kind.OTHER}),
}


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """One parameter with its verdict and every testimony, strongest first."""

    parameter: Parameter
    held: Held
    testimonies: tuple[Testimony, ...]
    table: bool = False  # rows of it are looked up
    unused: bool = False  # a complete forward pass did not use it

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


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is looked for: many small objects are made, and each search goes through all that is imported."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


@_uncollected()
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
    if example_inputs is not None and not isinstance(example_inputs, (tuple, list)):
        given_as = type(example_inputs).__name__
        raise TypeError(f"example_inputs is a tuple of positional arguments, not a {given_as}: write `(x,)` for one")
    held = held_parameters(model)
    failures: dict[str, None] = {}
    layers = [_heard(failures, "layer", by_layer, h) for h in held]
    given = example_inputs is not None or example_kwargs is not None
    open_ones = [h for h, layer in zip(held, layers, strict=True) if layer is None]
    keys = _class_keys(held) if open_ones or given or thorough else {}
    unknown = {h.name: keys[h.name] for h in open_ones}
    traced: dict[str, Testimony] = {}
    observed = ""
    unused: set[str] = set()
    if watch and (given or unknown or thorough):
        inputs = [(example_inputs or (), dict(example_kwargs or {}))] if given else candidates(model)
        with stage(model, held) as passes:
            uses, observed = _watched(passes, _guarded(inputs), unknown, to_the_end=given or thorough)
        traced = _with_twins(held, uses, keys)
        unused = {h.name for h in held if h.name not in uses} if observed == _COMPLETE else set()
    classified = []
    for h, layer in zip(held, layers, strict=True):
        heard = [layer] if layer is not None else []
        if h.name in traced:
            heard.append(traced[h.name])
        if (thorough or not heard) and (source := _heard(failures, "source", by_source, h)) is not None:
            heard.append(source)
        classified.append(_classified(h, heard, h.name in unused))
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


def _class_keys(held: Iterable[Held]) -> dict[str, Hashable]:
    """What parameters have in common that are used alike: holder, its options, the way to them from it, shape.

    Entries of a list are alike; those of a dictionary and the options of a class may each be used in another way.
    """
    keys: dict[str, Hashable] = {}
    numbers: dict[Hashable, int] = {}  # of options, which are long
    of_module: dict[int, int] = {}
    for h in held:
        module, attribute = h.holder
        inside = () if module is h.owner else (attribute, *(k for k in _keys(h) if not k.isdigit()))
        if id(module) not in of_module:
            of_module[id(module)] = numbers.setdefault(_options(module), len(numbers))
        own = h.attribute * (not inside)
        keys[h.name] = (type(h.owner), type(module), own, inside, shape_of(h.tensor), of_module[id(module)])
    return keys


def _keys(held: Held) -> Iterator[str]:
    """The keys that lead from the holder through lists and dictionaries to a parameter."""
    parts = held.name.split(".")
    depth = len(held.chain) - 1
    while depth and isinstance(held.chain[depth], CONTAINERS):
        yield parts[depth]
        depth -= 1


def _options(module: nn.Module) -> Hashable:
    """What may choose what a module does: flags, words and functions, and whatever else its methods ask about.

    Of numbers only those: the others count things.
    """
    asked = asked_about(class_of(module))
    found: list[tuple[str, Hashable]] = []
    for name, value in vars(module).items():
        if isinstance(value, (bool, str, Enum)):
            found += [(name, value)] * (name != "training")
        elif isinstance(value, (FunctionType, BuiltinFunctionType)):
            found.append((name, id(value)))
        elif name in asked and (value is None or isinstance(value, (int, float))):
            found.append((name, value))
    if asked:
        tables = (module._modules, module._parameters)
        found += [(n, None) for held in tables for n, v in list(held.items()) if v is None and n in asked]
    return tuple(found)


def _watched(
    passes: Stage, inputs: Iterable[Inputs], wanted: Mapping[str, Hashable], to_the_end: bool
) -> tuple[Mapping[str, tuple[Use, ...]], str]:
    """The pass that showed most of the `wanted` parameters, and how it went."""
    best: Mapping[str, tuple[Use, ...]] = {}
    words = "no example inputs could be made"
    for args, kwargs in inputs:
        seen = passes.observe(args, kwargs, None if to_the_end else wanted)
        if not best or len(wanted.keys() & seen.uses.keys()) > len(wanted.keys() & best.keys()):
            words = f"stopped early: {seen.error}" if seen.error else "as far as needed" if seen.cut else _COMPLETE
            best = seen.uses
        if not seen.error or "meta tensor" in seen.error:
            break  # a value that meta tensors don't have, no other input gives them
    return best, words


def _with_twins(
    held: Sequence[Held], uses: Mapping[str, tuple[Use, ...]], keys: Mapping[str, Hashable]
) -> dict[str, Testimony]:
    """What the pass showed, passed on to parameters of the same class that it did not reach."""
    seen = {h.name: v for h in held if h.name in uses and (v := verdict(uses[h.name], h)) is not None}
    twins = {keys[h.name]: h.name for h in reversed(held) if h.name in seen} if len(seen) < len(held) else {}
    for h in held:
        twin = twins.get(keys[h.name]) if h.name not in uses else None
        if twin is not None:
            text = f"{seen[twin].evidence.text}, seen at `{twin}` of the same class"
            seen[h.name] = replace(seen[twin], evidence=Evidence(Witness.TRACE, text))
    return seen


def _classified(held: Held, heard: list[Testimony], unused: bool) -> Classified:
    siblings = tuple(name for name in list(held.owner._parameters.keys()) if name != held.attribute)
    _, attribute = held.holder
    convention = by_convention(attribute, siblings)
    shape = shape_of(held.tensor)
    guessed = by_shape(attribute, shape)
    if guessed is not None and guessed[0] is Kind.WEIGHT and not names_weight(held.attribute):
        guessed = None  # a table of positions has the shape of a weight
    weak = (by_value(held.tensor), convention, guessed)
    heard = [*heard, *(Testimony(*said) for said in weak if said is not None)]
    if shape is not None and broadness(shape) == 0:
        firm = [t for t in heard if t.kind is not Kind.WEIGHT or t.evidence.witness is Witness.LAYER]
        heard = firm  # one number mixes nothing
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
    return Classified(parameter, held, tuple(heard), chosen.table, unused)


def weigh(heard: list[Testimony], convention: Testimony | None) -> Testimony:
    """The verdict. `heard` is in order of strength.

    An observed use overrules the class, except for tables (reached by index, by a one-hot product or whole) and for
    a layer's own weight: what is added to it or scales it makes a weight again, and only by index it is a table.
    A convention then chooses among kinds that are spared alike.
    """
    if not heard:
        return Testimony(Kind.UNKNOWN, Evidence(Witness.NAME, "no witness"))
    chosen = heard[0]
    if chosen.evidence.witness is Witness.LAYER:
        traced = next((t for t in heard if t.evidence.witness is Witness.TRACE), None)
        if traced is None or traced.kind is chosen.kind or chosen.kind in (Kind.EMBEDDING, Kind.OTHER, Kind.UNKNOWN):
            return chosen
        if chosen.kind is Kind.WEIGHT:
            return traced if traced.table else chosen
        return traced if traced.kind is not Kind.OTHER else chosen
    if convention is not None and chosen.kind in _REFINES[convention.kind]:
        return convention
    if convention is not None and chosen.kind is Kind.WEIGHT and stays_in_products(convention.evidence):
        return convention
    return chosen


def by_value(tensor: nn.Parameter) -> tuple[Kind, Evidence] | None:
    """A guess from the values of a vector: all alike and not zero is a gain, all zero a bias. None on `meta`."""
    shape = shape_of(tensor)
    if hasattr(tensor, "_local_tensor"):
        return None  # spread over processes: to ask for its values, all would have to ask
    if shape is None or tensor.is_meta or broadness(shape) > 1 or not tensor.numel() or not tensor.is_floating_point():
        return None
    with torch.no_grad():
        low, high = tensor.detach().aminmax()
        if not bool(low == high):
            return None
        value = float(low)
    if value == 0 and broadness(shape) == 0:
        return None  # a scalar may be a gate that opens as training goes on
    kind = Kind.BIAS if value == 0 else Kind.GAIN
    return kind, Evidence(Witness.VALUE, f"every element is {value:g}")
