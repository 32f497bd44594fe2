"""Places in a text, from wdlint's lines and columns to the editor's positions and back.

wdlint counts lines and columns from 1, columns in code points. An editor counts from 0, and its columns in the
units that were agreed on with it: UTF-16 unless something else was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from lsprotocol import types

from wdlint.facts import Place

_LINE_END = re.compile(r"\r\n|\r|\n")


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _utf16(text: str) -> int:
    return len(text) if text.isascii() else sum(1 + (char > "\uffff") for char in text)


_WIDTHS: dict[str, Callable[[str], int]] = {"utf-8": _utf8, "utf-16": _utf16, "utf-32": len}


class Ruler:
    """The positions in one text, in the units of one editor (`utf-8`, `utf-16` or `utf-32`)."""

    def __init__(self, text: str, units: str) -> None:
        self._text = text
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._width = _WIDTHS[units]

    def position(self, line: int, column: int) -> types.Position:
        """Where a line and column (from 1) are; what lies outside of the text is moved to its edge."""
        if line > len(self._starts):
            return self.at(len(self._text))
        start = self._starts[max(line, 1) - 1]
        return self.at(min(start + max(column, 1) - 1, self._end(line)))

    def at(self, offset: int) -> types.Position:
        """Where the text's character of an offset is."""
        line = bisect_right(self._starts, offset)
        return types.Position(line - 1, self._width(self._text[self._starts[line - 1] : offset]))

    def range(self, place: Place) -> types.Range:
        return types.Range(self.position(place.line, place.column), self.position(place.end_line, place.end_column))

    def offset(self, position: types.Position) -> int:
        """The offset of the character at a position; inside of a character it is the character's own."""
        row: int = position.line
        column: int = position.character
        if row >= len(self._starts):
            return len(self._text)
        start, end = self._starts[row], self._end(row + 1)
        line = self._text[start:end]
        if line.isascii():
            return min(start + column, end)
        passed = 0
        for index, char in enumerate(line):
            passed += self._width(char)
            if passed > column:
                return start + index
        return end

    def point(self, position: types.Position) -> tuple[int, int]:
        """Line and column (from 1) of a position."""
        offset = self.offset(position)
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _end(self, line: int) -> int:
        """The offset at which a line (from 1) ends, before its line end."""
        end = self._starts[line] if line < len(self._starts) else len(self._text)
        while end > self._starts[line - 1] and self._text[end - 1] in "\r\n":
            end -= 1
        return end
