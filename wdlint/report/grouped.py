"""Findings under the names of their files, a line each."""

from __future__ import annotations

from itertools import groupby

from wdlint.harmless import harmless
from wdlint.report import Run
from wdlint.report.plain import fixable, message, styled
from wdlint.report.summary import summary


def render(run: Run) -> str:
    lines = []
    for file, findings in groupby(run.findings, key=lambda finding: finding.place.file):
        lines.append(f"{styled(harmless(file), 'strong', run.colour)}:")
        for finding in findings:
            place = finding.place
            cell = f"cell {place.cell}:" if place.cell is not None else ""
            mark = "[*] " if fixable(finding) else ""
            code = styled(finding.code, "code", run.colour)
            lines.append(f"  {cell}{place.line}:{place.column} {code} {mark}{message(finding)}")
        lines.append("")
    return "".join(f"{line}\n" for line in (*lines, *summary(run)))
