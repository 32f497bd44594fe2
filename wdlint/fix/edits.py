"""Edits applied to a file's bytes, and where places of the old text lie in the new one.

Only touched characters change: the encoding, a byte order mark, line ends, tabs and form feeds stay.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from wdlint.facts import Edit, Place
from wdlint.files.encoding import encoding_of

_LINE_END = re.compile(r"\r\n|\r|\n")

Spans = list[tuple[tuple[int, int], str]]  # sorted spans of a text, each with what is written there instead


class Overlapping(ValueError):
    """Two edits touch the same characters."""


class Moved:
    """Where what began at a place of the old text begins in the new one."""

    def __init__(self, texts: dict[int | None, tuple[str, str, Spans]]) -> None:
        self._cells = {
            cell: (_starts(old), _starts(new), [(start, end, len(text)) for (start, end), text in spans])
            for cell, (old, new, spans) in texts.items()
        }

    def place(self, place: Place) -> Place:
        """The place with its beginning moved; of its end nothing is said."""
        line, column = self.position(place.line, place.column, place.cell)
        return Place(place.file, line, column, line, column, place.cell)

    def position(self, line: int, column: int, cell: int | None) -> tuple[int, int]:
        """A line and column of the new text, both from 1."""
        if cell not in self._cells:
            return line, column
        old, new, spans = self._cells[cell]
        at = old[min(line, len(old)) - 1] + column - 1
        shift = 0
        for start, end, length in spans:
            if end <= at:
                shift += length - (end - start)
            elif start < at:  # it began within what is replaced
                at = start
        at += shift
        number = bisect_right(new, at)
        return number, at - new[number - 1] + 1

    def back(self, place: Place) -> Place:
        """The place in the old text of something that begins at a place of the new one."""
        if place.cell not in self._cells:
            return place
        old, new, spans = self._cells[place.cell]
        at = new[min(place.line, len(new)) - 1] + place.column - 1
        shift = 0
        for start, end, length in spans:
            if start + shift + length <= at:
                shift += length - (end - start)
            elif start + shift < at:
                at = start + shift
        at -= shift
        line = bisect_right(old, at)
        column = at - old[line - 1] + 1
        return Place(place.file, line, column, line, column, place.cell)


UNMOVED = Moved({})


def applied(file: str, data: bytes, edits: Iterable[Edit]) -> bytes:
    """The file's bytes with edits applied.

    Raises:
        Overlapping: two edits touch the same characters.
        UnicodeEncodeError: a text can't be written in the file's encoding.
    """
    return moved(file, data, edits)[0]


def moved(file: str, data: bytes, edits: Iterable[Edit]) -> tuple[bytes, Moved]:
    """The file's bytes with edits applied, and where everything lies then; raises as `applied` does."""
    edits = list(dict.fromkeys(edits))
    if file.endswith(".ipynb"):
        from wdlint.source.read.notebook import read_notebook

        notebook = read_notebook(data)
        texts: dict[int | None, tuple[str, str, Spans]] = {}
        for cell in {e.place.cell for e in edits if e.place.cell is not None}:
            texts[cell] = _edited(notebook.source(cell), [e for e in edits if e.place.cell == cell])
        whole = notebook.with_sources({cell: text[1] for cell, text in texts.items() if cell is not None})
        return whole, Moved(texts)
    encoding = encoding_of(data)
    text = _edited(data.decode(encoding), edits)
    return text[1].encode(encoding), Moved({None: text})


def _edited(text: str, edits: Sequence[Edit]) -> tuple[str, str, Spans]:
    starts = _starts(text)
    spans = sorted((_span(edit.place, starts), edit.text) for edit in edits)
    pieces: list[str] = []
    position, last = 0, (-1, -1)
    for (start, end), new in spans:
        if start < position or (start, end) == last:
            raise Overlapping
        pieces += [text[position:start], new]
        position, last = end, (start, end)
    return text, "".join((*pieces, text[position:])), spans


def _starts(text: str) -> list[int]:
    return [0, *(found.end() for found in _LINE_END.finditer(text))]


def _span(place: Place, starts: Sequence[int]) -> tuple[int, int]:
    return starts[place.line - 1] + place.column - 1, starts[place.end_line - 1] + place.end_column - 1
