"""Annotations for GitHub Actions, and the Markdown of a job summary.

The commands are described at
https://docs.github.com/actions/using-workflows/workflow-commands-for-github-actions.
"""

from __future__ import annotations

import re

from wdlint.facts import Finding
from wdlint.harmless import harmless
from wdlint.report import Run
from wdlint.report.plain import in_cell, message, noted, position
from wdlint.report.summary import summary

_SHOWN = 50  # rows of the job summary
_MARKUP = re.compile(r"[!-+:-@\[-`{-~]|www(?=\.)")  # all ASCII signs but , - . / and what starts a link by itself


def render(run: Run) -> str:
    lines = [_command(finding, run) for finding in run.findings]
    lines += [
        f"::error title=wdlint,file={_property(harmless(file))}::{_data(harmless(trouble))}"
        for file, trouble in run.errors
    ]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding, run: Run) -> str:
    place = run.excerpts.in_file(finding.place)
    told = [in_cell(finding.place) + message(finding)]
    told += [f"note: {harmless(noted(note, finding.place))}" for note in finding.notes]
    told += [f"help: {harmless(finding.help)}"] if finding.help else []
    properties = {"title": f"wdlint {finding.code} ({finding.rule})", "file": harmless(place.file)}
    properties |= {"line": str(place.line)}
    if finding.place.cell is None:
        properties |= {"col": str(place.column), "endLine": str(place.end_line)}
        properties |= {"endColumn": str(place.end_column)} if place.end_line == place.line else {}
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{finding.severity.value.replace('note', 'notice')} {written}::" + _data("\n".join(told))


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
        cells = (_code(position(finding.place)), f"{finding.code} {finding.rule}", _marked(message(finding)))
        lines.append("| " + " | ".join(cells) + " |")
    if len(run.findings) > _SHOWN:
        lines += ["", f"and {len(run.findings) - _SHOWN} more"]
    return "".join(f"{line}\n" for line in lines) + "\n"


def _marked(text: str) -> str:
    """A message with what it quotes as code; nothing else in it is markup."""
    pieces = text.split("`")
    whole = len(pieces) % 2 == 1  # each quotation is closed
    return "".join(_code(piece) if whole and index % 2 else _plain(piece) for index, piece in enumerate(pieces))


def _code(text: str) -> str:
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Text in which Markdown and HTML find no sign of theirs."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0][0])};{found[0][1:]}", text)
