"""Words and signs that the text formats share: styles, places, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wdlint.harmless import harmless

if TYPE_CHECKING:
    from wdlint.facts import Finding, Note, Place

_STYLES = {
    "code": "1;31",
    "strong": "1",
    "frame": "1;34",
    "note": "1;33",
    "help": "1;36",
    "added": "32",
    "removed": "31",
}


def styled(text: str, style: str, colour: bool) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text


def fixable(finding: Finding) -> bool:
    """Whether `--fix` can apply the finding's fix, with `--unsafe-fixes` if need be."""
    return finding.fix is not None and finding.fix.applicability.value != "shown" and bool(finding.fix.edits)


def aside(finding: Finding) -> str:
    """What a message ends with where a finding is less than proven, in force and of consequence."""
    words = ["assumed"] * (finding.confidence.value == "assumed") + ["latent"] * finding.latent
    words += ["weak"] * (finding.severity.value == "note")
    return f" ({', '.join(words)})" if words else ""


def message(finding: Finding) -> str:
    """A finding's message with what it rests on in a word, harmless to a terminal."""
    return harmless(finding.message) + aside(finding)


def position(place: Place) -> str:
    """`file:line:column`, with the cell where there is one."""
    cell = f"cell {place.cell}:" if place.cell is not None else ""
    return f"{harmless(place.file)}:{cell}{place.line}:{place.column}"


def noted(note: Note, at: Place) -> str:
    """A note with the line that it points to; the file is named where it is another than that of `at`."""
    if note.place is None:
        return note.text
    if (note.place.file, note.place.cell) == (at.file, at.cell):
        return f"{note.text} (line {note.place.line})"
    return f"{note.text} ({position(note.place)})"


def in_cell(place: Place) -> str:
    """What a message starts with where the format has no word for a notebook's cell."""
    return "" if place.cell is None else f"cell {place.cell}, line {place.line}: "


def counted(number: int, noun: str, several: str = "") -> str:
    return f"{number} {noun if number == 1 else several or noun + 's'}"
