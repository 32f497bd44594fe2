"""GitLab's code quality report: https://docs.gitlab.com/ci/testing/code_quality/."""

from __future__ import annotations

from typing import Any

from wdlint.facts import Finding, Severity
from wdlint.report import Run
from wdlint.report.json_text import written
from wdlint.report.plain import in_cell, message


def render(run: Run) -> str:
    return written([_issue(finding, run) for finding in run.findings]) + "\n"


def _issue(finding: Finding, run: Run) -> dict[str, Any]:
    place = run.excerpts.in_file(finding.place)
    return {
        "check_name": finding.code,
        "description": f"{finding.code} {finding.rule}: {in_cell(finding.place)}{message(finding)}",
        "severity": {Severity.ERROR: "major", Severity.NOTE: "info"}.get(finding.severity, "minor"),
        "fingerprint": run.fingerprints[id(finding)],
        "location": {
            "path": place.file,
            "positions": {
                "begin": {"line": place.line, "column": place.column},
                "end": {"line": place.end_line, "column": place.end_column},
            },
        },
    }
