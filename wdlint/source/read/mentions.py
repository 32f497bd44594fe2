"""Which files of a project mention a name: by their bytes, whatever is linted.

The Python files below the project's top, or its files of data, are listed and read once, in the order of their names.
A project that is larger than what is kept here is searched as far as it goes, always the same way.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator

from wdlint.source.read.files import Files

PROGRAMS = (".py",)
DATA = (".yaml", ".yml", ".json")
_FILES = 3_000
_BYTES = 30_000_000
_LARGEST = 400_000  # bytes; a larger program is data, or generated
_ENTRIES = 30_000  # names looked at in folders
_DEFINITION = re.compile(rb"\bdef\s+([^\s(\[]+)")
_FOREIGN = frozenset(
    ("node_modules", "site-packages", "dist-packages", "__pycache__", "venv", "env", "build", "dist", "third_party")
)


class Mentions:
    """The bytes of a project's files with some endings, searched for names."""

    def __init__(self, files: Files, endings: tuple[str, ...] = PROGRAMS) -> None:
        self._files = files
        self._endings = endings
        self._texts: dict[str, tuple[bytes, list[int], list[str]]] = {}
        self._found: dict[tuple[str, str], tuple[str, ...]] = {}
        self._defined: dict[str, frozenset[str]] = {}
        self._changed: tuple[Mentions, str, bytes] | None = None

    def with_text(self, path: str, data: bytes) -> Mentions:
        """The same files with other bytes in one of them; the others are not searched again."""
        there = os.path.abspath(path)
        before = self._changed[0] if self._changed is not None and self._changed[1] == there else self
        changed = Mentions(self._files.with_text(path, data), self._endings)
        changed._changed = before, there, data
        return changed

    def files_with(self, top: str, name: str) -> tuple[str, ...]:
        """The files below the folder `top` that hold a name as a whole word, sorted by path."""
        key = top, name
        if key not in self._found:
            before = self._before(top)
            if before is None:
                self._found[key] = tuple(self._search(top, name.encode()))
            else:
                others, path, data = before
                holds = data is not None and next(_places(data, name.encode(), [0]), None) is not None
                found = {*others.files_with(top, name)} - {path}
                self._found[key] = tuple(sorted({*found, path} if holds else found))
        return self._found[key]

    def defined(self, top: str) -> frozenset[str]:
        """The names of all functions and methods that the files below `top` define, nested ones included.

        Those that one file no longer defines may still be among them.
        """
        if top not in self._defined:
            before = self._before(top)
            text = self._text(top)[0] if before is None else before[2] or b""
            names = frozenset(name.decode("utf-8", "replace") for name in _DEFINITION.findall(text))
            self._defined[top] = names if before is None else names | before[0].defined(top)
        return self._defined[top]

    def _before(self, top: str) -> tuple[Mentions, str, bytes | None] | None:
        """The files before one of them got other bytes, its path among them, and these bytes; no bytes: it is none.

        None where all are to be read: nothing changed, or which of them are searched may change with it.
        """
        if self._changed is None:
            return None
        before, there, data = self._changed
        text, _, paths = before._text(top)
        path = next((path for path in paths if os.path.abspath(path) == there), None)
        if path is None:
            inside = there.endswith(self._endings) and there.startswith(os.path.join(os.path.abspath(top), ""))
            return None if inside else (before, there, None)
        return (before, path, data) if len(data) <= _LARGEST and len(text) + len(data) <= _BYTES else None

    def _text(self, top: str) -> tuple[bytes, list[int], list[str]]:
        if top not in self._texts:
            before = self._before(top) if self._changed is not None else None
            self._texts[top] = self._read(top) if before is None else before[0]._text(top)
        return self._texts[top]

    def _search(self, top: str, name: bytes) -> Iterator[str]:
        text, starts, paths = self._text(top)
        return (paths[index] for index in _places(text, name, starts))

    def _read(self, top: str) -> tuple[bytes, list[int], list[str]]:
        pieces: list[bytes] = []
        starts: list[int] = []
        paths: list[str] = []
        size = 0
        for path in sorted({*_listed(top, self._endings), *self._files.given_below(top, self._endings)})[:_FILES]:
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


def _places(text: bytes, name: bytes, starts: list[int]) -> Iterator[int]:
    """Which of the files that a text is put together from hold a name as a whole word, by where they start."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if _is_edge(text, at - 1) and _is_edge(text, end):
            index = bisect_right(starts, at) - 1
            yield index
            end = starts[index + 1] if index + 1 < len(starts) else len(text)
        at = text.find(name, end)


def _listed(top: str, endings: tuple[str, ...]) -> Iterator[str]:
    """The files with some endings below a folder, nearest folders first, as far as they are the project's own."""
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
            if entry.name.endswith(endings):
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
