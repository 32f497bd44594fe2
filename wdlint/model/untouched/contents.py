"""What objects hold, kept for a while to see whether code of the user's has changed any of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

_CONTAINERS = (list, dict, set, deque)
_LARGEST = 1000  # items of a container that are compared one by one; of a larger one their number is


class Contents:
    """The attributes and items that some objects hold, by identity and one step deep."""

    def __init__(self, objects: Iterable[Any]) -> None:
        self._kept = [(held, _copied(held)) for thing in objects for held in _held_by(thing)]

    def still_there(self) -> bool:
        """Whether each still holds the very same."""
        return all(_same(held, before) for held, before in self._kept)


def _held_by(thing: Any) -> Iterable[Any]:
    if isinstance(thing, _CONTAINERS):
        yield thing
    attributes = getattr(thing, "__dict__", None)
    if type(attributes) is dict and attributes is not thing:
        yield attributes


def _copied(container: Any) -> Any:
    """What to compare with later: the items, or how many there are."""
    if len(container) > _LARGEST:
        return len(container)
    return dict(container) if isinstance(container, dict) else list(container)


def _same(container: Any, before: Any) -> bool:
    if isinstance(before, int):
        return len(container) == before
    if len(container) != len(before):
        return False
    if isinstance(before, dict):
        return all(key in container and container[key] is value for key, value in before.items())
    return all(one is two for one, two in zip(container, before, strict=True))
