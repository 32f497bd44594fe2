"""wdlint as a plugin of flake8: the same findings, under the same codes.

flake8 loads every installed plugin for every file, selected or not, so that nothing heavy is imported
before a file has passed the screen. Selection, `# noqa` and exclusion are flake8's; everything else
comes from wdlint's own settings. A rule that is off by default runs where flake8's `select` names it.
"""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Iterator
from typing import ClassVar

from wdlint.source.read.screen import may_matter
from wdlint.version import __version__

TROUBLE = "WD900"
"""The code under which flake8 shows what ends a run of wdlint's own with exit code 2; no rule has it."""


class Plugin:
    """What flake8 calls, once a file."""

    name = "wdlint"
    version = __version__
    _selected: ClassVar[tuple[str, ...]] = ()  # what flake8's options name of wdlint's rules

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Take what flake8 was told to select."""
        words = [*(options.select or ()), *(options.extend_select or ())]
        cls._selected = tuple(w for w in words if w.startswith("WD") and len(w) > len("WD") and w != TROUBLE)

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        self._filename = filename
        self._source = "".join(lines)

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """Line (from 1), column (from 0), text and plugin of each finding."""
        data = self._source.encode("utf-8", "surrogatepass")
        if not may_matter(data):
            return
        from wdlint.api import NotChecked, check_source
        from wdlint.complaint import Complaint
        from wdlint.report.plain import aside

        name = "-" if self._filename == "stdin" else self._filename
        try:
            findings = check_source(self._source, name, extend_select=self._selected)
        except (Complaint, NotChecked) as trouble:  # raised, it would end flake8 in a traceback
            yield 1, 0, f"{TROUBLE} wdlint could not judge the file: {trouble}", type(self)
            return
        for finding in findings:
            if finding.code != "WD901":  # flake8 says it itself
                told = f"{finding.code} {finding.message}{aside(finding)}"
                yield finding.place.line, finding.place.column - 1, told, type(self)
