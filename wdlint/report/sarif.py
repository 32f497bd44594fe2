"""SARIF 2.1.0, the exchange format of code scanning.

Findings that a comment or the baseline covers are in the report as suppressed results, so that a
viewer can tell them from repaired ones. Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from wdlint.facts import Finding, Fix, Note, Place
from wdlint.harmless import harmless, spelled
from wdlint.judging.rule import Rule
from wdlint.report import Run
from wdlint.report.address import page_address
from wdlint.report.json_text import written
from wdlint.report.plain import fixable, in_cell
from wdlint.version import __version__

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(run: Run) -> str:
    codes = list(run.rules)
    results = [_result(finding, run, codes) for finding in run.findings]
    for findings, kind in ((run.suppressed, "inSource"), (run.baselined, "external")):
        results += [{**_result(finding, run, codes), "suppressions": [{"kind": kind}]} for finding in findings]
    driver = {"name": "wdlint", "version": __version__, "rules": [_rule(rule) for rule in run.rules.values()]}
    notifications = [
        {"level": "error", "message": {"text": f"{harmless(file)}: {harmless(message)}"}}
        for file, message in run.errors
    ]
    invocation: dict[str, Any] = {"executionSuccessful": not run.errors}
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [invocation],
                "results": results,
            }
        ],
    }
    return written(document) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    address = page_address(rule.code, rule.name)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": " ".join(rule.sections["What it does"].split())},
        "help": {"text": rule.documentation, "markdown": rule.documentation},
        **({"helpUri": address} if address else {}),
        "defaultConfiguration": {"enabled": rule.default, "level": rule.severity.value},
    }


def _result(finding: Finding, run: Run, codes: list[str]) -> dict[str, Any]:
    told = in_cell(finding.place) + harmless(finding.message)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": told + (f"\nhelp: {harmless(finding.help)}" if finding.help else "")},
        "locations": [_location(finding.place, run)],
        "partialFingerprints": {"wdlint/v1": run.fingerprints[id(finding)]},
        "properties": {
            "confidence": finding.confidence.value,
            "latent": finding.latent,
            "parameters": list(finding.parameters),
            **({} if finding.shrink_per_step is None else {"shrink_per_step": finding.shrink_per_step}),
        },
    }
    if finding.code in codes:
        result["ruleIndex"] = codes.index(finding.code)
    related = [_related(note, note.place, run) for note in finding.notes if note.place is not None]
    if related:
        result["relatedLocations"] = related
    if finding.fix is not None and fixable(finding) and all(edit.place.cell is None for edit in finding.fix.edits):
        result["fixes"] = [_fix(finding.fix)]
    return result


def _related(note: Note, place: Place, run: Run) -> dict[str, Any]:
    return {**_location(place, run), "message": {"text": harmless(note.text)}}


def _location(place: Place, run: Run) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(place.file), "region": _region(run.excerpts.in_file(place))}
    }
    if place.cell is not None:
        location["logicalLocations"] = [{"name": f"cell {place.cell}", "kind": "object"}]
    return location


def _artifact(file: str) -> dict[str, Any]:
    try:
        name = os.fsencode(file.replace(os.sep, "/"))
    except UnicodeEncodeError:  # no name of this system's
        name = spelled(file).encode()
    uri = quote(name, safe="/")
    return {"uri": f"file://{uri}"} if os.path.isabs(file) else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
        by_file.setdefault(edit.place.file, []).append(replacement)
    changes = [
        {"artifactLocation": _artifact(file), "replacements": replacements} for file, replacements in by_file.items()
    ]
    return {
        "description": {"text": fix.title},
        "artifactChanges": changes,
        "properties": {"applicability": fix.applicability.value},
    }
