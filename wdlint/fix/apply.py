"""Fixes written, in rounds: all that do not overlap at once where that proves itself, else one by one.

Each fix that a finding has proved itself alone (`proof`); here they are proved together. What a text is read as is
asked of a function that is handed in, so that nothing here knows the linter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Edit, Finding, Fix
from wdlint.fix.edits import Moved, Overlapping, applied
from wdlint.fix.proof.offers import Trial, beside, choices_of, tried
from wdlint.fix.proof.version import Importer, Read, Version

__all__ = ["Allowed", "Outcome", "Overlapping", "applied", "fixed", "original"]

ROUNDS = 20  # fixes that overlap wait for the next round

Allowed = Callable[[Fix], bool]
Attempt = Callable[[Version, Sequence[Edit], Sequence[Finding]], Trial]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of fixing one file."""

    data: bytes
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]
    unproven: tuple[Finding, ...]  # those of `left` whose fix was dropped because it did not prove itself
    moves: tuple[Moved, ...] = ()  # where each round's edits moved what stood there, the last round first


def fixed(file: str, data: bytes, read: Read, allowed: Allowed, importers: Sequence[Importer] = ()) -> Outcome:
    """Apply every allowed fix of a file that proves itself, in rounds, until none is left.

    `importers` are linted files that rest on this one: no fix may make them wrong.
    """
    version = read(data)
    if version is None:
        return Outcome(data, (), (), ())

    def attempt(of: Version, edits: Sequence[Edit], mended: Sequence[Finding]) -> Trial:
        return tried(file, of, edits, mended, read, importers)

    moves: list[Moved] = []  # the last round first
    done: list[Finding] = []
    failed: set[tuple[object, ...]] = set()
    for _ in range(ROUNDS):
        if importers:
            version = replace(version, findings=tuple(beside(file, version.findings, version.data, importers)))
        wanted = [
            f for f in version.findings
            if f.fix is not None and f.place.file == file and _key(f) not in failed and any(map(allowed, choices_of(f)))
        ]  # fmt: skip
        if not wanted:
            break
        chosen = _round(file, version, wanted, attempt, allowed)
        if chosen is None:
            failed.update(map(_key, wanted))
            continue
        done += [original(finding, moves) for finding in chosen.mended]
        moves.insert(0, chosen.moved)
        version = chosen.version
    unproven = tuple(f for f in version.findings if _key(f) in failed)
    return Outcome(version.data, tuple(done), version.findings, unproven, tuple(moves))


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A round's edits: what they make of the file, where it lies then, and the findings that they mend."""

    version: Version
    moved: Moved
    mended: list[Finding]


def original(finding: Finding, moves: Iterable[Moved]) -> Finding:
    """The finding with the line and column that it had in the text before all moves (the last one first)."""
    place = finding.place
    for step in moves:
        place = step.back(place)
    return replace(finding, place=place)


def _round(file: str, version: Version, wanted: list[Finding], attempt: Attempt, allowed: Allowed) -> _Step | None:
    """All fixes that do not overlap at once; where that fails, the first single one that proves itself."""
    together = list(_apart(file, version.data, [(f, next(filter(allowed, choices_of(f)))) for f in wanted]))
    tries = [together] if len({fix.edits for _, fix in together}) > 1 else []
    for finding in wanted:
        for fix in filter(allowed, choices_of(finding)):
            tries.append([(f, fix) for f in wanted if any(fix.edits == other.edits for other in choices_of(f))])
    for chosen in tries:
        edits = [edit for _, fix in chosen for edit in fix.edits]
        mended = [replace(finding, fix=fix) for finding, fix in chosen]
        trial = attempt(version, edits, mended)
        if not trial.reason and trial.after is not None:
            return _Step(trial.after, trial.moved, mended)
    return None


def _key(finding: Finding) -> tuple[object, ...]:
    texts = tuple(edit.text for edit in finding.fix.edits) if finding.fix else ()
    return finding.code, finding.subject, finding.parameters, texts


def _apart(file: str, data: bytes, fixes: Iterable[tuple[Finding, Fix]]) -> Iterator[tuple[Finding, Fix]]:
    """The fixes that can be applied together, first come first served."""
    edits: list[Edit] = []
    for finding, fix in fixes:
        try:
            applied(file, data, [*edits, *fix.edits])
        except (Overlapping, UnicodeError):
            continue
        edits += fix.edits
        yield finding, fix
