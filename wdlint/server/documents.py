"""Open documents as they stand in the editor: files and notebooks, as texts and as bytes to lint.

A document is a frozen value; every change makes a new one, so that a thread may go on with the old. Nothing here
reads a file or knows what is found in one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pygls.uris import to_fs_path, urlparse

from wdlint.configuration.screen import SUFFIXES
from wdlint.files import paths
from wdlint.files.encoding import encoding_of

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Part:
    """A text that the editor holds: a whole file, or one cell of a notebook."""

    uri: str
    version: int | None
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One open file or notebook. `parts` has its texts by cell number (from 1), or under None the whole."""

    uri: str
    path: str  # absolute
    data: bytes
    parts: Mapping[int | None, Part]

    @property
    def file(self) -> str:
        """The path as findings show it."""
        return paths.display(self.path)

    def texts(self, data: bytes) -> dict[int | None, str]:
        """The texts of the parts in bytes that were made of this document's."""
        if not self.path.endswith(".ipynb"):
            mark = _BOM if self.parts[None].text.startswith(_BOM) else ""
            return {None: mark + decoded(data)}
        from wdlint.source.read.notebook import read_notebook

        notebook = read_notebook(data)
        return {cell.number: _with_ends_of(cell.source, self.parts[cell.number].text) for cell in notebook.cells}


def document(uri: str, version: int | None, text: str) -> Document | None:
    """A file's document, or None where it is no Python or configuration file that can be linted."""
    path = _path(uri)
    if path is None or not path.endswith((".py", ".pyw", *SUFFIXES)):
        return None
    return Document(uri, path, encoded(text), {None: Part(uri, version, text)})


def notebook(uri: str, cells: Sequence[tuple[Part, bool]]) -> Document | None:
    """A notebook's document, from its cells in order and whether each is Python code."""
    path = _path(uri)
    if path is None or not path.endswith(".ipynb"):
        return None
    listed = [_cell(part.text, code) for part, code in cells]
    data = json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode("ascii")
    parts: dict[int | None, Part] = {number: part for number, (part, _) in enumerate(cells, 1)}
    return Document(uri, path, data, parts)


def _cell(source: str, code: bool) -> dict[str, object]:
    return {"cell_type": "code" if code else "raw", "metadata": {}, "source": source}


def _path(uri: str) -> str | None:
    scheme, _, path = map(str, urlparse(uri)[:3])
    if scheme == "untitled":  # never saved: it stands in the working folder until it is
        return os.path.abspath(path.strip("/").replace("/", "-") + ("" if path.endswith(".ipynb") else ".py"))
    found = to_fs_path(uri) if scheme == "file" else None
    return os.path.abspath(str(found)) if found else None


def encoded(text: str) -> bytes:
    """The bytes that a save of the text would write, without a byte order mark, as far as it can be told."""
    data = text.removeprefix(_BOM).encode("utf-8", "surrogatepass")
    try:
        encoding = encoding_of(data)
        return data if encoding == "utf-8" else text.encode(encoding)
    except (SyntaxError, LookupError, UnicodeError):
        return data


def decoded(data: bytes) -> str:
    return data.decode(encoding_of(data))


def _with_ends_of(text: str, other: str) -> str:
    """A text with line ends as another text has them."""
    return text.replace("\n", "\r\n") if "\r\n" in other else text


class Documents:
    """The documents that are open now."""

    def __init__(self) -> None:
        self._open: dict[str, Document] = {}

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._open.values()))

    def put(self, opened: Document) -> None:
        self._open[opened.uri] = opened

    def get(self, uri: str) -> Document | None:
        """The document of a uri: its own, or that of one of its cells."""
        if uri in self._open:
            return self._open[uri]
        return next((one for one in self if any(part.uri == uri for part in one.parts.values())), None)

    def remove(self, uri: str) -> Document | None:
        return self._open.pop(uri, None)

    def bytes(self) -> dict[str, bytes]:
        """What is open, by the path that findings show."""
        return {one.file: one.data for one in self}
