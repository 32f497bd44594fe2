"""The lines of a text report besides source: what a finding says, its notes, its help, what a fix is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wdlint.harmless import harmless
from wdlint.report.plain import aside, fixable, noted, position, styled

if TYPE_CHECKING:
    from wdlint.facts import Finding, Fix, Note, Place


def headline(finding: Finding, colour: bool) -> str:
    """Code, name, whether it can be fixed, and the message."""
    mark = styled(" [*]", "help", colour) if fixable(finding) else ""
    label = f"{finding.code} {finding.rule}".rstrip()
    said = styled(harmless(finding.message), "strong", colour) + aside(finding)
    return f"{styled(label, 'code', colour)}{mark}: {said}"


def arrow(place: Place, gutter: int, colour: bool) -> str:
    return f"{styled(' ' * gutter + '-->', 'frame', colour)} {position(place)}"


def note_line(note: Note, at: Place, colour: bool) -> str:
    return f"{styled('note', 'note', colour)}: {_indented(noted(note, at))}"


def hazard_line(hazard: str, colour: bool) -> str:
    return f"{styled('note', 'note', colour)}: {_indented(hazard)}"


def help_line(text: str, colour: bool) -> str:
    return f"{styled('help', 'help', colour)}: {_indented(text)}"


def fix_line(fix: Fix, colour: bool, of: str = "") -> str:
    """What a fix does; `of` says for which faults, where not for all of a block."""
    how = {"safe": "fix", "unsafe": "unsafe fix"}.get(fix.applicability.value, "fix by hand")
    return f"{styled(how, 'help', colour)}{of}: {_indented(fix.title)}"


def _indented(text: str) -> str:
    return "\n      ".join(harmless(line) for line in text.split("\n"))
