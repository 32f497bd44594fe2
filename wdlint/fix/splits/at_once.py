"""A split that has no effect and is wrong besides: it is given its effect, and its conditions are mended with it.

Each half alone would fail its proof: what the split does wrong shows only once it does something.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wdlint.facts import Amount, Edit, FileFacts, Finding, Fix, Group, OptimizerUse, Origin, Place
from wdlint.fix.construction import Site, site_of
from wdlint.fix.keys import split_key_fixes
from wdlint.fix.leftovers import leftovers
from wdlint.fix.program import Program
from wdlint.fix.splits.mended import condition_fixes, finished_groups, pattern_fixes
from wdlint.judging.splits import unread_decay_keys
from wdlint.source.read import tree as t


def passed_and_mended(finding: Finding, site: Site) -> Iterator[Fix]:
    """Groups that are computed and forgotten, handed to the optimizer and told apart as they should be."""
    split = tuple(replace(use, groups=use.unused_groups) for use in site.uses)
    for passed in finished_groups(site):
        yield from _both(finding, replace(site, uses=split), passed)


def spelled_and_mended(finding: Finding, facts: FileFacts, program: Program, style: str) -> Iterator[Fix]:
    """The keys of a split spelled as the optimizer reads them, and the split told apart as it should be."""
    for place in dict.fromkeys(use.place for use in facts.uses if any(_is_at(finding.place, g) for g in use.groups)):
        site = site_of(place, facts, program, style)
        if site is None:
            continue
        split = tuple(replace(use, groups=tuple(_as_meant(program, use, g) for g in use.groups)) for use in site.uses)
        for spelled in split_key_fixes(replace(finding, place=place), facts, program):
            yield from _both(finding, replace(site, uses=split), spelled)


def _both(finding: Finding, site: Site, effect: Fix) -> Iterator[Fix]:
    """A fix that gives the split its effect, together with each that mends what decides in it."""
    for mended in pattern_fixes(finding, site.program, site.uses):
        edits = [*effect.edits, *mended.edits]
        edits += leftovers(site.program, edits)
        yield _named(effect, mended, edits)
    for mended in condition_fixes(site, effect.edits):
        yield _named(effect, mended, mended.edits)


def _named(effect: Fix, mended: Fix, edits: Iterable[Edit]) -> Fix:
    title = f"{effect.title}, and {mended.title[0].lower()}{mended.title[1:]}"
    return replace(mended, title=title, edits=tuple(dict.fromkeys(edits)))


def _is_at(place: Place, group: Group) -> bool:
    return place == group.place or place in group.option_places


def _as_meant(program: Program, use: OptimizerUse, group: Group) -> Group:
    """A group with the strength that it has under a key that is not read."""
    for index, _, _ in unread_decay_keys(use, group):
        if index >= len(group.option_places):
            continue
        start = program.within(group.option_places[index])[0]
        key = next((n for n in program.nodes if isinstance(n, t.Const) and program.span(n)[0] == start), None)
        display = program.parents[key] if key is not None else None
        if isinstance(display, t.DictDisplay):
            given = next(value for name, value in display.items if name is key)
            value = given.value if isinstance(given, t.Const) else None
            strength = float(value) if isinstance(value, (int, float)) else None
            return replace(group, amount=Amount(strength, Origin.WRITTEN, program.source(given)))
    return group
