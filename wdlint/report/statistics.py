"""How often each rule was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from wdlint.report.plain import fixable
from wdlint.report.summary import summary

if TYPE_CHECKING:
    from wdlint.report import Run


def statistics(run: Run) -> list[dict[str, str | int | bool]]:
    """How often each rule was found and whether it can be fixed, most often first."""
    counts = Counter(finding.code for finding in run.findings)
    names = {finding.code: finding.rule for finding in run.findings}
    able = {finding.code for finding in run.findings if fixable(finding)}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"code": c, "name": names[c], "count": number, "fixable": c in able} for c, number in ordered]


def statistics_lines(run: Run) -> str:
    """One line a rule; the summary where nothing was found."""
    rows = statistics(run)
    if not rows:
        return "".join(f"{line}\n" for line in summary(run))
    width = len(str(rows[0]["count"]))
    return "".join(
        f"{row['count']:>{width}}  {row['code']}  {'[*]' if row['fixable'] else '[ ]'} {row['name']}\n" for row in rows
    )
