"""The values of a document: scalars, lists and mappings, each with its place; and how to find one of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Place

LARGEST = 300_000  # bytes; what is larger holds data, and configures nothing
DEEPEST = 100  # values within values

LINE_END = re.compile(r"\r\n|\r|\n")


class Unreadable(Exception):
    """A text that is no document of its kind; `line` and `column` count from 1."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A string, number, truth value or nothing."""

    value: str | int | float | bool | None
    place: Place
    tag: str = ""  # a tag of the file's own, such as `!new:torch.optim.Adam`


@dataclass(frozen=True, slots=True, eq=False)
class Opaque:
    """A value that stands there and can't be told: a call, an interpolation, what a branch decides."""

    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    items: tuple[Node, ...]
    place: Place
    tag: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key of a mapping with its value; `place` is the key's."""

    key: str
    place: Place
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """Of entries with one key the last counts."""

    entries: tuple[Entry, ...]
    place: Place
    tag: str = ""
    complete: bool = True  # False: it holds further entries that can't be told

    def entry(self, key: str) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.key == key), None)

    def get(self, key: str) -> Node | None:
        found = self.entry(key)
        return found.value if found is not None else None

    def mapping(self, key: str) -> Mapping | None:
        """The mapping under a key, if one stands there."""
        found = self.get(key)
        return found if isinstance(found, Mapping) else None

    def text(self, key: str) -> str | None:
        """The string under a key, if one stands there."""
        found = self.get(key)
        return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else None

    def has(self, *keys: str) -> bool:
        """Whether one of these keys stands in it."""
        return any(entry.key in keys for entry in self.entries)


Node = Scalar | Opaque | Listing | Mapping


def number(node: Node | None) -> float | None:
    """A node's number; truth values are none."""
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    return None


def mappings(root: Node) -> Iterator[tuple[Mapping, tuple[str, ...]]]:
    """All mappings of a document, the outer ones first, each with the keys that lead to it; each once."""
    seen: set[int] = set()
    queue: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while queue:
        node, path = queue.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            yield node, path
            queue.extend((entry.value, (*path, entry.key)) for entry in reversed(node.entries))
        elif isinstance(node, Listing):
            queue.extend((item, path) for item in reversed(node.items))


class Lines:
    """Where the characters of a text stand."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def position(self, index: int) -> tuple[int, int]:
        """The line and column of a character, both from 1."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def place(self, start: int, end: int) -> Place:
        """The place of a span of characters."""
        return Place(self.file, *self.position(start), *self.position(end))

    def of(self, line: int, column: int) -> int:
        """The index of the character at a line and column."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1
