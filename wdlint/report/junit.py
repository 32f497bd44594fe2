"""JUnit XML: a suite a file, a failed case a finding; one that fails no run is skipped."""

from __future__ import annotations

import re
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from wdlint.facts import Finding
from wdlint.harmless import harmless
from wdlint.report import Run
from wdlint.report.plain import message, noted

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(run: Run) -> str:
    failures, errors = sum(map(_fails, run.findings)), len(run.errors)
    tests = len(run.findings) + errors
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="wdlint" tests="{tests}" failures="{failures}" errors="{errors}">',
    ]
    for file, group in groupby(run.findings, key=lambda finding: finding.place.file):
        findings = list(group)
        failed = sum(map(_fails, findings))
        lines.append(f'  <testsuite name={_attribute(file)} tests="{len(findings)}" failures="{failed}" errors="0">')
        lines += [*(line for finding in findings for line in _case(finding)), "  </testsuite>"]
    for file, trouble in run.errors:
        lines.append(f'  <testsuite name={_attribute(file)} tests="1" failures="0" errors="1">')
        lines += ['    <testcase name="wdlint">', f"      <error message={_attribute(trouble)}/>"]
        lines += ["    </testcase>", "  </testsuite>"]
    return "".join(f"{line}\n" for line in (*lines, "</testsuites>"))


def _fails(finding: Finding) -> bool:
    return finding.severity.value != "note"


def _case(finding: Finding) -> list[str]:
    place = finding.place
    where = f"line {place.line}, column {place.column}"
    if place.cell is not None:
        where = f"cell {place.cell}, {where}"
    told = [f"{where}: {message(finding)}", *(f"note: {noted(note, place)}" for note in finding.notes)]
    told += [f"help: {finding.help}"] if finding.help else []
    name = f"{finding.code} {finding.rule}"
    head = f'    <testcase name={_attribute(name)} classname={_attribute(place.file)} line="{place.line}">'
    if not _fails(finding):
        return [head, f"      <skipped message={_attribute(message(finding))}/>", "    </testcase>"]
    return [
        head,
        f'      <failure type="{finding.severity.value}" message={_attribute(message(finding))}>'
        + escape("\n".join(map(_clean, told)))
        + "</failure>",
        "    </testcase>",
    ]


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", harmless(text))


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))
