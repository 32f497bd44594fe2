"""What an editor may be offered to do about findings: repairs, and comments that suppress.

Each offer has proved itself as `--fix` has it: the new text parses and is linted, has lost the finding and has
nothing new. Nothing here knows the protocol.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from wdlint.facts import Applicability, Finding, Fix
from wdlint.fix.apply import fixed
from wdlint.fix.ignores import commented
from wdlint.fix.proof.version import Read
from wdlint.judging.suppress import BEYOND
from wdlint.server.linting import Seen


class Sort(Enum):
    REPAIR = "quickfix"
    ALL_SAFE = "source.fixAll.wdlint"


@dataclass(frozen=True, slots=True)
class Offer:
    """Something to do, what it would make of the document's bytes, and the findings that it rids it of."""

    title: str
    sort: Sort
    data: bytes
    findings: tuple[Finding, ...]
    preferred: bool = False


def repair(seen: Seen, finding: Finding, read: Read) -> Offer | None:
    """The first fix of a finding that proves itself, safe ones before unsafe ones."""
    for fix in _choices(finding):
        outcome = fixed(seen.document.file, seen.document.data, read, lambda other, fix=fix: _same(other, fix))  # type: ignore[misc]
        if any(_is(finding, done) for done in outcome.fixed):
            safe = fix.applicability is Applicability.SAFE
            return Offer(_title(fix), Sort.REPAIR, outcome.data, outcome.fixed, preferred=safe)
    return None


def all_safe(seen: Seen, read: Read) -> Offer | None:
    """All safe fixes of a document that prove themselves, as one."""

    def allowed(fix: Fix) -> bool:
        return bool(fix.edits) and fix.applicability is Applicability.SAFE

    outcome = fixed(seen.document.file, seen.document.data, read, allowed)
    if not outcome.fixed:
        return None
    return Offer("wdlint: apply all safe fixes", Sort.ALL_SAFE, outcome.data, outcome.fixed)


def suppression(seen: Seen, finding: Finding, read: Read) -> Offer | None:
    """A comment that suppresses a finding; there is none in JSON, which has no comments."""
    if finding.code in BEYOND or seen.document.path.endswith(".json"):
        return None
    data, _ = commented(seen.document.file, seen.document.data, [finding])
    after = read(data)
    if after is None:
        return None
    had, has = Counter(f.code for f in seen.judged), Counter(f.code for f in after.findings)
    if has[finding.code] >= had[finding.code] or any(number > had[code] for code, number in has.items()):
        return None
    return Offer(f"Ignore {finding.code} ({finding.rule}) here with a comment", Sort.REPAIR, data, (finding,))


def _choices(finding: Finding) -> Iterator[Fix]:
    """A finding's fixes that may be applied, safe ones first."""
    if finding.fix is None:
        return
    every = [replace(finding.fix, otherwise=()), *finding.fix.otherwise]
    for wanted in (Applicability.SAFE, Applicability.UNSAFE):
        yield from (fix for fix in every if fix.edits and fix.applicability is wanted)


def _same(one: Fix, other: Fix) -> bool:
    return (one.title, one.applicability, one.edits) == (other.title, other.applicability, other.edits)


def _is(one: Finding, other: Finding) -> bool:
    return (one.code, one.place) == (other.code, other.place)


def _title(fix: Fix) -> str:
    if fix.applicability is Applicability.SAFE:
        return fix.title
    return f"{fix.title} (unsafe: {fix.hazard or 'it changes the update rule'})"
