"""A copy of a model's modules with meta tensors in the place of values, in evaluation mode.

A forward pass of the copy takes no memory for values and can leave nothing behind in the original: no cached
tensor, no counter, no buffer. Hooks of the user's are dropped; those of torch (weight norm) are kept.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

_HOOKS = (
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs", "_backward_hooks", "_backward_pre_hooks",
)  # fmt: skip

_PLAIN = frozenset({bool, int, float, str, tuple, type(None)})


@dataclass
class Shadow:
    """The copy, and its parameters: id of the original, the stand-in, id of the copy of its owner."""

    module: nn.Module
    parameters: list[tuple[int, Tensor, int]] = field(default_factory=list)


def shadow(model: nn.Module) -> Shadow:
    """The shadow of `model`; modules and tensors that are shared stay shared."""
    made = Shadow(nn.Module())
    made.module = _module(model, {}, {}, made)
    return made


def _module(original: nn.Module, modules: dict[int, nn.Module], tensors: dict[int, Tensor], made: Shadow) -> nn.Module:
    if id(original) in modules:
        return modules[id(original)]
    twin: nn.Module = object.__new__(type(original))
    modules[id(original)] = twin
    content = vars(twin)
    for name, value in vars(original).items():
        content[name] = value if type(value) in _PLAIN else _attribute(value, tensors)
    for name in _HOOKS:
        if content.get(name):
            content[name] = type(content[name])(
                (key, hook) for key, hook in content[name].items() if _is_of_torch(hook)
            )
    content.pop("forward", None)  # an instance attribute is a wrapper bound to the original
    content["training"] = False
    content["_parameters"] = parameters = type(original._parameters)()
    for name, parameter in original._parameters.items():
        if parameter is None:
            parameters[name] = None
            continue
        stand_in = _stand_in(parameter, tensors)
        parameters[name] = cast(nn.Parameter, stand_in)
        made.parameters.append((id(parameter), stand_in, id(twin)))
    content["_buffers"] = {n: None if b is None else _stand_in(b, tensors) for n, b in original._buffers.items()}
    content["_modules"] = {
        n: None if m is None else _module(m, modules, tensors, made) for n, m in original._modules.items()
    }
    return twin


def _attribute(value: Any, tensors: dict[int, Tensor]) -> Any:
    """A plain attribute: containers are copied so that the original's stay as they are."""
    if type(value) in (dict, list, set):
        return copy.copy(value) if value else type(value)()
    return _stand_in(value, tensors) if isinstance(value, Tensor) else value


def _stand_in(tensor: Tensor, tensors: dict[int, Tensor]) -> Tensor:
    if is_lazy(tensor):
        return tensor
    if id(tensor) not in tensors:
        values = tensor.detach() if tensor.is_meta else torch.empty_like(tensor.detach(), device="meta")
        tensors[id(tensor)] = nn.Parameter(values, requires_grad=False) if isinstance(tensor, nn.Parameter) else values
    return tensors[id(tensor)]


def _is_of_torch(hook: Any) -> bool:
    return type(hook).__module__.startswith("torch.") or getattr(hook, "__module__", "").startswith("torch.")
