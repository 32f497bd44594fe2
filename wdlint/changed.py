"""Only what was changed since a revision: findings on lines that git says are new or edited."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence

from wdlint.complaint import Complaint
from wdlint.excerpt import Excerpts
from wdlint.facts import Finding

_HUNK = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)

Lines = Sequence[range] | None
"""Ranges of changed lines (from 1); None: all of them are new."""


def on_changed_lines(findings: Iterable[Finding], revision: str, excerpts: Excerpts) -> list[Finding]:
    """The findings whose lines were changed since a revision of the repository around their files.

    Raises:
        Complaint: git is missing, the file is in no repository, or there is no such revision.
    """
    if revision.startswith("-"):  # git would take it for an option
        raise Complaint(f"--diff-base: `{revision}` is no revision")
    changed: dict[str, Lines] = {}
    kept = []
    for finding in findings:
        file = finding.place.file
        if file not in changed:
            changed[file] = _changed_lines(file, revision)
        if _touches(finding, changed[file], revision, excerpts):
            kept.append(finding)
    return kept


def _touches(finding: Finding, lines: Lines, revision: str, excerpts: Excerpts) -> bool:
    place = finding.place
    if lines is None:
        return True
    if place.cell is not None:
        return bool(lines) and _cell_changed(finding, revision, excerpts)
    return any(place.line < part.stop and part.start <= place.end_line for part in lines)


def _cell_changed(finding: Finding, revision: str, excerpts: Excerpts) -> bool:
    """Whether the offending lines of a cell are new: the notebook's own lines are JSON and say little."""
    from wdlint.source.notebook import NotebookError, read_notebook

    try:
        old = read_notebook(_git(finding.place.file, "show", f"{revision}:./{os.path.basename(finding.place.file)}"))
    except (NotebookError, Complaint):
        return True
    present = [line.strip() for cell in old.cells for line in cell.source.split("\n")]
    return any(line.strip() not in present for line in excerpts.lines(finding.place))


def _changed_lines(file: str, revision: str) -> Lines:
    if not _git(file, "ls-files", "--", os.path.basename(file)):
        _git(file, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        return None  # git doesn't know the file: all of it is new
    text = _git(
        file, "diff", "--unified=0", "--no-ext-diff", "--no-color", "--no-textconv", "--text", revision, "--",
        os.path.basename(file),
    ).decode("utf-8", "replace")  # fmt: skip
    found = []
    for hunk in _HUNK.finditer(text):
        start, count = int(hunk[1]), int(hunk[2] or 1)
        found.append(range(start, start + count) if count else range(start, start + 2))  # lines went between two
    return found


def _git(file: str, *arguments: str) -> bytes:
    folder = os.path.dirname(os.path.abspath(file))
    try:
        done = subprocess.run(["git", "--literal-pathspecs", *arguments], cwd=folder, capture_output=True, check=False)
    except OSError as error:
        raise Complaint(f"--diff-base needs git: {error.strerror or error}") from None
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().split("\n")[0] or "there is no such revision"
        raise Complaint(f"--diff-base: git {arguments[0]}: {words}")
    return done.stdout
