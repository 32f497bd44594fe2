"""A list of objects with ruff's keys, plus `name`, `severity`, `confidence`, `parameters` and more.

`filename` is absolute; rows and columns count from 1 (in characters), an end column is exclusive,
and `cell` is a notebook's cell from 1 or null.
"""

from __future__ import annotations

import os
from typing import Any

from wdlint.facts import Finding, Fix, Note, Place
from wdlint.report import Run
from wdlint.report.address import page_address
from wdlint.report.json_text import written


def render(run: Run) -> str:
    return written([as_object(finding) for finding in run.findings]) + "\n"


def as_object(finding: Finding) -> dict[str, Any]:
    """One finding as JSON shows it; `json-lines` shows the same."""
    place = finding.place
    return {
        "cell": place.cell,
        "code": finding.code,
        "confidence": finding.confidence.value,
        "end_location": {"row": place.end_line, "column": place.end_column},
        "filename": os.path.abspath(place.file),
        "fix": _fix(finding.fix),
        "help": finding.help,
        "latent": finding.latent,
        "location": {"row": place.line, "column": place.column},
        "message": finding.message,
        "name": finding.rule,
        "noqa_row": place.line,
        "notes": [note.text for note in finding.notes],
        "parameters": list(finding.parameters),
        "related": [_related(note, note.place) for note in finding.notes if note.place is not None],
        "severity": finding.severity.value,
        "shrink_per_step": finding.shrink_per_step,
        "url": page_address(finding.code, finding.rule),
    }


def _related(note: Note, place: Place) -> dict[str, Any]:
    """Where a note points to; the note itself is among the others, too."""
    return {
        "cell": place.cell,
        "filename": os.path.abspath(place.file),
        "location": {"row": place.line, "column": place.column},
        "message": note.text,
    }


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    return {
        "applicability": {"shown": "display"}.get(fix.applicability.value, fix.applicability.value),
        "edits": [
            {
                "cell": edit.place.cell,
                "content": edit.text,
                "filename": os.path.abspath(edit.place.file),
                "location": {"row": edit.place.line, "column": edit.place.column},
                "end_location": {"row": edit.place.end_line, "column": edit.place.end_column},
            }
            for edit in fix.edits
        ],
        "message": fix.title,
    }
