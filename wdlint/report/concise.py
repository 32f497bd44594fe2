"""One line a finding: `path:line:col: CODE message`."""

from __future__ import annotations

from wdlint.report import Run
from wdlint.report.plain import fixable, message, position, styled
from wdlint.report.summary import summary


def render(run: Run) -> str:
    lines = []
    for finding in run.findings:
        mark = "[*] " if fixable(finding) else ""
        code = styled(finding.code, "code", run.colour)
        lines.append(f"{position(finding.place)}: {code} {mark}{message(finding)}")
    return "".join(f"{line}\n" for line in (*lines, *summary(run)))
