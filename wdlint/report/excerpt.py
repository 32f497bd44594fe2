"""The source lines that reports show and fingerprints rest on, read when they are asked for.

A file is decoded as the source engine decodes it; of a notebook the lines of a cell are given. What
can't be read, or has gone since, has no lines.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wdlint.facts import Place

_LINE_END = re.compile(r"\r\n|\r|\n")
_KEPT = 16  # files; findings come file by file


class Excerpts:
    """Lines by place. `given` holds the bytes of files that are not on disk as they were linted."""

    def __init__(self, given: dict[str, bytes] | None = None) -> None:
        self._given = given or {}
        self._kept: OrderedDict[tuple[str, int | None], list[str]] = OrderedDict()

    def file(self, file: str, cell: int | None = None) -> list[str]:
        """All lines of a file or of a notebook's cell, without their ends."""
        key = (file, cell)
        if key not in self._kept:
            self._kept[key] = self._read(file, cell)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    def lines(self, place: Place) -> list[str]:
        """The lines that a place spans."""
        return self.file(place.file, place.cell)[place.line - 1 : place.end_line]

    def in_file(self, place: Place) -> Place:
        """Where a place stands in the file itself: of a notebook's cell the whole lines of its JSON."""
        if place.cell is None:
            return place
        from dataclasses import replace

        from wdlint.source.read.notebook import read_notebook

        try:
            notebook = read_notebook(self._bytes(place.file))
            first, last = (notebook.file_line(place.cell, line) for line in (place.line, place.end_line))
        except (OSError, ValueError, LookupError):
            first = last = 1  # it has gone since
        return replace(place, line=first, column=1, end_line=last + 1, end_column=1, cell=None)

    def _bytes(self, file: str) -> bytes:
        data = self._given.get(file)
        if data is None:
            with open(file, "rb") as opened:
                data = opened.read()
        return data

    def _read(self, file: str, cell: int | None) -> list[str]:
        try:
            return _LINE_END.split(_text(self._bytes(file), cell))
        except (OSError, ValueError, LookupError, SyntaxError):
            return []


def _text(data: bytes, cell: int | None) -> str:
    if cell is not None:
        from wdlint.source.read.notebook import read_notebook

        return read_notebook(data).source(cell)
    from wdlint.files.encoding import encoding_of

    return data.decode(encoding_of(data), errors="replace")
