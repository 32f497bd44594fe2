"""Logging commands of Azure Pipelines, which shows them beside a run.

They are described at https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands.
"""

from __future__ import annotations

from wdlint.facts import Finding
from wdlint.harmless import harmless
from wdlint.report import Run
from wdlint.report.plain import in_cell, message


def render(run: Run) -> str:
    lines = [_command(finding, run) for finding in run.findings]
    lines += [
        f"##vso[task.logissue type=error;sourcepath={_escaped(harmless(file))};]{_escaped(harmless(trouble))}"
        for file, trouble in run.errors
    ]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding, run: Run) -> str:
    place = run.excerpts.in_file(finding.place)
    properties = {
        "type": "error" if finding.severity.value == "error" else "warning",  # there are no others
        "sourcepath": harmless(place.file),
        "linenumber": str(place.line),
        "columnnumber": str(place.column),
        "code": finding.code,
    }
    written = "".join(f"{key}={_escaped(value)};" for key, value in properties.items())
    told = f"{finding.rule}: {in_cell(finding.place)}{message(finding)}"
    return f"##vso[task.logissue {written}]{_escaped(told)}"


def _escaped(text: str) -> str:
    for sign, safe in (("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D")):
        text = text.replace(sign, safe)
    return text
