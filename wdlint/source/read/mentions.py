"""Which files of a project mention a name: by their bytes, whatever is linted.

The Python files below the project's top are listed and read once, in the order of their names. A project
that is larger than what is kept here is searched as far as it goes, always the same way.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator

from wdlint.source.read.files import Files

_FILES = 3_000
_BYTES = 30_000_000
_LARGEST = 400_000  # bytes; a larger program is data, or generated
_ENTRIES = 30_000  # names looked at in folders
_DEFINITION = re.compile(rb"\bdef\s+([^\s(\[]+)")
_FOREIGN = frozenset(
    ("node_modules", "site-packages", "dist-packages", "__pycache__", "venv", "env", "build", "dist", "third_party")
)


class Mentions:
    """The bytes of a project's Python files, searched for names."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._texts: dict[str, tuple[bytes, list[int], list[str]]] = {}
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}
        self._defined: dict[str, frozenset[str]] = {}

    def files_with(self, top: str, name: str) -> tuple[str, ...]:
        """The files below the folder `top` that hold a name as a whole word, sorted by path."""
        key = top, name
        if key not in self._found:
            self._found[key] = tuple(self._search(top, name.encode()))
        return self._found[key]

    def defined(self, top: str) -> frozenset[str]:
        """The names of all functions and methods that the files below `top` define, nested ones included."""
        if top not in self._defined:
            if top not in self._texts:
                self._texts[top] = self._read(top)
            names = _DEFINITION.findall(self._texts[top][0])
            self._defined[top] = frozenset(name.decode("utf-8", "replace") for name in names)
        return self._defined[top]

    def _search(self, top: str, name: bytes) -> Iterator[str]:
        if top not in self._texts:
            self._texts[top] = self._read(top)
        text, starts, paths = self._texts[top]
        at = text.find(name)
        while at >= 0:
            end = at + len(name)
            if _is_edge(text, at - 1) and _is_edge(text, end):
                index = bisect_right(starts, at) - 1
                yield paths[index]
                end = starts[index + 1] if index + 1 < len(starts) else len(text)
            at = text.find(name, end)

    def _read(self, top: str) -> tuple[bytes, list[int], list[str]]:
        pieces: list[bytes] = []
        starts: list[int] = []
        paths: list[str] = []
        size = 0
        for path in sorted({*_listed(top), *self._files.given_below(top)})[:_FILES]:
            data = self._files.read(path)
            if data is None or len(data) > _LARGEST:
                continue
            if size + len(data) > _BYTES:
                break
            starts.append(size)
            paths.append(path)
            pieces.append(data)
            size += len(data) + 1
        return b"\0".join(pieces), starts, paths


def _listed(top: str) -> Iterator[str]:
    """The Python files below a folder, nearest folders first, as far as they are the project's own."""
    entries = 0
    waiting = [top]
    for folder in waiting:
        try:
            with os.scandir(folder) as found:
                listed = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue
        entries += len(listed)
        for entry in listed:
            if entry.name.startswith(".") or entry.name in _FOREIGN:
                continue
            if entry.name.endswith(".py"):
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
        if entries > _ENTRIES:
            return


def _is_edge(text: bytes, index: int) -> bool:
    """Whether the byte at an index is no part of a word."""
    if not 0 <= index < len(text):
        return True
    byte = text[index : index + 1]
    return not (byte.isalnum() or byte == b"_")
