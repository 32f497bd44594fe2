"""Copies of an optimizer that step a toy parameter in the place of the user's.

A copy shares nothing that can change with the original. An optimizer that can't be copied so is built anew from its
class, with its settings; where that is impossible too, there is no experiment.
"""

from __future__ import annotations

import copy
import functools
import inspect
import logging
import re
import weakref
from collections import defaultdict, deque
from collections.abc import Callable
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from wdlint.model.holding.wrappers import content_of, is_optimizer, leaves
from wdlint.model.untouched.functions import rebuilt
from wdlint.model.untouched.values import fresh

Make = Callable[[dict[str, Any], nn.Parameter], Any]

# Options that ask for an accelerator or for gradients through the step, and change nothing of the arithmetic.
_NEUTRAL = {"capturable": False, "differentiable": False}
_LARGEST = 1_000_000  # elements of a tensor attribute that is copied
_SHARED = (
    str, bytes, int, float, complex, bool, type(None), type, Enum, ModuleType, torch.dtype, torch.device, torch.Size,
    re.Pattern, logging.Logger,
)  # fmt: skip
_REPLACED = frozenset({"state", "param_groups", "step"})  # `step` on an instance is a scheduler's patch


class Refused(Exception):
    """This can't be copied without sharing something that a step could change."""


def makers(optimizer: Any) -> tuple[Make, ...]:
    """The ways to make a copy over a toy parameter, the most faithful first.

    Raises:
        Refused: it holds another optimizer, which a copy would step.
    """
    if leaves(optimizer) != [optimizer]:
        raise Refused("it wraps another optimizer")
    return _twin_of(optimizer), _fresh_of(optimizer)


def settings_of(group: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """A group's hyper-parameters, copied, without parameters and names.

    Raises:
        Refused: a value can't be copied.
    """
    copier = Copier({id(p) for p in group["params"]}, None, None)
    kept = {k: copier.copy(v, k) for k, v in group.items() if k not in ("params", "param_names")}
    if device.type == "cpu":
        kept |= {k: v for k, v in _NEUTRAL.items() if k in kept}
    return kept


def _twin_of(optimizer: Any) -> Make:
    """A twin with the optimizer's instance attributes, a state of its own, and none of its hooks.

    `copy.copy` would lose instance attributes.
    """

    def make(settings: dict[str, Any], parameter: nn.Parameter) -> Any:
        twin: Any = object.__new__(type(optimizer))
        users = {id(p) for group in optimizer.param_groups for p in group["params"]}
        copier = Copier(users, optimizer, twin)
        for name, value in content_of(optimizer).items():
            if name.endswith("_hooks"):
                object.__setattr__(twin, name, type(value)())
            elif name not in _REPLACED:
                object.__setattr__(twin, name, copier.copy(value, name))
        twin.state = defaultdict(dict)
        twin.param_groups = [{**copier.copy(settings, "param_groups"), "params": [parameter]}]
        return twin

    return make


def _fresh_of(optimizer: Any) -> Make:
    """The class called anew with the group's own settings, for optimizers that make state when constructed."""
    accepted = inspect.signature(type(optimizer).__init__).parameters
    plain = {k: v for k, v in content_of(optimizer).items() if isinstance(v, bool | int | float | str)}

    def make(settings: dict[str, Any], parameter: nn.Parameter) -> Any:
        given = {k: v for k, v in {**plain, **settings}.items() if k in accepted}
        made = type(optimizer)([parameter], **given)
        for name in plain.keys() & content_of(made).keys():
            object.__setattr__(made, name, plain[name])
        return made

    return make


class Copier:
    """Deep copies that share no tensor, module or optimizer of the user's; what can't be copied is refused."""

    def __init__(self, users: set[int], original: Any, twin: Any) -> None:
        self._users = users
        self._original = original
        self._made: dict[int, Any] = {id(original): twin} if original is not None else {}
        self._kept: list[Any] = []  # so that no id is given twice

    def copy(self, value: Any, name: str) -> Any:
        """A copy of what the attribute `name` holds."""
        if isinstance(value, _SHARED):
            return value
        if id(value) not in self._made:
            self._kept.append(value)
            self._made[id(value)] = self._copied(value, name)
        return self._made[id(value)]

    def _copied(self, value: Any, name: str) -> Any:
        if isinstance(value, Tensor):
            return self._tensor(value, name)
        if isinstance(value, nn.Module) or is_optimizer(value):
            raise Refused(f"it keeps {'a module' if isinstance(value, nn.Module) else 'an optimizer'} in `{name}`")
        if (made := fresh(value)) is not None:
            return made
        if callable(value) and (made := self._callable(value, name)) is not None:
            return made
        if isinstance(value, dict):
            return self._mapping(value, name)
        if type(value) in (list, set, frozenset, tuple, deque):
            return type(value)(self.copy(item, name) for item in value)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*(self.copy(item, name) for item in value))
        return self._object(value, name)

    def _callable(self, value: Any, name: str) -> Any:
        """A function with what it keeps, bound or not; None for any other callable."""
        if isinstance(value, weakref.ReferenceType):
            target = value()
            return value if target is None or isinstance(target, _SHARED) else weakref.ref(self.copy(target, name))
        if isinstance(value, MethodType):
            return MethodType(self.copy(value.__func__, name), self.copy(value.__self__, name))
        if isinstance(value, BuiltinFunctionType):  # `list.append` of a list of the user's
            owner = getattr(value, "__self__", None)
            return value if isinstance(owner, _SHARED) else getattr(self.copy(owner, name), value.__name__)
        if isinstance(value, functools.partial):
            arguments = [self.copy(a, name) for a in value.args]
            keywords = {k: self.copy(a, name) for k, a in value.keywords.items()}
            return functools.partial(self.copy(value.func, name), *arguments, **keywords)
        if isinstance(value, FunctionType):
            return rebuilt(value, lambda item: self.copy(item, name), self._made)
        return None

    def _tensor(self, value: Tensor, name: str) -> Tensor:
        if id(value) in self._users or isinstance(value, nn.Parameter):
            raise Refused(f"it keeps the model's parameters in `{name}`")
        if value.numel() > _LARGEST:
            raise Refused(f"it keeps a tensor of {value.numel()} elements in `{name}`")
        return value.detach().clone()

    def _mapping(self, value: dict[Any, Any], name: str) -> dict[Any, Any]:
        made = copy.copy(value)  # keeps the class and a default factory
        made.clear()
        for key, item in value.items():
            made[self.copy(key, name)] = self.copy(item, name)
        return made

    def _object(self, value: Any, name: str) -> Any:
        """An object with copies of its attributes."""
        if hasattr(type(value), "__del__"):
            raise Refused(f"`{name}` tidies up when it goes: {type(value).__name__}")
        try:
            made = object.__new__(type(value))
        except TypeError:
            raise Refused(f"`{name}` can't be copied: {type(value).__name__}") from None
        self._made[id(value)] = made
        for key, item in content_of(value).items():
            object.__setattr__(made, key, self.copy(item, f"{name}.{key}"))
        return made


def step_of(twin: Any) -> Callable[..., Any]:
    """The step of its class: one on the instance would be a patch that steps the original.

    What the method keeps between calls (a default that is a list) is the twin's own.
    """
    step: Callable[..., Any] = type(twin).step
    return functools.partial(Copier(set(), None, None).copy(step, "step"), twin)
