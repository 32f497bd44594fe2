"""Only what was changed since a revision: findings on lines that git says are new or edited.

A file that was renamed since is compared with what it was before. `REV...` stands for the commit at
which the present branch left REV. What came about through changes elsewhere is told in `wdlint.linting.since`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wdlint.complaint import Complaint
from wdlint.facts import Finding
from wdlint.files.git import output, verify
from wdlint.report.excerpt import Excerpts

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Change:
    """What became of one file."""

    before: str  # the file as it was, as `git show` takes it
    lines: Sequence[range] | None  # changed lines (from 1); None: all of them are new


def on_changed_lines(findings: Iterable[Finding], revision: str, excerpts: Excerpts) -> list[Finding]:
    """The findings whose lines were changed since a revision of the repository around their files.

    Raises:
        Complaint: git is missing, the file is in no repository, or there is no such revision.
    """
    changed: dict[str, _Change] = {}
    renames: dict[str, dict[str, str]] = {}
    kept = []
    for finding in findings:
        file = finding.place.file
        if file not in changed:
            changed[file] = _change(file, revision, renames)
        if _touches(finding, changed[file], excerpts):
            kept.append(finding)
    return kept


def _touches(finding: Finding, change: _Change, excerpts: Excerpts) -> bool:
    place = finding.place
    if change.lines is None:
        return True
    if place.cell is not None:
        return bool(change.lines) and _cell_changed(finding, change, excerpts)
    return any(place.line < part.stop and part.start <= place.end_line for part in change.lines)


def _cell_changed(finding: Finding, change: _Change, excerpts: Excerpts) -> bool:
    """Whether the offending lines of a cell are new: the notebook's own lines are JSON and say little."""
    from wdlint.source.read.notebook import NotebookError, read_notebook

    try:
        old = read_notebook(output(finding.place.file, "show", change.before))
    except (NotebookError, Complaint):
        return True
    present = [line.strip() for cell in old.cells for line in cell.source.split("\n")]
    return any(line.strip() not in present for line in excerpts.lines(finding.place))


def _change(file: str, revision: str, renames: dict[str, dict[str, str]]) -> _Change:
    commit = verify(file, revision)
    name = os.path.basename(file)
    if not output(file, "ls-files", "--", name):
        return _Change("", None)  # git doesn't know the file: all of it is new
    prefix = os.fsdecode(output(file, "rev-parse", "--show-prefix").removesuffix(b"\n"))
    top = os.fsdecode(output(file, "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    if top not in renames:
        renames[top] = _renames(top, commit)
    before = renames[top].get(prefix + name, prefix + name)
    told = output(
        os.path.join(top, name), "diff", "--unified=0", "--find-renames", "--no-ext-diff", "--no-color",
        "--no-textconv", "--text", commit, "--", *{before, prefix + name},
    )  # fmt: skip
    return _Change(f"{commit}:{before}", _ranges(told.decode("utf-8", "replace")))


def _renames(top: str, commit: str) -> dict[str, str]:
    """The present name of each file that was renamed since, and its name before."""
    told = output(os.path.join(top, "x"), "diff", "--name-status", "--find-renames", "--diff-filter=R", "-z", commit)
    words = os.fsdecode(told).split("\0")[:-1]
    return dict(zip(words[2::3], words[1::3], strict=True))


def _ranges(text: str) -> list[range]:
    found = []
    for hunk in _HUNK.finditer(text):
        start, count = int(hunk[1]), int(hunk[2] or 1)
        found.append(range(start, start + count) if count else range(start, start + 2))  # lines went between two
    return found
