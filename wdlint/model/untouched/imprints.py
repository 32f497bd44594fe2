"""What an audit could leave behind, compared before and after: parameters, gradients, state, numbers, attributes.

A tensor's version counts every change in place except through `.data`, so a few of its values are compared too.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from wdlint.model.holding.wrappers import leaves

_APART = 3  # values compared along each dimension, about
_PLAIN = (str, int, float, bool, type(None), torch.dtype)


@dataclass(frozen=True)
class Imprint:
    """What was there: a plain value for each thing that could change, by a name for it."""

    marks: dict[str, object]
    kept: tuple[object, ...]  # what the marks tell by id stays alive


def imprint(model: nn.Module, optimizers: Iterable[Any]) -> Imprint:
    """The present state of a model, of its optimizers with all that they hold, and of the random numbers."""
    marks: dict[str, object] = dict(_randomness())
    tensors: dict[str, Tensor] = {}
    met: set[int] = set()
    for name, tensor in _tensors_of(model, list(optimizers), marks):
        if id(tensor) in met:
            continue
        met.add(id(tensor))
        tensors[name] = tensor
        marks[f"{name} (version)"] = _version(tensor)
    samples = {name: sample for name, tensor in tensors.items() if (sample := _sample(tensor)) is not None}
    marks.update(_values(samples))
    return Imprint(marks, tuple(tensors.values()))


def changed(before: Imprint, after: Imprint) -> tuple[str, ...]:
    """The names of what is not as it was, in order."""
    every = dict.fromkeys([*before.marks, *after.marks])
    names = (n.removesuffix(" (version)") for n in every if before.marks.get(n) != after.marks.get(n))
    return tuple(dict.fromkeys(names))


def _tensors_of(model: nn.Module, optimizers: list[Any], marks: dict[str, object]) -> Iterator[tuple[str, Tensor]]:
    """Every tensor that an audit must leave alone, named; what is no tensor goes into `marks`."""
    for path, module in model.named_modules():
        where = f"{path}." if path else ""
        for name, tensor in [*module._parameters.items(), *module._buffers.items()]:
            if tensor is not None and not is_lazy(tensor):
                yield where + name, tensor
                if isinstance(tensor, nn.Parameter) and tensor.grad is not None:
                    yield f"gradient of {where}{name}", tensor.grad
        for name, value in vars(module).items():
            if not name.startswith("_") and (mark := _mark(value)) is not None:
                marks[f"attribute {where}{name}"] = mark
    for optimizer in optimizers:
        for one in {id(o): o for o in (optimizer, *leaves(optimizer))}.values():
            yield from _held_by(one, type(one).__name__, marks)


def _held_by(optimizer: Any, called: str, marks: dict[str, object]) -> Iterator[tuple[str, Tensor]]:
    for number, group in enumerate(getattr(optimizer, "param_groups", ())):  # some wrappers keep none themselves
        marks[f"{called}.param_groups[{number}]['params']"] = [id(p) for p in group["params"]]
        for key, value in group.items():
            if isinstance(value, Tensor):
                yield f"{called}.param_groups[{number}][{key!r}]", value
            elif key != "params":
                marks[f"{called}.param_groups[{number}][{key!r}]"] = _mark(value)
        for position, parameter in enumerate(group["params"]):
            if is_lazy(parameter):
                continue
            where = f"parameter {position} of {called}.param_groups[{number}]"
            yield where, parameter
            if parameter.grad is not None:
                yield f"gradient of {where}", parameter.grad
    state = getattr(optimizer, "state", None)
    for number, held in enumerate(list(state.values()) if isinstance(state, dict) else ()):
        for key, value in held.items() if isinstance(held, dict) else ():
            name = f"state {key!r} of {called}, parameter {number}"
            if isinstance(value, Tensor):
                yield name, value
            else:
                marks[name] = _mark(value)


def _mark(value: object) -> object:
    """A plain value, the length of a container; None for what has no value of its own."""
    if isinstance(value, _PLAIN):
        return type(value).__name__, value
    return (type(value).__name__, len(value)) if isinstance(value, list | dict | set | tuple) else None


def _version(tensor: Tensor) -> object:
    try:
        return id(tensor), tensor._version
    except RuntimeError:  # an inference tensor counts none
        return id(tensor)


def _sample(tensor: Tensor) -> Tensor | None:
    """A sum of some values as a tensor of one element; None where there are none to be had."""
    try:
        local = getattr(tensor, "_local_tensor", tensor).detach()  # of a distributed tensor: no talk with others
        if local.is_meta or not local.numel() or local.layout is not torch.strided:
            return None
        some = local[tuple(slice(None, None, max(1, size // _APART)) for size in local.shape)]
        return some.abs().sum(dtype=torch.float64) if some.is_complex() else some.double().sum()
    except Exception:
        return None


def _values(samples: dict[str, Tensor]) -> dict[str, object]:
    """The samples as numbers, fetched together from each device."""
    found: dict[str, object] = {}
    devices: dict[torch.device, list[str]] = {}
    for name, sample in samples.items():
        devices.setdefault(sample.device, []).append(name)
    for names in devices.values():
        numbers = torch.stack([samples[name] for name in names]).tolist()
        found.update({name: repr(number) for name, number in zip(names, numbers, strict=True)})
    return found


def _randomness() -> Iterator[tuple[str, object]]:
    yield "random numbers of torch", hash(tuple(torch.get_rng_state().tolist()))
    yield "random numbers of Python", hash(random.getstate())
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        yield "random numbers of CUDA", [hash(tuple(s.tolist())) for s in torch.cuda.get_rng_state_all()]
    if "numpy" in sys.modules:
        state = sys.modules["numpy"].random.get_state()
        yield "random numbers of numpy", (hash(state[1].tobytes()), state[2])


def touched_words(traces: Sequence[str]) -> str:
    """What to say of an audit that changed something; shown loudly wherever its report is."""
    more = f" and {len(traces) - 3} more" if len(traces) > 3 else ""
    return (
        f"the audit CHANGED {', '.join(traces[:3])}{more}: do not go on with this training run; "
        "start it anew, and please report the optimizer's or the model's class"
    )
