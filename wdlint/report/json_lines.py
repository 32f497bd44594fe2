"""One JSON object a line, each as in the `json` format."""

from __future__ import annotations

import json

from wdlint.report import Run
from wdlint.report.json import as_object


def render(run: Run) -> str:
    return "".join(json.dumps(as_object(finding)) + "\n" for finding in run.findings)
