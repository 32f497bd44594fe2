"""Which optimizers really step: those inside wrappers, found by what they are and not by what an attribute is called.

Lookahead, Accelerate's and DeepSpeed's wrappers, schedule-free and sharpness-aware ones hold the optimizer that
steps; some hold several. What holds another is never stepped or copied here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

from torch.optim import Optimizer

_DEPTH = 2  # containers inside an attribute that are looked into


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

    An optimizer without any inside is its own only leaf.
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    pending = [optimizer]
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        inner = [i for i in _held(one) if i is not one]
        if inner:
            pending.extend(reversed(inner))
        else:
            found[id(one)] = one
    return list(found.values()) or [optimizer]


def _held(optimizer: Any) -> Iterator[Any]:
    for name, value in list(getattr(optimizer, "__dict__", {}).items()):
        if name not in ("state", "param_groups", "defaults"):
            yield from _inside(value, _DEPTH)


def _inside(value: Any, depth: int) -> Iterator[Any]:
    if is_optimizer(value):
        yield value
    elif depth and isinstance(value, list | tuple | dict):
        for item in list(value.values() if isinstance(value, dict) else value)[:64]:
            yield from _inside(item, depth - 1)


def defaults_of(optimizer: Any) -> dict[str, Any]:
    """An optimizer's own defaults; empty for one that keeps none."""
    found = getattr(optimizer, "defaults", None)
    return found if isinstance(found, dict) else {}


def parameters_of(optimizer: Any) -> set[int]:
    """The ids of the tensors in its groups."""
    return {id(p) for group in optimizer.param_groups for p in group["params"]}
