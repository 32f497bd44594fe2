"""Reviewdog's diagnostic format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf."""

from __future__ import annotations

import json
from typing import Any

from wdlint.facts import Finding, Place
from wdlint.report import Run
from wdlint.report.plain import fixable, harmless


def render(run: Run) -> str:
    document = {
        "source": {"name": "wdlint"},
        "severity": "WARNING",
        "diagnostics": [_diagnostic(finding) for finding in run.findings],
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    diagnostic: dict[str, Any] = {
        "message": f"{finding.rule}: {harmless(finding.message)}",
        "code": {"value": finding.code},
        "severity": finding.severity.value.upper(),
        "location": {"path": finding.place.file, "range": _range(finding.place)},
    }
    if fix is not None and fixable(finding):
        diagnostic["suggestions"] = [{"range": _range(edit.place), "text": edit.text} for edit in fix.edits]
    return diagnostic


def _range(place: Place) -> dict[str, Any]:
    return {
        "start": {"line": place.line, "column": place.column},
        "end": {"line": place.end_line, "column": place.end_column},
    }
