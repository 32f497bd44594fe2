"""pylint's lines, which many tools read: `path:line: [CODE(name), ] message`."""

from __future__ import annotations

from wdlint.harmless import harmless
from wdlint.report import Run
from wdlint.report.plain import in_cell, message


def render(run: Run) -> str:
    lines = []
    for finding in run.findings:
        place = run.excerpts.in_file(finding.place)
        told = f"[{finding.code}({finding.rule}), ] {in_cell(finding.place)}{message(finding)}"
        lines.append(f"{harmless(place.file)}:{place.line}: {told}")
    return "".join(f"{line}\n" for line in lines)
