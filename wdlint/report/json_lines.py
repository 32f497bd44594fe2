"""One JSON object a line, each as in the `json` format."""

from __future__ import annotations

from wdlint.report import Run
from wdlint.report.json import as_object
from wdlint.report.json_text import written


def render(run: Run) -> str:
    return "".join(written(as_object(finding), indent=None) + "\n" for finding in run.findings)
