"""One construction that several callers reach: what each of them gives it, put together.

Callers that give the same make one use, with all their places; those whose model can be seen speak for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wdlint.facts import OptimizerUse, Place


def together(uses: Iterable[OptimizerUse]) -> Iterator[OptimizerUse]:
    """The uses in the order of their places, equal ones once."""
    by_place: dict[Place, dict[OptimizerUse, list[Place]]] = {}
    for use in uses:
        same = by_place.setdefault(use.place, {})
        same.setdefault(replace(use, reached_from=()), []).extend(use.reached_from)
    for same in by_place.values():
        seen = [use for use in same if use.inventory is not None]
        for use in seen or same:
            yield replace(use, reached_from=tuple(dict.fromkeys(same[use])))
