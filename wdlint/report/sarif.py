"""SARIF 2.1.0, the exchange format of code scanning.

Findings that a comment or the baseline covers are in the report as suppressed results, so that a
viewer can tell them from repaired ones. Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote

from wdlint import __version__
from wdlint.facts import Finding, Note, Place
from wdlint.report import Run
from wdlint.report.plain import harmless
from wdlint.rule import Rule

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
    return json.dumps(document, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": " ".join(rule.sections["What it does"].split())},
        "help": {"text": rule.documentation, "markdown": rule.documentation},
        "defaultConfiguration": {"enabled": rule.default, "level": rule.severity.value},
    }


def _result(finding: Finding, run: Run, codes: list[str]) -> dict[str, Any]:
    told = harmless(finding.message)
    if finding.place.cell is not None:
        told = f"cell {finding.place.cell}: {told}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": told + (f"\nhelp: {harmless(finding.help)}" if finding.help else "")},
        "locations": [_location(finding.place)],
        "partialFingerprints": {"wdlint/v1": run.fingerprints[id(finding)]},
        "properties": {
            "confidence": finding.confidence.value,
            "latent": finding.latent,
            "parameters": list(finding.parameters),
        },
    }
    if finding.code in codes:
        result["ruleIndex"] = codes.index(finding.code)
    related = [_related(note, note.place) for note in finding.notes if note.place is not None]
    if related:
        result["relatedLocations"] = related
    if finding.fix is not None and finding.fix.edits:
        result["fixes"] = [_fix(finding)]
    return result


def _related(note: Note, place: Place) -> dict[str, Any]:
    return {**_location(place), "message": {"text": harmless(note.text)}}


def _location(place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(place.file), "region": _region(place)}
    }
    if place.cell is not None:
        location["logicalLocations"] = [{"name": f"cell {place.cell}", "kind": "object"}]
    return location


def _artifact(file: str) -> dict[str, Any]:
    uri = quote(file.replace(os.sep, "/"), safe="/", errors="surrogatepass")
    return {"uri": f"file://{uri}"} if os.path.isabs(file) else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _fix(finding: Finding) -> dict[str, Any]:
    assert finding.fix is not None
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.fix.edits:
        replacement = {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
        by_file.setdefault(edit.place.file, []).append(replacement)
    changes = [
        {"artifactLocation": _artifact(file), "replacements": replacements} for file, replacements in by_file.items()
    ]
    return {
        "description": {"text": finding.fix.title},
        "artifactChanges": changes,
        "properties": {"applicability": finding.fix.applicability.value},
    }
