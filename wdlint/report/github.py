"""Annotations for GitHub Actions, and the Markdown of a job summary.

The commands are described at
https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from wdlint.facts import Finding
from wdlint.report import Run
from wdlint.report.plain import harmless, position, summary

_SHOWN = 50  # rows of the job summary


def render(run: Run) -> str:
    lines = [_command(finding) for finding in run.findings]
    lines += [
        f"::error title=wdlint,file={_property(harmless(file))}::{_data(harmless(message))}"
        for file, message in run.errors
    ]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    place = finding.place
    told = [harmless(finding.message)]
    told += [f"note: {harmless(note.text)}" for note in finding.notes]
    told += [f"help: {harmless(finding.help)}"] if finding.help else []
    properties = {"title": f"wdlint {finding.code} ({finding.rule})", "file": harmless(place.file)}
    if place.cell is None:  # a line of a cell is no line of the file
        properties |= {"line": str(place.line), "col": str(place.column), "endLine": str(place.end_line)}
        properties |= {"endColumn": str(place.end_column)} if place.end_line == place.line else {}
    else:
        told[0] = f"cell {place.cell}, line {place.line}: {told[0]}"
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{finding.severity.value} {written}::" + _data("\n".join(told))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def job_summary(run: Run) -> str:
    """The run as Markdown, for the file that GITHUB_STEP_SUMMARY names."""
    lines = ["### wdlint", "", *summary(run)]
    if run.findings:
        lines += ["", "| place | rule | message |", "|---|---|---|"]
    for finding in run.findings[:_SHOWN]:
        cells = (position(finding.place), f"{finding.code} {finding.rule}", harmless(finding.message))
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    if len(run.findings) > _SHOWN:
        lines += ["", f"and {len(run.findings) - _SHOWN} more"]
    return "".join(f"{line}\n" for line in lines) + "\n"


def _cell(text: str) -> str:
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("[", "&#91;"), ("@", "&#64;")):
        text = text.replace(sign, safe)
    return text
