"""YAML with places, by ruamel.yaml: its events become nodes and nothing else. No tag is ever given a meaning."""

from __future__ import annotations

import io
import re
from importlib.util import find_spec
from typing import Any

from wdlint.documents.nodes import DEEPEST, Entry, Lines, Listing, Mapping, Node, Opaque, Scalar, Unreadable

_STANDARD = "tag:yaml.org,2002:"
_BRACKET = re.compile(r"[\[\]{}]")


def is_installed() -> bool:
    """Whether there is a reader of YAML: it comes with the extra `yaml`."""
    try:
        return find_spec("ruamel.yaml") is not None
    except ModuleNotFoundError:
        return False


def read(file: str, text: str) -> Node:
    """The document in a text; a file of several documents is none.

    Raises:
        Unreadable: it is no YAML.
        ModuleNotFoundError: ruamel.yaml is not installed.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    lines = Lines(file, text)
    _refuse_depth(lines, text)
    try:
        root = YAML(typ="rt", pure=True).compose(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable("is no YAML", *(lines.position(mark.index) if mark is not None else (1, 1))) from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except (YAMLError, ValueError, AssertionError, LookupError, TypeError, AttributeError, NotImplementedError):
        raise Unreadable("is no YAML") from None  # what its reader trips over
    return _Converter(lines).node(root, 0) if root is not None else Scalar(None, lines.place(0, 0))


def _refuse_depth(lines: Lines, text: str) -> None:
    """Raises Unreadable where brackets stand too deep in one another, which ruamel takes seconds to find out."""
    depth = 0
    for found in _BRACKET.finditer(text):
        depth = depth + 1 if found[0] in "[{" else max(0, depth - 1)
        if depth > DEEPEST:
            raise Unreadable("is nested too deeply", *lines.position(found.start()))


class _Converter:
    """ruamel's nodes as ours. An anchored value is one node, however often it is referred to."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._done: dict[int, Node] = {}
        self._open: set[int] = set()

    def node(self, node: Any, depth: int) -> Node:
        if id(node) in self._done:
            return self._done[id(node)]
        start = node.start_mark.index
        if id(node) in self._open or depth > DEEPEST:
            raise Unreadable("holds itself or is nested too deeply", *self._lines.position(start))
        self._open.add(id(node))
        place = self._lines.place(start, max(start, node.end_mark.index))
        tag = _own(str(node.tag))
        made: Node
        if isinstance(node.value, str):
            made = self._scalar(node, tag)
        elif type(node).__name__ == "MappingNode":
            made = Mapping(tuple(self._entries(node, depth)), place, tag)
        else:
            made = Listing(tuple(self.node(item, depth + 1) for item in node.value), place, tag)
        self._open.discard(id(node))
        self._done[id(node)] = made
        return made

    def _scalar(self, node: Any, tag: str) -> Node:
        place = self._lines.place(node.start_mark.index, node.end_mark.index)
        if tag:
            return Scalar(node.value, place, tag)
        known = str(node.tag)
        value = _value(node.value, known.removeprefix(_STANDARD)) if known.startswith(_STANDARD) else node.value
        return Opaque(place) if value is ... else Scalar(value, place)

    def _entries(self, node: Any, depth: int) -> list[Entry]:
        """The entries, those of merged mappings first, so that the mapping's own win."""
        merged: dict[str, Entry] = {}
        own: list[Entry] = []
        for key, value in node.value:
            if not isinstance(key.value, str):
                continue  # a key that is a mapping or a list: nobody's option
            if str(key.tag) == f"{_STANDARD}merge":
                for entry in self._merged(self.node(value, depth + 1)):
                    merged.setdefault(entry.key, entry)
                continue
            place = self._lines.place(key.start_mark.index, key.end_mark.index)
            own.append(Entry(key.value, place, self.node(value, depth + 1)))
        names = {entry.key for entry in own}
        return [*(entry for key, entry in merged.items() if key not in names), *own]

    def _merged(self, node: Node) -> list[Entry]:
        if isinstance(node, Mapping):
            return list(node.entries)
        parts = node.items if isinstance(node, Listing) else ()
        return [entry for part in parts if isinstance(part, Mapping) for entry in part.entries]


def _own(tag: str) -> str:
    """A tag that is not one of YAML's own."""
    return "" if tag.startswith(_STANDARD) or tag in ("None", "!") else tag


def _value(text: str, kind: str) -> Any:
    """A plain scalar's value by its resolved kind; `...` where the text says a number that can't be told."""
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    plain = text.replace("_", "")
    try:
        if kind == "int":
            return int(plain, 0) if plain.lstrip("+-")[:2].lower() in ("0x", "0o", "0b") else int(plain)
        if kind == "float":
            return float(plain.replace(".inf", "inf").replace(".nan", "nan").replace(".Inf", "inf"))
    except ValueError:
        return ...
    return text
