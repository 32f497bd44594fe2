"""The report for people: each finding with its lines, carets, notes and help, then a summary line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from wdlint.harmless import harmless
from wdlint.report.hunks import hunks
from wdlint.report.plain import aside, fixable, position, styled, summary

if TYPE_CHECKING:
    from wdlint.facts import Finding, Note, Place
    from wdlint.report import Run

_CONTEXT = 2  # lines shown before and after the offending ones
_LONGEST = 9  # offending lines shown in full; of more, the first and last are
_WIDEST = 180  # columns of a line that are shown
_TAB = 4


def render(run: Run) -> str:
    blocks = ["".join(f"{line}\n" for line in _finding(finding, run)) for finding in run.findings]
    return "\n".join((*blocks, "".join(f"{line}\n" for line in summary(run))))


def _finding(finding: Finding, run: Run) -> Iterator[str]:
    colour = run.colour
    mark = styled(" [*]", "help", colour) if fixable(finding) else ""
    label = f"{finding.code} {finding.rule}".rstrip()
    said = styled(harmless(finding.message), "strong", colour) + aside(finding)
    yield f"{styled(label, 'code', colour)}{mark}: {said}"
    lines = run.excerpts.file(finding.place.file, finding.place.cell)
    gutter = len(str(min(finding.place.end_line + _CONTEXT, max(len(lines), 1))))
    arrow = styled(" " * gutter + "-->", "frame", colour)
    yield f"{arrow} {position(finding.place)}"
    yield from _excerpt(finding.place, lines, gutter, colour)
    for note in finding.notes:
        yield from _note(note, finding.place, colour)
    if finding.help:
        yield f"{styled('help', 'help', colour)}: {_indented(finding.help)}"
    if finding.fix is not None and finding.fix.hazard:
        yield f"{styled('note', 'note', colour)}: {_indented(finding.fix.hazard)}"
    if finding.fix is not None:
        yield from _fix(finding, run, gutter)


def _fix(finding: Finding, run: Run, gutter: int) -> Iterator[str]:
    """What a fix would do, where its lines can be shown."""
    fix = finding.fix
    lines = list(hunks(finding, run))
    if fix is None or not lines:
        return
    colour = run.colour
    how = {"safe": "fix", "unsafe": "unsafe fix"}.get(fix.applicability.value, "fix by hand")
    yield f"{styled(how, 'help', colour)}: {_indented(fix.title)}"
    bar = styled("|", "frame", colour)
    yield f"{' ' * gutter} {bar}"
    for sign, number, text in lines:
        if sign == "…":
            yield f"{'.' * 3:<{gutter}}"
            continue
        shown, _ = _laid_out(text)
        style = {"-": "removed", "+": "added"}.get(sign)
        if style is None:
            yield f"{styled(f'{number:>{gutter}}', 'frame', colour)} {bar}   {shown}".rstrip()
        else:
            yield f"{' ' * gutter} {bar} {styled(f'{sign} {shown}'.rstrip(), style, colour)}"
    yield f"{' ' * gutter} {bar}"


def _note(note: Note, at: Place, colour: bool) -> Iterator[str]:
    where = ""
    if note.place is not None:
        where = f" ({position(note.place)})"
        if (note.place.file, note.place.cell) == (at.file, at.cell):
            where = f" (line {note.place.line})"
    yield f"{styled('note', 'note', colour)}: {_indented(note.text)}{where}"


def _indented(text: str) -> str:
    return "\n      ".join(harmless(line) for line in text.split("\n"))


def _excerpt(place: Place, lines: list[str], gutter: int, colour: bool) -> Iterator[str]:
    """The offending lines with their neighbours, and carets below (or a bar beside) what is meant."""
    if place.line > len(lines):
        return
    bar = styled("|", "frame", colour)
    blank = f"{' ' * gutter} {bar}"
    end = min(place.end_line, len(lines))
    first, last = max(place.line - _CONTEXT, 1), min(end + _CONTEXT, len(lines))
    while first < place.line and not lines[first - 1].strip():
        first += 1
    while last > end and not lines[last - 1].strip():
        last -= 1
    long = end - place.line + 1 > _LONGEST
    several = end > place.line
    yield blank
    for number in range(first, last + 1):
        if long and place.line + 4 <= number <= end - 3:
            if number == place.line + 4:
                yield f"{'.' * 3:<{gutter}}"
            continue
        text, starts = _laid_out(lines[number - 1])
        inside = several and place.line < number <= end
        margin = (styled("| ", "code", colour) if inside else "  ") if several else ""
        count = styled(f"{number:>{gutter}}", "frame", colour)
        yield f"{count} {bar} {margin}{text}".rstrip()
        if number == place.line and not several:
            yield f"{blank} {_carets(starts, place.column, place.end_column, colour)}"
        elif number == place.line:
            start = _column(starts, place.column)
            yield f"{blank} {styled(' ' + '_' * (start + 1) + '^', 'code', colour)}"
        elif number == end and several:
            stop = max(_column(starts, place.end_column) - 1, 0)
            yield f"{blank} {styled('|' + '_' * (stop + 1) + '^', 'code', colour)}"
    yield blank


def _carets(starts: list[int], column: int, end_column: int, colour: bool) -> str:
    start = _column(starts, column)
    stop = max(_column(starts, end_column), start + 1)
    return " " * start + styled("^" * (stop - start), "code", colour)


def _column(starts: list[int], column: int) -> int:
    """Where a source column (from 1) stands in the laid-out line."""
    return starts[min(max(column - 1, 0), len(starts) - 1)]


def _laid_out(line: str) -> tuple[str, list[int]]:
    """A line as it is shown (tabs as spaces, controls spelled out), and the screen column of each character."""
    if line.isascii() and line.isprintable():
        return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}…", [*range(min(len(line), _WIDEST) + 1)]
    shown, starts, width = [], [], 0
    for character in line:
        starts.append(min(width, _WIDEST))
        piece = " " * (_TAB - width % _TAB) if character == "\t" else harmless(character)
        wide = len(piece) == 1 and unicodedata.east_asian_width(piece) in "WF"
        step = 2 if wide else 0 if unicodedata.combining(character) else len(piece)
        if width + step <= _WIDEST:
            shown.append(piece)
        width += step
    starts.append(min(width, _WIDEST))
    return "".join(shown) + ("…" if width > _WIDEST else ""), starts
