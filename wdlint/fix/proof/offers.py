"""Of the fixes that were planned, those that prove themselves: nothing else is offered, in any output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from wdlint.facts import Applicability, Edit, Finding, Fix, OptimizerUse
from wdlint.fix.edits import UNMOVED, Moved, Overlapping, moved
from wdlint.fix.hazards.around import hazards, may_omit_decay, on_purpose
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.hazards.sharding import SHARDED, counts_dimensions, shards
from wdlint.fix.program import Program, program_of
from wdlint.fix.proof.verdict import recoupled, refusal, regrouped
from wdlint.fix.proof.version import Importer, Read, Version
from wdlint.source.read import tree as t

_RANK = {Applicability.SAFE: 0, Applicability.UNSAFE: 1, Applicability.SHOWN: 2}
TRIED = 40  # edits of one file that are always tried; each is a reading of the file
READ = 1_000_000  # bytes that are read to try more of them
_REACH = frozenset(("WD101", "WD102", "WD103", "WD104"))


def proven(
    file: str,
    findings: Sequence[Finding],
    version: Version,
    read: Read,
    importers: Sequence[Importer] = (),
    latent: bool = True,
) -> list[Finding]:
    """The findings, each with the best of its fixes that proves itself, or with the reason why it has none.

    Args:
        file: the file as reports show it.
        findings: those of the file, with the fixes that were planned.
        version: the file as it is.
        read: what the file would be with other bytes.
        importers: linted files that rest on it; no fix may make them wrong.
        latent: whether latent findings are asked for; else they only count where a fix of another one mends them too.
    """
    court = Court(file, findings, version, read, importers)
    return [court.settled(finding) for finding in findings if latent or not finding.latent]


def beside(file: str, findings: Sequence[Finding], data: bytes, importers: Sequence[Importer]) -> list[Finding]:
    """The findings of a file in whose own text each fix has proved itself: those that also leave its importers right.

    Args:
        file: the file as reports show it.
        findings: those of the file, with the fixes that were proved in it.
        data: the file's bytes.
        importers: linted files that rest on it; no fix may make them wrong.
    """
    if not importers:
        return list(findings)
    judged: dict[tuple[Edit, ...], tuple[str, list[Hazard]]] = {}

    def settled(finding: Finding) -> Finding:
        fix = finding.fix
        if fix is None or not fix.edits:
            return finding
        if fix.edits not in judged:
            mended = [f for f in findings if any(fix.edits == other.edits for other in choices_of(f))]
            reason, others = _among(importers, moved(file, data, fix.edits)[0], mended)
            judged[fix.edits] = reason, list(_of_importers(others))
        reason, found = judged[fix.edits]
        return replace(finding, fix=None, unfixed=reason) if reason else replace(finding, fix=_lowered(fix, found))

    return [settled(finding) for finding in findings]


class Court:
    """The fixes of one version of a file; each is tried once."""

    def __init__(
        self,
        file: str,
        findings: Sequence[Finding],
        version: Version,
        read: Read,
        importers: Sequence[Importer] = (),
    ) -> None:
        self._file = file
        self._importers = importers
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
                if len(self._tried) >= max(TRIED, READ // (len(self._version.data) + 1)):
                    reasons.append("the file has so many faults that not every fix was tried: mend others first")
                    break
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
        trial = tried(self._file, self._version, fix.edits, mended, self._read, self._importers)
        if trial.reason or trial.after is None:
            return trial.reason, []
        for one, other in recoupled(self._version, trial.after, trial.moved):
            if _may_omit(self._program, one) and _may_omit(_program(self._file, trial.after), other):
                return "callers that give no decay would get the new optimizer's default", []
        guarded = {edit.place.line for edit in fix.edits}
        weighed = _weighed(self._program, self._version, trial.after, trial.moved)
        found = [hazard for hazard in weighed if hazard.guarded_at not in guarded]
        for use, _ in regrouped(self._version, trial.after, trial.moved):
            if any(finding.place == use.place and finding.code in _REACH for finding in mended):
                found += filter(None, (on_purpose(use),))
        found += _of_importers(trial.importers)
        return "", found

    @cached_property
    def _program(self) -> Program | None:
        return _program(self._file, self._version)


def _program(file: str, version: Version) -> Program | None:
    return None if version.module is None else program_of(file, version.data, version.module)


def _may_omit(program: Program | None, use: OptimizerUse) -> bool:
    call = program.node_at(use.place, t.Call) if program is not None else None
    return call is not None and program is not None and may_omit_decay(program, call)


def _weighed(program: Program | None, before: Version, after: Version, places: Moved) -> Iterator[Hazard]:
    """What counts on the groups that are others after the fix."""
    for use, number in regrouped(before, after, places):
        call = program.node_at(use.place, t.Call) if program is not None else None
        if call is not None and program is not None:
            elsewhere = {other.place for other in before.facts.uses if other.place != use.place}
            others = [made for place in elsewhere if (made := program.node_at(place, t.Call)) is not None]
            yield from hazards(program, call, len(use.groups), number, others, before.imports)


def _of_importers(importers: Iterable[Witness]) -> Iterator[Hazard]:
    """What counts in importing files on the groups that are others after the fix."""
    for file, before, after in importers:
        if any(True for _ in regrouped(before, after, UNMOVED)):
            known = before if before.imports is not None else replace(before, imports=after.imports)
            for hazard in _weighed(_program(file, before), known, after, UNMOVED):
                told = hazard.reason.startswith("in ")  # of another file already
                yield hazard if told else replace(hazard, reason=f"in {file}, {hazard.reason}")


def _lowered(fix: Fix, found: Sequence[Hazard]) -> Fix:
    """The fix with the trust that what was found leaves it."""
    if not found:
        return fix
    most = max((fix.applicability, *(hazard.most for hazard in found)), key=_RANK.__getitem__)
    reasons = [fix.hazard] if fix.hazard else []
    return replace(fix, applicability=most, hazard="; ".join(dict.fromkeys((*reasons, *(h.reason for h in found)))))


Witness = tuple[str, Version, Version]  # an importing file, before and after


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What came of trying edits: why they are no fix (empty: they are one), and the versions that they make."""

    reason: str
    after: Version | None = None
    moved: Moved = UNMOVED
    importers: tuple[Witness, ...] = ()


def tried(
    file: str,
    version: Version,
    edits: Iterable[Edit],
    mended: Sequence[Finding],
    read: Read,
    importers: Sequence[Importer] = (),
) -> Trial:
    """Try edits that are to mend these findings."""
    try:
        data, places = moved(file, version.data, edits)
    except (Overlapping, UnicodeError):
        return Trial("its edits can't be applied together")
    if data == version.data:
        return Trial("it changes nothing")
    after = read(data)
    if after is None:
        return Trial("the file can't be read after it")
    reason = refusal(version, after, places, mended)
    others: tuple[Witness, ...] = ()
    if not reason:
        reason, others = _among(importers, data, mended)
    return Trial(reason, after, places, others)


def _among(importers: Iterable[Importer], data: bytes, mended: Sequence[Finding]) -> tuple[str, tuple[Witness, ...]]:
    """Why other bytes of a file make one that rests on it wrong, and the files that were asked."""
    asked: list[Witness] = []
    for importer in importers:
        was = importer.before()
        if was is None:
            continue
        now = importer.after(data)
        if now is None:
            return f"in {importer.file}, it can't be read after it", tuple(asked)
        reason = refusal(was, now, UNMOVED, mended, own=False)
        if reason:
            return f"in {importer.file}, {reason}", tuple(asked)
        asked.append((importer.file, was, now))
    return "", tuple(asked)


def choices_of(finding: Finding) -> Iterator[Fix]:
    """The fixes of a finding, the one to try first in front."""
    if finding.fix is not None:
        yield replace(finding.fix, otherwise=())
        yield from finding.fix.otherwise
