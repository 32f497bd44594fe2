"""The report for people at its full length: each finding by itself, with its lines, notes, help and fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wdlint.report.blocks.frame import change, excerpt, gutter_of
from wdlint.report.blocks.hunks import hunks
from wdlint.report.blocks.lines import arrow, fix_line, hazard_line, headline, help_line, note_line
from wdlint.report.summary import summary

if TYPE_CHECKING:
    from wdlint.facts import Finding
    from wdlint.report import Run


def render(run: Run) -> str:
    blocks = ["".join(f"{line}\n" for line in _finding(finding, run)) for finding in run.findings]
    closing = "".join(f"{line}\n" for line in summary(run, advise=True))
    return "\n".join((*blocks, *([closing] if closing else ())))


def _finding(finding: Finding, run: Run) -> Iterator[str]:
    colour, place, fix = run.colour, finding.place, finding.fix
    lines = run.excerpts.file(place.file, place.cell)
    gutter = gutter_of(place, lines)
    yield headline(finding, colour)
    yield arrow(place, gutter, colour)
    yield from excerpt(place, lines, gutter, colour)
    for note in finding.notes:
        yield note_line(note, place, colour)
    if finding.help:
        yield help_line(finding.help, colour)
    if fix is None:
        return
    if fix.hazard:
        yield hazard_line(fix.hazard, colour)
    if shown := list(hunks(finding, run)):
        yield fix_line(fix, colour)
        yield from change(shown, gutter, colour)
