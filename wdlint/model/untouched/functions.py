"""Functions that share nothing with the original: what they close over and what their defaults hold is copied."""

from __future__ import annotations

from collections.abc import Callable
from types import CellType, FunctionType
from typing import Any


def rebuilt(function: FunctionType, copied: Callable[[Any], Any], made: dict[int, Any]) -> FunctionType:
    """`function` over copies; itself where copying makes no difference.

    Args:
        function: any; its globals stay the program's.
        copied: gives the copy of a value, or the value itself where that may be shared.
        made: copies by the id of the original. A function that closes over itself finds its copy there.
    """
    closure, defaults, keywords = function.__closure__ or (), function.__defaults__, function.__kwdefaults__
    if not closure and not defaults and not keywords:
        return function
    cells = tuple(CellType() for _ in closure)
    twin = FunctionType(function.__code__, function.__globals__, function.__name__, None, cells or None)
    made[id(function)] = twin
    same = True
    for new, old in zip(cells, closure, strict=True):
        try:
            content = old.cell_contents
        except ValueError:  # an empty cell stays empty
            continue
        new.cell_contents = copied(content)
        same = same and (new.cell_contents is content or content is function)
    twin.__defaults__ = None if defaults is None else tuple(map(copied, defaults))
    twin.__kwdefaults__ = None if keywords is None else {key: copied(value) for key, value in keywords.items()}
    same = same and all(a is b for a, b in zip(twin.__defaults__ or (), defaults or (), strict=True))
    same = same and all((twin.__kwdefaults__ or {})[key] is value for key, value in (keywords or {}).items())
    if same:
        made[id(function)] = function
        return function
    vars(twin).update(vars(function))
    return twin
