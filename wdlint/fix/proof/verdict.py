"""Whether a fix may be offered: the version of a file before it and the version after it, side by side.

Optimizers are compared one by one in `holdings`, names in `bound`; here are penalties and findings, and the order in
which all is asked. An answer is a reason in words, and empty where nothing speaks against the fix.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product

from wdlint.facts import Amount, FileFacts, Finding, Inventory, OptimizerUse, Origin, Penalty, Place, Sink
from wdlint.fix.edits import Moved
from wdlint.fix.proof.bound import unbound
from wdlint.fix.proof.holdings import Leave, broken
from wdlint.fix.proof.version import Version
from wdlint.source.read.positions import program_text

_LOST = "WD303"
_PENALTIES = frozenset(("WD202", "WD203", "WD206"))

Spot = tuple[str, int | None, int, int]  # file, cell, line and column where something begins


def refusal(before: Version, after: Version, moved: Moved, mended: Sequence[Finding], own: bool = True) -> str:
    """Why a fix is no fix, in words that go on after "the fix is not offered:"; empty where it is one.

    Args:
        before: the file as it was.
        after: the same file with the fix, or with that of a file that it imports.
        moved: where places of the file lie after it.
        mended: the findings that the fix mends.
        own: whether these are findings of this file.
    """
    if after.module is None and before.module is not None:
        return "the file can't be read after it"
    if own and not _is_python(after) and _is_python(before):
        return "Python refuses the file after it"
    if own and before.module is not None and after.module is not None:
        new = unbound(after.module) - _unbound_before(before.module)
        if new:
            return f"`{min(name for _, name in new)}` is not bound where it is used"
    said = _optimizers(before, after, moved, mended)
    said = said or _penalties(before.facts.penalties, after.facts.penalties, moved, mended)
    return said or _findings(before.findings, after.findings, moved, mended if own else ())


_unbound_before = lru_cache(maxsize=1)(unbound)  # the same for every fix that is tried


def _is_python(version: Version) -> bool:
    """Whether the Python that runs this takes the file: it knows of more mistakes than a parser for editing."""
    if version.module is None:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            notebook = version.module.path.endswith(".ipynb")
            text = program_text(version.module) if notebook else version.data
            compile(text, "<fix>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def spot(place: Place, moved: Moved) -> Spot:
    """Where something begins, in the text after the fix."""
    line, column = moved.position(place.line, place.column, place.cell)
    return place.file, place.cell, line, column


def _spot(place: Place) -> Spot:
    return place.file, place.cell, place.line, place.column


# ---- optimizers


def regrouped(before: Version, after: Version, moved: Moved) -> Iterator[tuple[OptimizerUse, int]]:
    """The optimizers that have other groups after a fix, or other parameters in them, and how many groups they have."""
    groups: dict[Spot, list[Sequence[object]]] = defaultdict(list)
    for use in after.facts.uses:
        groups[_spot(use.place)].append(_grouping(use))
    for use in before.facts.uses:
        now = groups.get(spot(use.place, moved), [_grouping(use)])
        if _grouping(use) not in now:
            yield use, max(map(len, now))


def recoupled(before: Version, after: Version, moved: Moved) -> Iterator[tuple[OptimizerUse, OptimizerUse]]:
    """The optimizers whose class has another default decay after a fix, as they were and as they are."""
    made: dict[Spot, list[OptimizerUse]] = defaultdict(list)
    for use in after.facts.uses:
        made[_spot(use.place)].append(use)
    for use in before.facts.uses:
        now = made.get(spot(use.place, moved))
        if now and {c.default_decay for one in now for c in one.classes} != {c.default_decay for c in use.classes}:
            yield use, now[0]


def _grouping(use: OptimizerUse) -> Sequence[object]:
    return [(group.members, group.division) for group in use.groups]


def _paired(
    before: Sequence[OptimizerUse], after: Sequence[OptimizerUse]
) -> list[tuple[OptimizerUse, OptimizerUse]] | None:
    """The answers to what an optimizer is, side by side, model by model; None where they can't be told apart.

    One answer may be given several times, once for each way that leads to it, and more ways may lead to it after a fix.
    A model that could not be seen may then be seen to be one of several. Of many models only some are read, and more of
    them where parameters stand in groups: a further one is compared with what the optimizer held of any model, if that
    is one answer, and the findings after the fix tell what is wrong with it.
    """
    if len(before) == 1 and before[0].inventory is None:
        return [(before[0], use) for use in after]
    if len(before) == len(after):
        return list(zip(before, after, strict=True))
    models = list(dict.fromkeys(use.inventory for use in before))
    if not set(models) <= {use.inventory for use in after}:
        return None
    pairs: list[tuple[OptimizerUse, OptimizerUse]] = []
    for model in models:
        had, has = _distinct(before, model), _distinct(after, model)
        if len(had) == len(has):
            pairs += zip(had, has, strict=True)
        elif len(had) == 1 or len(has) == 1:
            pairs += product(had, has)
        else:
            return None
    unseen = list(dict.fromkeys(_of_any_model(use) for use in before))
    if len(unseen) == 1:
        pairs += [(unseen[0], use) for use in after if use.inventory is not None and use.inventory not in models]
    return pairs


def _of_any_model(use: OptimizerUse) -> OptimizerUse:
    groups = tuple(replace(group, members=()) for group in use.groups)
    return replace(use, inventory=None, model="", groups=groups, variants=1)


def _distinct(uses: Iterable[OptimizerUse], model: Inventory | None) -> list[OptimizerUse]:
    return list(dict.fromkeys(replace(use, variants=1) for use in uses if use.inventory == model))


def _optimizers(before: Version, after: Version, moved: Moved, mended: Sequence[Finding]) -> str:
    had: dict[Spot, list[OptimizerUse]] = defaultdict(list)
    has: dict[Spot, list[OptimizerUse]] = defaultdict(list)
    for use in before.facts.uses:
        had[spot(use.place, moved)].append(use)
    for use in after.facts.uses:
        has[_spot(use.place)].append(use)
    if had.keys() != has.keys():
        return (
            "an optimizer can't be read after it" if had.keys() - has.keys() else "another optimizer is made after it"
        )
    codes = frozenset(finding.code for finding in mended)
    strengths = _strengths(before.facts, mended)
    parted = {spot(f.place, moved) for f in before.findings if f.code == _LOST}
    for where, uses in had.items():
        pairs = _paired(uses, has[where])
        if pairs is None:
            return "an optimizer's model is read differently after it"
        for one, other in pairs:
            said = broken(one, other, Leave(codes, where in parted, strengths))
            if said:
                return said
    return ""


def _strengths(facts: FileFacts, mended: Iterable[Finding]) -> frozenset[float]:
    """The decays that the penalties taken out amount to: 2λ for `λ‖w‖²`, λ for what is added to a gradient."""
    found: set[float] = set()
    for finding in mended:
        for penalty in facts.penalties if finding.code in _PENALTIES else ():
            value = penalty.coefficient.value
            if value and finding.place in (penalty.place, penalty.sink_place) and not _averages(penalty):
                found.add(value if penalty.sink is Sink.GRADIENT else 2 * value)
    return frozenset(found)


# ---- penalties


def _penalties(before: Iterable[Penalty], after: Iterable[Penalty], moved: Moved, mended: Sequence[Finding]) -> str:
    gone = {f.place for f in mended if f.code in _PENALTIES}
    stay: Counter[tuple[Spot, object]] = Counter()
    for penalty in before:
        if penalty.place in gone or penalty.sink_place in gone:
            if _averages(penalty) and penalty.decayed_by is None:
                return "a mean acts on each weight by a share that depends on how many there are"
            continue
        stay[spot(penalty.place, moved), _of_penalty(penalty)] += 1
    now: Counter[tuple[Spot, object]] = Counter((_spot(one.place), _of_penalty(one)) for one in after)
    if stay - now:
        return "a penalty can't be read after it"
    return "there is another penalty after it" if now - stay else ""


_AVERAGE = re.compile(r"mse_?loss|\bmean\b", re.IGNORECASE)


def _averages(penalty: Penalty) -> bool:
    """Whether a penalty is a mean over entries, so that no one decay is as strong."""
    return bool(getattr(penalty, "averaged", False)) or _AVERAGE.search(penalty.label) is not None


def _of_penalty(penalty: Penalty) -> tuple[object, ...]:
    return penalty.sink, penalty.power, _plain(penalty.coefficient), penalty.kinds


def _plain(amount: Amount) -> tuple[float | None, Origin, str]:
    return amount.value, amount.origin, amount.text


# ---- findings


def _findings(before: Iterable[Finding], after: Iterable[Finding], moved: Moved, mended: Collection[Finding]) -> str:
    """Findings are compared one by one: by rule, place and parameters."""
    told: dict[tuple[str, Spot], set[str] | None] = {}
    for finding in before:
        key = finding.code, spot(finding.place, moved)
        named = told.get(key, set())
        told[key] = None if named is None or not finding.parameters else named | set(finding.parameters)
    gone = {(finding.code, spot(finding.place, moved)) for finding in mended}
    cured = {(f.code, f.place, f.message) for f in mended}
    left = {(f.code, spot(f.place, moved), f.message) for f in before if (f.code, f.place, f.message) not in cured}
    for finding in after:
        key = finding.code, _spot(finding.place)
        if key in gone and (*key, finding.message) not in left:
            return f"{finding.code} is still found"
        if not _known(finding, key, told):
            return f"{finding.code} is found that was not there before"
    return ""


def _known(finding: Finding, key: tuple[str, Spot], told: Mapping[tuple[str, Spot], set[str] | None]) -> bool:
    if key not in told:
        return False
    parameters = told[key]
    return parameters is None or set(finding.parameters) <= parameters
