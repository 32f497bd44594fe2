"""Of the fixes that were planned, those that prove themselves: nothing else is offered, in any output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from wdlint.facts import Applicability, Edit, Finding, Fix
from wdlint.fix.edits import Overlapping, moved
from wdlint.fix.proof.verdict import refusal
from wdlint.fix.proof.version import Read, Version

_BEST_FIRST = (Applicability.SAFE, Applicability.UNSAFE, Applicability.SHOWN)


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
        self._tried: dict[tuple[Edit, ...], str] = {}

    def settled(self, finding: Finding) -> Finding:
        """A finding with the one fix that is shown, and that is written."""
        if finding.fix is None or not finding.fix.edits:
            return finding
        choices = list(choices_of(finding))
        reasons: list[str] = []
        for wanted in _BEST_FIRST:
            for fix in (fix for fix in choices if fix.applicability is wanted):
                reason = self._refusal(fix)
                if not reason:
                    return replace(finding, fix=fix)
                reasons.append(reason)
        return replace(finding, fix=None, unfixed=reasons[0])

    def _refusal(self, fix: Fix) -> str:
        if fix.edits not in self._tried:
            self._tried[fix.edits] = self._judged(fix)
        return self._tried[fix.edits]

    def _judged(self, fix: Fix) -> str:
        mended = [f for f in self._findings if any(fix.edits == other.edits for other in choices_of(f))]
        return tried(self._file, self._version, fix.edits, mended, self._read)[0]


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
