"""The report for people: one block a site, which shows its lines once and says each fault in a line of its own.

What faults of one site have in common (a note, a help, a fix) is said once. Reasons that point to no line are said
once a file. Of a call whose optimizer another file makes, it is enough to name that place, where the run shows the same
faults there. `full` keeps nothing back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wdlint.report.summary import summary

if TYPE_CHECKING:
    from wdlint.facts import Finding, Fix, Place
    from wdlint.report import Run
    from wdlint.report.blocks.hunks import Line

_CONTEXT = 1  # lines before and after the offending ones


def render(run: Run) -> str:
    closing = "".join(f"{line}\n" for line in summary(run, advise=True))
    return "\n".join((*blocks(run), *([closing] if closing else ())))


def blocks(run: Run) -> Iterator[str]:
    """The sites of a run, each as a block of lines."""
    sites: dict[Place, list[Finding]] = {}
    for finding in run.findings:
        sites.setdefault(finding.place, []).append(finding)
    reasons: set[tuple[str, str]] = set()  # files, and what was said in them that points to no line
    told = {(finding.place, finding.code) for finding in run.findings}
    for place, findings in sites.items():
        elsewhere = all((finding.made_place, finding.code) in told for finding in findings)
        block = _call(place, findings, run) if elsewhere else _site(place, findings, run, reasons)
        yield "".join(f"{line}\n" for line in block)


def _call(place: Place, findings: Sequence[Finding], run: Run) -> Iterator[str]:
    """A call that makes an optimizer whose faults the run shows in full where they are repaired."""
    from wdlint.facts import Note
    from wdlint.report.blocks.frame import gutter_of
    from wdlint.report.blocks.lines import arrow, headline, note_line

    yield from (headline(finding, run.colour) for finding in findings)
    yield arrow(place, gutter_of(place, run.excerpts.file(place.file, place.cell)), run.colour)
    yield note_line(Note("this is repaired where the optimizer is made", findings[0].made_place), place, run.colour)


def _site(place: Place, findings: Sequence[Finding], run: Run, reasons: set[tuple[str, str]]) -> Iterator[str]:
    from wdlint.report.blocks.frame import change, excerpt, gutter_of  # as most runs find nothing
    from wdlint.report.blocks.lines import arrow, fix_line, hazard_line, headline, help_line, note_line

    colour = run.colour
    lines = run.excerpts.file(place.file, place.cell)
    gutter = gutter_of(place, lines)
    yield from (headline(finding, colour) for finding in findings)
    yield arrow(place, gutter, colour)
    yield from excerpt(place, lines, gutter, colour, _CONTEXT)
    for note in dict.fromkeys(note for finding in findings for note in finding.notes):
        if note.place is None:
            if (place.file, note.text) in reasons:
                continue
            reasons.add((place.file, note.text))
        yield note_line(note, place, colour)
    fixes = _fixes(findings, run)
    told = {fix for fix, shown, _ in fixes if shown and fix.applicability.value == "safe"}  # seen, it needs no help
    for text in dict.fromkeys(finding.help for finding in findings if finding.help and finding.fix not in told):
        yield help_line(text, colour)
    for hazard in dict.fromkeys(fix.hazard for fix, _, _ in fixes if fix.hazard):
        yield hazard_line(hazard, colour)
    for fix, shown, codes in fixes:
        if shown:
            some = len(codes) < len({finding.code for finding in findings})
            yield fix_line(fix, colour, f" ({', '.join(codes)})" if some else "")
            yield from change(shown, gutter, colour)


def _fixes(findings: Sequence[Finding], run: Run) -> list[tuple[Fix, list[Line], list[str]]]:
    """The fixes of a site, each once, with its lines where they can be shown and the codes that it mends."""
    from wdlint.report.blocks.hunks import hunks

    found: dict[Fix, tuple[list[Line], list[str]]] = {}
    for finding in findings:
        if finding.fix is None:
            continue
        if finding.fix not in found:
            found[finding.fix] = (list(hunks(finding, run)), [])
        codes = found[finding.fix][1]
        codes += [finding.code] * (finding.code not in codes)
    return [(fix, shown, codes) for fix, (shown, codes) in found.items()]
