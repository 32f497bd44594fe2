"""Conditions on the parameters of a part, as conditions on those of the whole model: names there are longer."""

from __future__ import annotations

import re
from dataclasses import replace

from wdlint.source.selections import predicates as s

ANY = "*"  # stands for an index that is not fixed
_MOVED = s.FullName(moved=True)


def below(selector: s.Selector, path: str) -> s.Selector:
    """The parameters below a path for which a condition on their names there holds."""
    return s.both(_starts(path), moved(selector, path))


def _starts(path: str) -> s.Selector:
    if ANY in path.split("."):
        return s.Matches(_MOVED, _pattern(path), "match")
    return s.StartsWith(_MOVED, f"{path}.")


def _pattern(path: str) -> str:
    return "".join(rf"{'[0-9]+' if step == ANY else re.escape(step)}\." for step in path.split("."))


def moved(selector: s.Selector, path: str) -> s.Selector:
    """A condition on names below a path, asked of whole names that are known to start with it."""
    match selector:
        case s.And():
            return s.both(*(moved(part, path) for part in selector.parts))
        case s.Or():
            return s.either(*(moved(part, path) for part in selector.parts))
        case s.Not():
            return s.negation(moved(selector.part, path))
        case s.DirectlyBelow() | s.Placed():
            return replace(selector, path=_joined(path, selector.path))
        case s.Contains() | s.StartsWith() | s.EndsWith() | s.Equals() | s.Within() | s.Matches() | s.InNames():
            return _of_text(selector, path)
        case _:
            return selector


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if name else path


def _of_text(
    selector: s.Contains | s.StartsWith | s.EndsWith | s.Equals | s.Within | s.Matches | s.InNames, path: str
) -> s.Selector:
    text = selector.text
    if isinstance(text, s.Segment) and isinstance(text.text, (s.FullName, s.OwnerName)):
        index = text.index + path.count(".") + 1 if text.index >= 0 else text.index
        return replace(selector, text=replace(text, index=index))
    if not isinstance(text, (s.FullName, s.OwnerName)):
        return selector if isinstance(text, (s.Leaf, s.OwnerType)) else _untold(selector, path)
    exact = ANY not in path.split(".")
    longer = _MOVED if isinstance(text, s.FullName) else text
    match selector:
        case s.EndsWith():
            return selector
        case s.Contains() if selector.needle not in f"{path}.":
            return selector
        case s.StartsWith() if exact:
            return replace(selector, text=longer, needle=f"{path}.{selector.needle}")
        case s.Equals() if exact:
            return replace(selector, text=longer, value=_joined(path, selector.value))
        case s.InNames() if exact:
            return replace(selector, text=longer, names=tuple(_joined(path, name) for name in selector.names))
        case s.Matches() if selector.mode != "search":
            return replace(selector, text=longer, pattern=f"{_pattern(path)}(?:{selector.pattern})")
        case s.Matches() if "^" not in selector.pattern and r"\A" not in selector.pattern:
            return selector
        case _:
            return _untold(selector, path)


def _untold(selector: s.Selector, path: str) -> s.Selector:
    return s.Opaque(f"below:{path}:{selector!r}", f"asked of names below `{path}`")
