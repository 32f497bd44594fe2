"""The parameters that a module holds: each once, with every name it goes by and the module that holds it.

Nothing here says what a parameter is for; `kinds` does.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

CONTAINERS = (nn.ParameterList, nn.ParameterDict)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One parameter as its owner holds it. `aliases` are the further names of a tied parameter."""

    name: str
    tensor: nn.Parameter
    owner: nn.Module
    attribute: str
    chain: tuple[nn.Module, ...]  # the modules from the root to the owner
    aliases: tuple[str, ...] = ()

    @property
    def holder(self) -> tuple[nn.Module, str]:
        """The module whose `forward` uses the parameter, and the attribute it reaches it by.

        The owner and the attribute, except that a `ParameterList` or `ParameterDict` belongs to its parent.
        """
        depth = len(self.chain) - 1
        parts = self.name.split(".")
        attribute = self.attribute
        while depth and isinstance(self.chain[depth], CONTAINERS):
            attribute = parts[depth - 1]
            depth -= 1
        return self.chain[depth], attribute


def held_parameters(model: nn.Module) -> list[Held]:
    """Every distinct parameter of `model`, in the order of registration, buffers never.

    A module or tensor that is reachable by several names is listed under the first; the rest are its aliases.
    """
    first: dict[int, Held] = {}
    others: dict[int, list[str]] = {}
    for prefix, chain in _walk(model):
        owner = chain[-1]
        for attribute, tensor in list(owner._parameters.items()):
            if tensor is None:
                continue
            name = prefix + attribute
            if id(tensor) in first:
                others.setdefault(id(tensor), []).append(name)
            else:
                first[id(tensor)] = Held(name, tensor, owner, attribute, chain)
    return [
        Held(h.name, h.tensor, h.owner, h.attribute, h.chain, tuple(others[key])) if key in others else h
        for key, h in first.items()
    ]


def _walk(model: nn.Module) -> Iterator[tuple[str, tuple[nn.Module, ...]]]:
    """Each module with its prefix and its chain from the root; a module that holds itself is met once a path."""
    stack: list[tuple[str, tuple[nn.Module, ...]]] = [("", (model,))]
    while stack:
        prefix, chain = stack.pop()
        yield prefix, chain
        children = [
            (f"{prefix}{name}.", (*chain, child))
            for name, child in chain[-1]._modules.items()
            if child is not None and not any(child is above for above in chain)
        ]
        stack.extend(reversed(children))


def shape_of(tensor: nn.Parameter) -> tuple[int, ...] | None:
    """The shape, or None where a lazy parameter has none yet."""
    return None if is_lazy(tensor) else tuple(tensor.shape)


def class_of(module: nn.Module) -> Any:
    """A module's class, as something that caches take for a key; of a scripted one the class that was scripted."""
    if isinstance(module, torch.jit.ScriptModule):
        return _scripted(module) or type(module)
    return type(module)


def is_scripted(module: nn.Module) -> bool:
    """Whether it runs as TorchScript, which neither a shadow nor a reader of Python can follow."""
    return isinstance(module, torch.jit.ScriptModule)


def _scripted(module: torch.jit.ScriptModule) -> Any:
    """The Python class behind a scripted module, if it is imported here."""
    try:
        name = module._c._type().qualified_name()
    except (AttributeError, RuntimeError):
        return None
    path = re.sub(r"___torch_mangle_\d+\.", "", name.removeprefix("__torch__."))
    place, _, attribute = path.rpartition(".")
    found = getattr(sys.modules.get(place), attribute, None)
    return found if isinstance(found, type) and issubclass(found, nn.Module) else None


def qualified(kind: type) -> str:
    """The import path of a class, as tables and messages spell it."""
    return f"{kind.__module__}.{kind.__qualname__}"
