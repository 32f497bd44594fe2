"""Which findings came about since a revision: in a changed line, or through a change of what they rest on.

A finding counts as new if one of its lines was changed, or if it was not found when its file and all that was looked at
for it (models, helpers, callers, configuration) were as the revision has them. That is asked by linting the file once
more with those texts, and only where there is something to ask.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from wdlint.facts import Finding, Note
from wdlint.files import git, paths
from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

_LINES = re.compile(r"\b(lines?) \d+")
_NAMED = 3  # changed files that a note names

OnLines = Callable[[Iterable[Finding]], Sequence[Finding]]
"""Those of some findings whose own lines were changed."""


class Since:
    """Tells new findings from old ones.

    Args:
        revision: as `--diff-base` takes it.
        settings_of: the settings in force in a folder.
        heed_comments: whether comments suppress findings.
    """

    def __init__(self, revision: str, settings_of: Callable[[str], Settings], heed_comments: bool) -> None:
        self._revision = revision
        self._settings_of = settings_of
        self._heed_comments = heed_comments
        self._differences: dict[str, git.Difference] = {}

    def new(self, checked: Iterable[Checked], findings: Iterable[Finding], on_lines: OnLines) -> list[Finding]:
        """Those of the findings that came about since, in their order.

        Raises:
            Complaint: git is missing, a file is in no repository, or there is no such revision.
        """
        by_file: dict[str, list[Finding]] = {}
        for finding in findings:
            by_file.setdefault(finding.place.file, []).append(finding)
        rests = {one.file: one.rests_on for one in checked}
        kept: list[Finding] = []
        for file, found in by_file.items():
            on = {id(finding) for finding in on_lines(found)}
            others = [finding for finding in found if id(finding) not in on]
            came = self._came(file, rests.get(file, ()), others) if others else {}
            kept += [came.get(id(f), f) for f in found if id(f) in on or id(f) in came]
        return kept

    def _came(self, file: str, rests_on: Sequence[str], findings: Sequence[Finding]) -> dict[int, Finding]:
        """By `id`, the findings that were not there, each with a note of what changed."""
        since = self._difference(file)
        own = os.path.abspath(file)
        there = since.present()
        changed = [path for path in map(os.path.abspath, (file, *rests_on)) if path in there or path in since.gone]
        if not changed:
            return {}
        known = self._known(own, changed, since)
        came = {}
        for finding in findings:
            if known[_said(finding)]:
                known[_said(finding)] -= 1
                continue
            came[id(finding)] = _with_note(finding, [path for path in changed if path != own])
        return came

    def _known(self, own: str, changed: Sequence[str], since: git.Difference) -> Counter[tuple[object, ...]]:
        """What was said of a file when all texts were as the revision has them."""
        texts = {since.path_then(path): since.edited[path] for path in changed if path in since.edited}
        texts.update((path, name) for path, name in since.gone.items() if path.endswith((".py", ".pyw")))
        given = {paths.display(path): b"" for path in changed if path in since.added}
        given.update((paths.display(path), since.then(name)) for path, name in texts.items())
        before = Linter(self._settings_of, given, self._heed_comments).check(since.path_then(own))
        return Counter(map(_said, before.findings))

    def _difference(self, file: str) -> git.Difference:
        folder = os.path.dirname(os.path.abspath(file))
        if folder not in self._differences:
            top = git.top_of(file)
            found = next((one for one in self._differences.values() if one.top == top), None)
            self._differences[folder] = found or git.difference(file, self._revision)
        return self._differences[folder]


def _said(finding: Finding) -> tuple[object, ...]:
    """What a finding says, wherever in its file it stands."""
    return finding.code, finding.subject, _LINES.sub(r"\1", finding.message), finding.parameters


def _with_note(finding: Finding, changed: Sequence[str]) -> Finding:
    """The finding with the files elsewhere whose change may have brought it."""
    if not changed:
        return finding
    names = ", ".join(paths.display(path) for path in changed[:_NAMED])
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    return replace(finding, notes=(*finding.notes, Note(f"it came with a change of {names}{more}")))
