"""Reviewdog's diagnostic format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf."""

from __future__ import annotations

from typing import Any

from wdlint.facts import Finding, Place
from wdlint.report import Run
from wdlint.report.address import page_address
from wdlint.report.blocks.hunks import edited
from wdlint.report.json_text import written
from wdlint.report.plain import fixable, in_cell, message

_FARTHEST = 40  # lines from the first edit of a suggestion to its last


def render(run: Run) -> str:
    document = {
        "source": {"name": "wdlint"},
        "severity": "WARNING",
        "diagnostics": [_diagnostic(finding, run) for finding in run.findings],
    }
    return written(document) + "\n"


def _diagnostic(finding: Finding, run: Run) -> dict[str, Any]:
    place = run.excerpts.in_file(finding.place)
    address = page_address(finding.code, finding.rule)
    diagnostic: dict[str, Any] = {
        "message": f"{finding.rule}: {in_cell(finding.place)}{message(finding)}",
        "code": {"value": finding.code, **({"url": address} if address else {})},
        "severity": finding.severity.value.upper().replace("NOTE", "INFO"),
        "location": {"path": place.file, "range": _range(place, run)},
    }
    if suggestion := _suggestion(finding, run):
        diagnostic["suggestions"] = [suggestion]
    return diagnostic


def _suggestion(finding: Finding, run: Run) -> dict[str, Any] | None:
    """The whole fix as one piece of text: suggestions are taken one by one, and half of a fix is worse than none."""
    fix, file = finding.fix, finding.place.file
    if fix is None or not fixable(finding):
        return None
    places = [edit.place for edit in fix.edits]
    if any(place.file != file or place.cell is not None for place in places):
        return None
    if len(places) == 1:
        return {"range": _range(places[0], run), "text": fix.edits[0].text}
    old = run.excerpts.file(file)
    new = edited(old, fix.edits)
    first, last = min(place.line for place in places), max(place.end_line for place in places)
    if new is None or last - first > _FARTHEST:
        return None
    whole = Place(file, first, 1, last, len(old[last - 1]) + 1)
    return {"range": _range(whole, run), "text": "\n".join(new[first - 1 : len(new) - (len(old) - last)])}


def _range(place: Place, run: Run) -> dict[str, Any]:
    return {
        "start": {"line": place.line, "column": _in_bytes(place.line, place.column, place, run)},
        "end": {"line": place.end_line, "column": _in_bytes(place.end_line, place.end_column, place, run)},
    }


def _in_bytes(number: int, column: int, place: Place, run: Run) -> int:
    """A column as the format counts: in bytes of UTF-8, from 1."""
    lines = run.excerpts.file(place.file)
    before = lines[number - 1][: column - 1] if column > 1 and number <= len(lines) else ""
    return column + len(before.encode("utf-8", "surrogatepass")) - len(before)
