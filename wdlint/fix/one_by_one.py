"""Fixes one by one, each agreed to by somebody who was shown what it changes.

Each has proved itself in the text as it is after those that were agreed to before. Who is asked, and how, is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache

from wdlint.facts import Finding, Fix
from wdlint.fix.apply import Allowed, Outcome, fixed, original
from wdlint.fix.edits import Moved
from wdlint.fix.proof.offers import choices_of, proven
from wdlint.fix.proof.version import Importer, Read, Version


class Answer(Enum):
    YES = "y"
    NO = "n"
    ALL = "a"  # this one and all that follow, in every file
    QUIT = "q"  # neither this one nor any that follows


@dataclass(frozen=True, slots=True)
class Offer:
    """A fix, as what it makes of a file's bytes, and the findings that it mends, each with it."""

    file: str
    before: bytes
    after: bytes
    findings: tuple[Finding, ...]


class OneByOne:
    """Fixes files after asking; an answer for all that follow is kept from one file to the next."""

    def __init__(self, ask: Callable[[Offer], Answer]) -> None:
        self._ask = ask
        self._rest: Answer | None = None

    def fixed(
        self, file: str, data: bytes, read: Read, allowed: Allowed, importers: Sequence[Importer] = ()
    ) -> Outcome:
        """What `wdlint.fix.apply.fixed` makes of a file, by the fixes that were agreed to alone."""
        if self._rest is Answer.ALL:
            return fixed(file, data, read, allowed, importers)
        once = lru_cache(maxsize=2)(read)  # the text as it is, and as the fix in question makes it
        done: list[Finding] = []
        moves: list[Moved] = []  # the last one first
        declined: list[Finding] = []  # where they are now
        dropped: list[Finding] = []
        while True:
            version = _judged(file, once(data), once, importers)
            if version is None:
                return Outcome(data, tuple(done), (), ())
            open_ = _open(file, version, allowed, [*declined, *dropped])
            if open_ is None or self._rest is Answer.QUIT:
                return Outcome(data, tuple(done), version.findings, tuple(dropped))
            finding, fix = open_
            outcome = fixed(file, data, once, lambda other, fix=fix: _same(other, fix), importers)  # type: ignore[misc]
            if not outcome.fixed:
                dropped.append(finding)
                continue
            if not self._agreed(Offer(file, data, outcome.data, outcome.fixed)):
                declined += [finding, *outcome.fixed]
                continue
            done += [original(mended, moves) for mended in outcome.fixed]
            for move in reversed(outcome.moves):
                declined = [replace(other, place=move.place(other.place)) for other in declined]
                dropped = [replace(other, place=move.place(other.place)) for other in dropped]
            moves = [*outcome.moves, *moves]
            data = outcome.data

    def _agreed(self, offer: Offer) -> bool:
        answer = self._rest or self._ask(offer)
        if answer in (Answer.ALL, Answer.QUIT):
            self._rest = answer
        return answer in (Answer.YES, Answer.ALL)


def _judged(file: str, version: Version | None, read: Read, importers: Sequence[Importer]) -> Version | None:
    if version is None or not importers:
        return version
    return replace(version, findings=tuple(proven(file, version.findings, version, read, importers)))


def _open(file: str, version: Version, allowed: Allowed, settled: Sequence[Finding]) -> tuple[Finding, Fix] | None:
    """The first finding that nothing was decided of, and its fix."""
    known = {_where(finding) for finding in settled}
    for finding in version.findings:
        if finding.fix is None or finding.place.file != file or _where(finding) in known:
            continue
        for fix in filter(allowed, choices_of(finding)):
            return finding, fix
    return None


def _where(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    return finding.code, finding.subject, place.line, place.column, place.cell


def _same(one: Fix, other: Fix) -> bool:
    return (one.title, one.applicability, one.edits) == (other.title, other.applicability, other.edits)
