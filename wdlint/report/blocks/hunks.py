"""A fix as the lines that it removes and adds, for people to judge before it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wdlint.facts import Edit, Finding
    from wdlint.report import Run

MOST = 24  # lines that are shown of a fix
RUN = 8  # lines added on end that are shown in full; of more, the first few are: a new function hides what calls it
FIRST = 3

Line = tuple[str, "int | None", str]
"""A line of a fix: its sign, its old number and its text."""


def hunks(finding: Finding, run: Run) -> Iterator[Line]:
    """Sign, old line number and text of each line of a finding's fix, with a line of context.

    The sign is `-`, `+`, a blank, or `…` where lines are left out. Nothing where the fix reaches into
    another file or cell.
    """
    fix = finding.fix
    if fix is None or not fix.edits:
        return
    here = (finding.place.file, finding.place.cell)
    if any((edit.place.file, edit.place.cell) != here for edit in fix.edits):
        return
    old = run.excerpts.file(*here)
    new = edited(old, fix.edits)
    if new is None:
        return
    changed = list(_folded(_compared(old, new)))
    yield from changed[:MOST]
    if len(changed) > MOST:
        yield "…", None, ""


def _folded(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines with long runs of new ones cut short."""
    for added, run in groupby(lines, key=lambda line: line[0] == "+"):
        several = list(run)
        cut = added and len(several) > RUN
        yield from several[:FIRST] if cut else several
        if cut:
            yield "…", None, ""


def edited(lines: Sequence[str], edits: Sequence[Edit]) -> list[str] | None:
    """The lines after the edits, or None where the file is not what the edits were made for."""
    text = "\n".join(lines)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    if any(not 0 < edit.place.line <= edit.place.end_line < len(starts) + 1 for edit in edits):
        return None
    for edit in sorted(edits, key=lambda edit: edit.place, reverse=True):
        place = edit.place
        start = starts[place.line - 1] + place.column - 1
        end = min(starts[place.end_line - 1] + place.end_column - 1, len(text))
        text = text[:start] + edit.text.replace("\r\n", "\n") + text[end:]
    return text.split("\n")


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    from difflib import SequenceMatcher

    # What is alike before and after is left out first: comparing whole files would take most of a cached run.
    most = min(len(old), len(new))
    before = next((n for n in range(most) if old[n] != new[n]), most)
    after = next((n for n in range(most - before) if old[-1 - n] != new[-1 - n]), most - before)
    skip, keep = max(before - 1, 0), max(after - 1, 0)  # a line of context stays
    groups = SequenceMatcher(
        None, old[skip : len(old) - keep], new[skip : len(new) - keep], autojunk=False
    ).get_grouped_opcodes(1)
    for index, group in enumerate(groups):
        if index:
            yield "…", None, ""
        for tag, start, end, new_start, new_end in group:
            start, end, new_start, new_end = start + skip, end + skip, new_start + skip, new_end + skip
            if tag == "equal":
                end -= end == len(old) and not old[-1]  # after the last line end there is no line
                yield from ((" ", number + 1, old[number]) for number in range(start, end))
                continue
            yield from (("-", number + 1, old[number]) for number in range(start, end))
            yield from (("+", None, new[number]) for number in range(new_start, new_end))
