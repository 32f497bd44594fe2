"""From one text to another by the edits that an editor is sent, and the other way: the changes that it sends.

Whole lines are replaced, and only those that differ: the cursor, marks and folds elsewhere stay.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from itertools import takewhile

from lsprotocol import types

from wdlint.server.positions import Ruler

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def edits(old: str, new: str, units: str) -> list[types.TextEdit]:
    """What makes `new` of `old`."""
    before, after = _LINE.findall(old), _LINE.findall(new)
    ruler = Ruler(old, units)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    first = _common(before, after)
    last = _common(reversed(before[first:]), reversed(after[first:]))
    matcher = difflib.SequenceMatcher(None, before[first : len(before) - last], after[first : len(after) - last])
    return [
        types.TextEdit(
            types.Range(ruler.at(starts[first + start]), ruler.at(starts[first + end])),
            "".join(after[first + new_start : first + new_end]),
        )
        for tag, start, end, new_start, new_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _common(left: Iterable[str], right: Iterable[str]) -> int:
    """How many lines are the same before the first that differs."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


def changed(text: str, changes: Iterable[types.TextDocumentContentChangeEvent], units: str) -> str:
    """A text after changes that an editor made to it, one after the other."""
    for change in changes:
        span = getattr(change, "range", None)
        if span is None:
            text = change.text
            continue
        ruler = Ruler(text, units)
        text = text[: ruler.offset(span.start)] + change.text + text[ruler.offset(span.end) :]
    return text
