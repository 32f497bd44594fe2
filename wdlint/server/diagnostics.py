"""From findings to what an editor shows beside the code."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsprotocol import types

from wdlint.facts import Finding, Place, Severity
from wdlint.report.excerpt import Excerpts
from wdlint.report.plain import aside
from wdlint.server.documents import Document
from wdlint.server.linting import Seen
from wdlint.server.positions import Ruler

SOURCE = "wdlint"
_OF_NO_USE = ("WD902",)  # what these point to has no effect: editors show it faded
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
    Severity.OFF: types.DiagnosticSeverity.Hint,
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How an editor wants things put."""

    units: str = "utf-16"
    related: bool = True  # shows the places of notes
    links: bool = True  # shows a link to the rule
    versions: bool = True  # takes edits for one version of a document
    markdown: bool = True  # shows hovers with markup


def diagnostics(
    seen: Seen, manner: Manner, uri_of: Callable[[str], str], page_of: Callable[[Finding], str]
) -> dict[str, list[types.Diagnostic]]:
    """What to show in each text of a document, by its uri.

    Args:
        uri_of: the uri of a file, by the path that findings show.
        page_of: the file that tells about a finding's rule, or an empty string.
    """
    found: dict[str, list[types.Diagnostic]] = {part.uri: [] for part in seen.document.parts.values()}
    excerpts = Excerpts(dict(seen.texts))
    rulers = {part.uri: Ruler(part.text, manner.units) for part in seen.document.parts.values()}
    for finding in seen.findings:
        part = seen.document.parts.get(finding.place.cell)
        if part is None:
            continue
        related = _related(finding, seen.document, excerpts, manner, uri_of) if manner.related else None
        found[part.uri].append(_diagnostic(finding, rulers[part.uri].range(finding.place), related, manner, page_of))
    return found


def _diagnostic(
    finding: Finding,
    where: types.Range,
    related: Sequence[types.DiagnosticRelatedInformation] | None,
    manner: Manner,
    page_of: Callable[[Finding], str],
) -> types.Diagnostic:
    page = page_of(finding) if manner.links else ""
    return types.Diagnostic(
        range=where,
        message=finding.message + aside(finding) + (f"\nhelp: {finding.help}" if finding.help else ""),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(Path(page).as_uri()) if page else None,
        source=SOURCE,
        tags=[types.DiagnosticTag.Unnecessary] if finding.code in _OF_NO_USE else None,
        related_information=related,
    )


def _related(
    finding: Finding, document: Document, excerpts: Excerpts, manner: Manner, uri_of: Callable[[str], str]
) -> list[types.DiagnosticRelatedInformation]:
    def location(place: Place) -> types.Location | None:
        if os.path.abspath(place.file) == document.path:
            part = document.parts.get(place.cell)
            return types.Location(part.uri, Ruler(part.text, manner.units).range(place)) if part else None
        text = "\n".join(excerpts.file(place.file, place.cell))
        return types.Location(uri_of(place.file), Ruler(text, manner.units).range(place))

    told = [(note.text, location(note.place)) for note in finding.notes if note.place is not None]
    return [types.DiagnosticRelatedInformation(where, text) for text, where in told if where is not None]
