"""Source lines in a frame: those a finding is about, with carets, and those that a fix removes and adds."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from wdlint.harmless import harmless
from wdlint.report.plain import styled

if TYPE_CHECKING:
    from wdlint.facts import Place
    from wdlint.report.blocks.hunks import Line

CONTEXT = 2  # lines shown before and after the offending ones, at most
_LONGEST = 9  # offending lines shown in full; of more, the first and last are
_WIDEST = 180  # columns of a line that are shown
_TAB = 4


def gutter_of(place: Place, lines: list[str]) -> int:
    """The width of the line numbers beside an excerpt."""
    return len(str(min(place.end_line + CONTEXT, max(len(lines), 1))))


def excerpt(place: Place, lines: list[str], gutter: int, colour: bool, context: int = CONTEXT) -> Iterator[str]:
    """The offending lines with their neighbours, and carets below (or a bar beside) what is meant."""
    if place.line > len(lines):
        return
    bar = styled("|", "frame", colour)
    blank = f"{' ' * gutter} {bar}"
    end = min(place.end_line, len(lines))
    first, last = max(place.line - context, 1), min(end + context, len(lines))
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


def change(lines: Iterable[Line], gutter: int, colour: bool) -> Iterator[str]:
    """The lines of a fix, as `hunks` gives them."""
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
