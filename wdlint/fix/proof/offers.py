"""Of the fixes that were planned, those that prove themselves: nothing else is offered, in any output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from wdlint.facts import Applicability, Edit, Finding, Fix
from wdlint.fix.edits import Moved, Overlapping, moved
from wdlint.fix.hazards import SHARDED, Hazard, counts_dimensions, hazards, on_purpose, shards
from wdlint.fix.program import Program
from wdlint.fix.proof.verdict import refusal, renumbered
from wdlint.fix.proof.version import Read, Version
from wdlint.source.read import tree as t

_RANK = {Applicability.SAFE: 0, Applicability.UNSAFE: 1, Applicability.SHOWN: 2}
_REACH = frozenset(("WD101", "WD102", "WD103", "WD104"))


def proven(file: str, findings: Sequence[Finding], version: Version, read: Read) -> list[Finding]:
    """The findings, each with the best of its fixes that proves itself, or with the reason why it has none.

    Args:
        file: the file as reports show it.
        findings: those of the file, with the fixes that were planned.
        version: the file as it is.
        read: what the file would be with other bytes.
    """
    court = Court(file, findings, version, read)
    return [court.settled(finding) for finding in findings]


class Court:
    """The fixes of one version of a file; each is tried once."""

    def __init__(self, file: str, findings: Sequence[Finding], version: Version, read: Read) -> None:
        self._file = file
        self._version = version
        self._read = read
        self._findings = findings
        self._tried: dict[tuple[Edit, ...], tuple[str, list[Hazard]]] = {}

    def settled(self, finding: Finding) -> Finding:
        """A finding with the one fix that is shown, and that is written: the most trusted, of these the first."""
        if finding.fix is None or not finding.fix.edits:
            return finding
        best: Fix | None = None
        reasons: list[str] = []
        for fix in choices_of(finding):
            if best is not None and _RANK[fix.applicability] >= _RANK[best.applicability]:
                continue
            if fix.edits not in self._tried:
                self._tried[fix.edits] = self._judged(fix)
            reason, found = self._tried[fix.edits]
            if reason:
                reasons.append(reason)
                continue
            fix = _lowered(fix, found)
            if best is None or _RANK[fix.applicability] < _RANK[best.applicability]:
                best = fix
        return replace(finding, fix=best, unfixed="" if best is not None else reasons[0])

    def _judged(self, fix: Fix) -> tuple[str, list[Hazard]]:
        if self._program is not None and counts_dimensions(fix.edits) and shards(self._program):
            return SHARDED, []
        mended = [f for f in self._findings if any(fix.edits == other.edits for other in choices_of(f))]
        reason, after = tried(self._file, self._version, fix.edits, mended, self._read)
        if reason or after is None:
            return reason, []
        _, places = moved(self._file, self._version.data, fix.edits)
        return "", list(self._hazards(after, places, mended))

    @cached_property
    def _program(self) -> Program | None:
        if self._version.module is None:
            return None
        return Program(self._file, self._version.data, self._version.module)

    def _hazards(self, after: Version, places: Moved, mended: Sequence[Finding]) -> Iterator[Hazard]:
        """What counts on the groups that are others after the fix."""
        regrouped = list(renumbered(self._version, after, places))
        for use in regrouped:
            call = self._program.node_at(use.place, t.Call) if self._program is not None else None
            if call is not None and self._program is not None:
                yield from hazards(self._program, call, len(use.groups))
            if any(finding.place == use.place and finding.code in _REACH for finding in mended):
                chosen = on_purpose(use)
                if chosen is not None:
                    yield chosen


def _lowered(fix: Fix, found: Sequence[Hazard]) -> Fix:
    """The fix with the trust that what was found leaves it."""
    if not found:
        return fix
    most = max((fix.applicability, *(hazard.most for hazard in found)), key=_RANK.__getitem__)
    reasons = [fix.hazard] if fix.hazard else []
    return replace(fix, applicability=most, hazard="; ".join(dict.fromkeys((*reasons, *(h.reason for h in found)))))


def tried(
    file: str, version: Version, edits: Iterable[Edit], mended: Sequence[Finding], read: Read
) -> tuple[str, Version | None]:
    """Why edits that mend these findings are no fix, in words (empty: they are one), and what they make of the file."""
    try:
        data, places = moved(file, version.data, edits)
    except (Overlapping, UnicodeError):
        return "its edits can't be applied together", None
    if data == version.data:
        return "it changes nothing", None
    after = read(data)
    if after is None:
        return "the file can't be read after it", None
    return refusal(version, after, places, mended), after


def choices_of(finding: Finding) -> Iterator[Fix]:
    """The fixes of a finding, the one to try first in front."""
    if finding.fix is not None:
        yield replace(finding.fix, otherwise=())
        yield from finding.fix.otherwise
