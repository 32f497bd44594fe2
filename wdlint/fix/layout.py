"""Edits that would make a line too long, written over several lines instead."""

from __future__ import annotations

from collections.abc import Sequence

from wdlint.facts import Edit
from wdlint.fix import emit
from wdlint.fix.program import Program
from wdlint.source.read import tree as t


def fitted(program: Program, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """The edits, with the dictionary or comprehension around an overlong line broken into its parts."""
    spans = {edit: program.within(edit.place) for edit in edits}
    grown: dict[int, int] = {}
    for edit, (start, end) in spans.items():
        if "\n" not in edit.text and "\n" not in program.text[start:end]:
            grown[edit.place.line] = grown.get(edit.place.line, 0) + len(edit.text) - (end - start)
    left = list(edits)
    for edit in edits:
        line = edit.place.line
        if (
            edit not in left
            or grown.get(line, 0) <= 0
            or _length(program, spans[edit][0]) + grown[line] <= program.width
        ):
            continue
        whole = _broken(program, spans[edit])
        if whole is None:
            continue
        start, end = program.span(whole)
        inner = [e for e in left if start <= spans[e][0] and spans[e][1] <= end]
        together = program.edit(start, end, _written(program, whole, inner, spans))
        spans[together] = (start, end)
        left = [e for e in left if e not in inner] + [together]
    return tuple(left)


def _length(program: Program, offset: int) -> int:
    start = program.text.rfind("\n", 0, offset) + 1
    end = program.text.find("\n", offset)
    return len(program.text[start : end if end >= 0 else len(program.text)].rstrip())


def _broken(program: Program, span: tuple[int, int]) -> t.DictDisplay | t.Comprehension | None:
    """The dictionary of a group around a span, or the list that is made there, if it stands on one line."""
    found: t.DictDisplay | t.Comprehension | None = None
    for node in program.nodes:
        if isinstance(node, t.DictDisplay) or (isinstance(node, t.Comprehension) and node.kind == "list"):
            start, end = program.span(node)
            if start <= span[0] and span[1] <= end and "\n" not in program.text[start:end]:
                if "#" not in program.text[start:end] and not isinstance(found, t.DictDisplay):
                    found = node
    return found


def _written(
    program: Program, whole: t.DictDisplay | t.Comprehension, edits: Sequence[Edit], spans: dict[Edit, tuple[int, int]]
) -> str:
    indentation = program.line_indentation(program.span(whole)[0])
    if isinstance(whole, t.DictDisplay):
        entries = []
        for key, value in whole.items:
            start = program.span(key)[0] if key is not None else program.span(value)[0] - 2
            end = program.bracketed(value)[1]
            added = [e for e in edits if spans[e] == (end, end) and e.text.startswith(", ")]
            entries.append(_changed(program, (start, end), [e for e in edits if e not in added], spans))
            entries += [edit.text.removeprefix(", ") for edit in added]
        return emit.spread(tuple(entries), indentation, program)
    return emit.broken(_changed(program, program.span(whole), edits, spans), indentation, program)


def _changed(program: Program, span: tuple[int, int], edits: Sequence[Edit], spans: dict[Edit, tuple[int, int]]) -> str:
    """A part of the text with the edits in it made."""
    start, end = span
    text = program.text[start:end]
    for edit in sorted(
        (e for e in edits if start <= spans[e][0] and spans[e][1] <= end), key=lambda e: spans[e], reverse=True
    ):
        text = text[: spans[edit][0] - start] + edit.text + text[spans[edit][1] - start :]
    return text
