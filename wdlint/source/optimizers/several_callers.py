"""One construction that several callers reach: what each of them gives it, put together.

Callers that give the same make one use, with all their places; those whose model can be seen speak for the others.
Where every caller seen leaves the decay at a default of 0, which its user may change, the function's own default
counts too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from wdlint.facts import OptimizerUse, Origin, Place
from wdlint.source.optimizers.sites import Site


def together(sites: Sequence[Site], read: Callable[[Site], Iterable[OptimizerUse]]) -> Iterator[OptimizerUse]:
    """The uses at all sites in the order of their places, equal ones once."""
    by_place: dict[Place, dict[OptimizerUse, list[Place]]] = {}
    before: list[OptimizerUse] = []  # of the callers of one construction
    beside: set[OptimizerUse] = set()  # what counts though no caller gives it
    for site in sites:
        if site.otherwise and (not before or not all(map(_is_latent, before))):
            before = []
            continue
        found = [use for use in read(site) if not site.otherwise or _by_default(use)]
        before = [*before, *found] if site.entered is not None else []
        beside.update(found if site.otherwise else ())
        for use in found:
            same = by_place.setdefault(use.place, {})
            same.setdefault(replace(use, reached_from=()), []).extend(use.reached_from)
    for same in by_place.values():
        seen = [use for use in same if use.inventory is not None or use in beside]
        for use in seen or same:
            yield replace(use, reached_from=tuple(dict.fromkeys(same[use])))


def _by_default(use: OptimizerUse) -> bool:
    """Whether the default of a function's argument is what decays."""
    return any(group.amount.origin is Origin.ARGUMENT_DEFAULT for group in use.decayed())


def _is_latent(use: OptimizerUse) -> bool:
    """Whether nothing decays, and a user's option is why."""
    amounts = [group.amount for group in use.groups]
    return not any(amount.decays for amount in amounts) and any(
        amount.value == 0 and amount.origin in (Origin.ARGUMENT_DEFAULT, Origin.FIELD_DEFAULT) for amount in amounts
    )
