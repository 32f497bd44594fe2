"""Which optimizers really step: those inside wrappers, found by what they are and not by what an attribute is called.

Lookahead, Accelerate's and DeepSpeed's wrappers, schedule-free and sharpness-aware ones hold the optimizer that
steps; some hold several. What holds another is never stepped or copied here.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType, ModuleType
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

_DEPTH = 3  # containers and objects inside an attribute that are looked into
_LOOKED_AT = 1000  # items of a container that holds no optimizer among them


def is_optimizer(thing: object) -> bool:
    """Whether it steps groups of parameters, whatever its class."""
    if isinstance(thing, type | ModuleType):
        return False
    if isinstance(thing, Optimizer):
        return True
    try:
        return callable(getattr(thing, "step", None)) and isinstance(getattr(thing, "param_groups", None), list)
    except Exception:  # a property of the user's
        return False


def leaves(optimizer: Any) -> list[Any]:
    """The optimizers inside `optimizer` that hold no further one, in the order in which they are held.

    An optimizer without any inside is its own only leaf. One that is held for another reason (a trainer that knows
    all optimizers) is not inside: it steps other parameters.
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    pending = [optimizer]
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        inner = [i for i in _held(one) if i is not one and _steps_for(one, i)]
        if inner:
            pending.extend(reversed(inner))
        else:
            found[id(one)] = one
    return list(found.values()) or [optimizer]


def _steps_for(outer: Any, inner: Any) -> bool:
    """Whether `inner` steps what `outer` holds; whoever has no groups of its own has those of all inside."""
    try:
        own = parameters_of(outer)
        return not own or not own.isdisjoint(parameters_of(inner))
    except Exception:  # a property of the user's, or nothing that holds groups
        return True


def _held(optimizer: Any) -> Iterator[Any]:
    for name, value in content_of(optimizer).items():
        if name not in ("state", "param_groups", "defaults"):
            yield from _inside(value, _DEPTH)


def _inside(value: Any, depth: int) -> Iterator[Any]:
    """The optimizers that are `value` or in it: in containers, in plain objects, and in what functions close over."""
    if is_optimizer(value):
        yield value
    elif depth and not isinstance(value, Tensor | nn.Module | type | ModuleType):
        met = False
        for number, item in enumerate(list(_parts_of(value))):
            if number >= _LOOKED_AT and not met:
                return
            for one in _inside(item, depth - 1):
                met = True
                yield one


def _parts_of(value: Any) -> Iterator[Any]:
    """What a value leads to, in one step."""
    if isinstance(value, list | tuple | dict):
        yield from value.values() if isinstance(value, dict) else value
    elif isinstance(value, weakref.ReferenceType):
        yield value()
    elif isinstance(value, FunctionType):
        yield from closed_over(value)
    elif isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, functools.partial):
        yield from (value.func, *value.args, *value.keywords.values())
    else:
        yield from content_of(value).values()


def closed_over(function: Callable[..., Any]) -> list[Any]:
    """The values that a function keeps from the function around it."""
    found = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # it has none yet
            continue
    return found


def content_of(thing: Any) -> dict[str, Any]:
    """The attributes that an object itself holds, in its `__dict__` and its slots."""
    found = dict(getattr(thing, "__dict__", {}))
    for ancestor in type(thing).__mro__:
        names = vars(ancestor).get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name in ("__dict__", "__weakref__"):
                continue
            private = name.startswith("__") and not name.endswith("__")
            name = f"_{ancestor.__name__.lstrip('_')}{name}" if private else name
            try:
                found.setdefault(name, getattr(thing, name))
            except AttributeError:  # not set
                continue
    return found


def defaults_of(optimizer: Any) -> dict[str, Any]:
    """An optimizer's own defaults; empty for one that keeps none."""
    found = getattr(optimizer, "defaults", None)
    return found if isinstance(found, dict) else {}


def parameters_of(optimizer: Any) -> set[int]:
    """The ids of the tensors in its groups."""
    return {id(p) for group in optimizer.param_groups for p in group["params"]}
