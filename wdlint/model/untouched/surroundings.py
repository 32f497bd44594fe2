"""What code keeps outside of its objects: names of its modules and classes, and what functions keep.

No copy can reach them. They are put back after code of the user's has run on stand-ins: a count would be wrong, and
a cache would hold tensors without values.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch import Tensor

_CONTAINERS = (list, dict, set)
_LARGEST = 10_000  # items of a container that is kept
_NEW = (Tensor, str, bytes, int, float, complex, type(None), tuple, *_CONTAINERS)  # what a name goes away with
_DEPTH = 4  # of what a cache holds


@contextmanager
def preserved_surroundings(classes: Iterable[type]) -> Iterator[None]:
    """Put back what is named in the modules of `classes` and in their bases, once the work within is done."""
    kept = [(holder, _Kept(vars(holder))) for holder in _holders(classes)]
    try:
        yield
    finally:
        for holder, before in kept:
            before.put_back(holder)


def _holders(classes: Iterable[type]) -> list[Any]:
    """The classes themselves, those below them and their modules, without torch's and Python's own."""
    found: dict[int, Any] = {}
    for one in {id(c): c for c in classes}.values():
        for ancestor in one.__mro__:
            place = ancestor.__module__
            if id(ancestor) in found or place.partition(".")[0] in ("torch", "builtins", "abc", "typing"):
                continue
            module = sys.modules.get(place)
            found |= {id(thing): thing for thing in (ancestor, module) if thing is not None}
    return list(found.values())


class _Kept:
    """The names of one module or class, with what the containers among them hold, and what its functions keep."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = dict(names)
        functions = [v for v in self._names.values() if isinstance(v, FunctionType)]
        held = [v for k, v in self._names.items() if not k.startswith("__")]
        for function in functions:
            held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), vars(function)]
        self._contents = [(v, v.copy()) for v in held if type(v) in _CONTAINERS and len(v) <= _LARGEST]
        self._caches = [(v, v.cache_info().misses) for v in self._names.values() if _is_cache(v)]

    def put_back(self, holder: Any) -> None:
        for container, before in self._contents:
            if not _same(container, before):
                _refill(container, before)
        for name, value in list(vars(holder).items()):
            if name.startswith("__"):
                continue
            if name not in self._names:
                if isinstance(value, _NEW):
                    delattr(holder, name)
            elif value is not self._names[name] and not isinstance(value, (type, ModuleType, FunctionType)):
                setattr(holder, name, self._names[name])
        for cached, misses in self._caches:
            if cached.cache_info().misses != misses and _holds_meta(cached, _DEPTH):
                cached.cache_clear()


def _is_cache(value: Any) -> bool:
    return callable(getattr(value, "cache_clear", None)) and callable(getattr(value, "cache_info", None))


def _same(one: Any, two: Any) -> bool:
    if len(one) != len(two):
        return False
    if isinstance(one, dict):
        return all(a is b and one[a] is two[b] for a, b in zip(one, two, strict=True))
    return one == two if isinstance(one, set) else all(a is b for a, b in zip(one, two, strict=True))


def _refill(container: Any, content: Any) -> None:
    container.clear()
    container.extend(content) if isinstance(container, list) else container.update(content)


def _holds_meta(thing: Any, depth: int) -> bool:
    """Whether a tensor without values is among what a cache holds."""
    if isinstance(thing, Tensor):
        return bool(thing.is_meta)
    if not depth or isinstance(thing, (type, ModuleType, FunctionType, torch.nn.Module)):
        return False
    return any(_holds_meta(item, depth - 1) for item in gc.get_referents(thing))
