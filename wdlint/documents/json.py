"""JSON with places. Strict, as the standard library reads it: what is nearly JSON is none."""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, scanstring  # type: ignore[attr-defined]

from wdlint.documents.nodes import DEEPEST, Entry, Lines, Listing, Mapping, Node, Scalar, Unreadable

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?")
_WORDS: dict[str, bool | float | None] = {
    "true": True, "false": False, "null": None, "NaN": float("nan"), "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}  # fmt: skip


def read(file: str, text: str) -> Node:
    """The document in a text.

    Raises:
        Unreadable: it is no JSON.
    """
    reader = _Reader(file, text)
    node, end = reader.value(reader.blank(0), 0)
    if reader.blank(end) != len(text):
        raise reader.wrong(end)
    return node


class _Reader:
    def __init__(self, file: str, text: str) -> None:
        self._text = text
        self._lines = Lines(file, text)

    def blank(self, index: int) -> int:
        """The first character from `index` on that is no blank."""
        found = _BLANK.match(self._text, index)
        return found.end() if found is not None else index

    def wrong(self, index: int) -> Unreadable:
        return Unreadable("is no JSON", *self._lines.position(min(index, len(self._text))))

    def value(self, index: int, depth: int) -> tuple[Node, int]:
        """The value that begins at `index`, and where it ends."""
        if depth > DEEPEST:
            raise Unreadable("is nested too deeply", *self._lines.position(index))
        sign = self._text[index : index + 1]
        if sign == "{":
            return self._mapping(index, depth)
        if sign == "[":
            return self._listing(index, depth)
        if sign == '"':
            string, end = self._string(index)
            return Scalar(string, self._lines.place(index, end)), end
        for word, meaning in _WORDS.items():
            if self._text.startswith(word, index):
                return Scalar(meaning, self._lines.place(index, index + len(word))), index + len(word)
        found = _NUMBER.match(self._text, index)
        if found is None or found.end() - index > 300:
            raise self.wrong(index)
        whole, fraction, exponent = found.groups()
        number = float(found[0]) if fraction or exponent else int(whole)
        return Scalar(number, self._lines.place(index, found.end())), found.end()

    def _string(self, index: int) -> tuple[str, int]:
        try:
            string, end = scanstring(self._text, index + 1, True)
        except JSONDecodeError as error:
            raise self.wrong(error.pos) from None
        return str(string), int(end)

    def _mapping(self, start: int, depth: int) -> tuple[Node, int]:
        entries: list[Entry] = []
        index = self.blank(start + 1)
        while self._text[index : index + 1] != "}":
            if entries:
                index = self._after(index, ",")
            if self._text[index : index + 1] != '"':
                raise self.wrong(index)
            key, end = self._string(index)
            place = self._lines.place(index, end)
            value, index = self.value(self._after(self.blank(end), ":"), depth + 1)
            entries.append(Entry(key, place, value))
            index = self.blank(index)
        return Mapping(tuple(entries), self._lines.place(start, index + 1)), index + 1

    def _listing(self, start: int, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        index = self.blank(start + 1)
        while self._text[index : index + 1] != "]":
            if items:
                index = self._after(index, ",")
            item, index = self.value(index, depth + 1)
            items.append(item)
            index = self.blank(index)
        return Listing(tuple(items), self._lines.place(start, index + 1)), index + 1

    def _after(self, index: int, sign: str) -> int:
        """Where the next thing begins after a sign that must stand at `index`."""
        if self._text[index : index + 1] != sign:
            raise self.wrong(index)
        return self.blank(index + 1)
