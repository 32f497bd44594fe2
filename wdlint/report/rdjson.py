"""Reviewdog's diagnostic format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf."""

from __future__ import annotations

from typing import Any

from wdlint.facts import Finding, Place
from wdlint.report import Run
from wdlint.report.address import page_address
from wdlint.report.json_text import written
from wdlint.report.plain import fixable, in_cell, message


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
    fix = finding.fix
    # A suggestion is taken by itself: half of a fix would be worse than none.
    if fix is not None and fixable(finding) and len(fix.edits) == 1 and _beside(fix.edits[0].place, finding.place):
        diagnostic["suggestions"] = [{"range": _range(fix.edits[0].place, run), "text": fix.edits[0].text}]
    return diagnostic


def _beside(edited: Place, found: Place) -> bool:
    return edited.file == found.file and edited.cell is None and found.cell is None


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
