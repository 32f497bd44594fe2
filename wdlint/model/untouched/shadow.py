"""A copy of a model's modules with meta tensors in the place of values, in evaluation mode.

A forward pass of the copy takes no memory for values and can leave nothing behind in the original: no cached
tensor, no counter, no buffer. Attributes are copied with what they hold of tensors, modules and their methods.
Hooks of the user's are dropped; those of torch (weight norm) are kept.
"""

from __future__ import annotations

import copy
import functools
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from enum import Enum
from types import FunctionType, MethodType, ModuleType
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from wdlint.model.holding.tensors import is_scripted
from wdlint.model.holding.wrappers import content_of
from wdlint.model.untouched.functions import rebuilt
from wdlint.model.untouched.values import fresh

_HOOKS = (
    "_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs", "_backward_hooks", "_backward_pre_hooks",
)  # fmt: skip
_OWN = frozenset({"_parameters", "_buffers", "_modules", "forward", "training"})
_PLAIN = frozenset({bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size})
_CONTAINERS = (list, tuple, dict, set, frozenset, OrderedDict, defaultdict, deque)
_EMPTY = frozenset({dict, OrderedDict, list, set})  # made anew without a look at how they are copied
# Packages whose objects are shared: they hold nothing that a pass changes, or can't be made twice.
_LEFT = frozenset({"torch", "builtins", "logging", "threading", "typing", "re", "functools", "weakref", "pathlib"})

_MOST = 30_000  # objects and items that are copied; what leads to more is a trainer or a set of data


class Unseen(RuntimeError):
    """A module whose inside can't be observed is at work."""


class Opaque(nn.Module):  # type: ignore[misc, unused-ignore]
    """Stands for a module that can't be copied."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        raise Unseen("a scripted module can't be observed")


@dataclass
class Shadow:
    """The copy; its parameters: id of the original, the stand-in, id of the copy of its owner; all that was copied."""

    module: nn.Module
    parameters: list[tuple[int, Tensor, int]]
    made: list[Any]


def shadow(model: nn.Module) -> Shadow:
    """The shadow of `model`; modules and tensors that are shared stay shared."""
    maker = _Maker()
    module = maker.module(model)
    return Shadow(module, maker.parameters, maker.copies())


class _Maker:
    """Makes stand-ins; whatever is met twice is made once."""

    def __init__(self) -> None:
        self.parameters: list[tuple[int, Tensor, int]] = []
        self._made: dict[int, Any] = {}
        self._kept: list[Any] = []  # so that no id is given twice
        self._budget = _MOST

    def copies(self) -> list[Any]:
        """Whatever was made, and the modules' own tables; not what is shared with the original."""
        shared = {id(value) for value in self._kept}
        copies = [made for made in self._made.values() if id(made) not in shared and not isinstance(made, Tensor)]
        modules = [made for made in copies if isinstance(made, nn.Module)]
        tables = ("_parameters", "_buffers", "_modules")
        return [*copies, *(vars(m)[table] for m in modules for table in tables if table in vars(m))]

    def module(self, original: nn.Module) -> nn.Module:
        if id(original) in self._made:
            known: nn.Module = self._made[id(original)]
            return known
        if is_scripted(original):
            self._made[id(original)] = Opaque()
            return self.module(original)
        inner = original._modules.get("_orig_mod")
        if inner is not None and type(original).__module__.startswith("torch._dynamo"):
            return self.module(inner)  # torch.compile: what it compiles is what it means
        twin: nn.Module = object.__new__(_undying(type(original)))
        self._made[id(original)] = twin
        content = vars(twin)
        for name, value in vars(original).items():
            if type(value) in _PLAIN:
                content[name] = value
            elif name in _HOOKS:
                content[name] = type(value)((key, hook) for key, hook in value.items() if _is_of_torch(hook))
            elif name not in _OWN:  # an instance attribute `forward` is a wrapper bound to the original
                content[name] = self.value(value)
        content["training"] = False
        content["_parameters"] = parameters = type(original._parameters)()
        for name, parameter in original._parameters.items():
            if parameter is None:
                parameters[name] = None
                continue
            stand_in = self.tensor(parameter)
            parameters[name] = cast(nn.Parameter, stand_in)
            self.parameters.append((id(parameter), stand_in, id(twin)))
        content["_buffers"] = {n: None if b is None else self.tensor(b) for n, b in original._buffers.items()}
        content["_modules"] = {n: None if m is None else self.module(m) for n, m in original._modules.items()}
        return twin

    def value(self, value: Any) -> Any:
        """A plain attribute: what can change or leads to the original's values is copied, the rest is shared."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, Tensor):
            return self.tensor(value)
        if isinstance(value, nn.Module):
            return self.module(value)
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.value(value.__self__))
        if type(value) is functools.partial:
            arguments = [self.value(a) for a in value.args]
            keywords = {k: self.value(a) for k, a in value.keywords.items()}
            return functools.partial(self.value(value.func), *arguments, **keywords)
        if type(value) in _CONTAINERS or (isinstance(value, dict | list | deque) and not _is_its_attributes(value)):
            return self._container(value)
        return value if isinstance(value, type | ModuleType | Enum) else self._other(value)

    def _other(self, value: Any) -> Any:
        """A copy of a function with what it closes over, or of an object with its attributes.

        What belongs to torch or to Python, or can't be made anew, stays the original's.
        """
        if id(value) in self._made:
            return self._made[id(value)]
        self._kept.append(value)
        made = rebuilt(value, self.value, self._made) if isinstance(value, FunctionType) else fresh(value)
        if made is None and type(value).__module__.partition(".")[0] not in _LEFT:
            made = self._object(value)
        self._made[id(value)] = value if made is None else made
        return self._made[id(value)]

    def _object(self, value: Any) -> Any | None:
        self._budget -= 1
        if self._budget < 0 or hasattr(type(value), "__del__"):  # what it would tidy up is the original's
            return None
        content = content_of(value)
        try:
            made = object.__new__(type(value))
        except TypeError:
            return None
        self._made[id(value)] = made
        for name, item in content.items():
            object.__setattr__(made, name, self.value(item))
        return made

    def _container(self, value: Any) -> Any:
        if id(value) in self._made:
            return self._made[id(value)]
        self._kept.append(value)
        if not value and type(value) in _EMPTY:
            self._made[id(value)] = type(value)()  # most of a module's own tables
            return self._made[id(value)]
        self._budget -= len(value)
        if self._budget < 0:
            return value
        if isinstance(value, dict):
            self._made[id(value)] = made = copy.copy(value)
            for key, item in value.items():
                dict.__setitem__(made, key, self.value(item))
            return made
        if isinstance(value, list | deque):
            self._made[id(value)] = sequence = copy.copy(value)
            for position, item in enumerate(value):
                sequence[position] = self.value(item)
            return sequence
        if isinstance(value, tuple) and all(type(item) in _PLAIN for item in value):
            return value
        self._made[id(value)] = other = type(value)(self.value(item) for item in value)
        return other

    def tensor(self, tensor: Tensor) -> Tensor:
        if is_lazy(tensor):
            return tensor
        if id(tensor) not in self._made:
            self._made[id(tensor)] = _stand_in(tensor)
        made: Tensor = self._made[id(tensor)]
        return made


def _undying(kind: type) -> type:
    """A module's class, or one below it that tidies nothing up when a stand-in goes."""
    if not hasattr(kind, "__del__"):
        return kind
    names = {"__del__": lambda self: None, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), names)


def _stand_in(tensor: Tensor) -> Tensor:
    """The same shape and type on meta; of a tensor that is spread over processes, the whole."""
    local = tensor.detach()
    if type(local) is not Tensor:
        values = torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    else:
        values = local if local.is_meta else torch.empty_like(local, device="meta")
    return nn.Parameter(values, requires_grad=False) if isinstance(tensor, nn.Parameter) else values


def _is_its_attributes(value: Any) -> bool:
    """Whether a dictionary's items are its attributes, by a trick that no copy would repeat."""
    return getattr(value, "__dict__", None) is value


def _is_of_torch(hook: Any) -> bool:
    """Whether it is one of those that make a layer's weight: hooks of wrappers talk to other processes."""
    places = (type(hook).__module__, getattr(hook, "__module__", None) or "")
    return any(place.startswith("torch.nn.utils") for place in places)
