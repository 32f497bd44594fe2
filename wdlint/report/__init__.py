"""Reports: one module a format, each a function `render` from a finished run to text, and what is left to report.

Reports only show. They judge nothing, read no source beyond the lines they quote, and write to no
file. Text that comes from linted files is made harmless in each format's own way.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wdlint.facts import Finding, Place
    from wdlint.judging.rule import Rule
    from wdlint.report.excerpt import Excerpts


@dataclass(frozen=True)
class Run:
    """A finished run, as reports see it."""

    findings: Sequence[Finding]
    files: int  # how many were looked at
    read_rules: Callable[[], Sequence[Rule]]  # every rule there is, read where their pages are wanted
    excerpts: Excerpts
    errors: Sequence[tuple[str, str]] = ()  # file and trouble that is no finding
    suppressed: Sequence[Finding] = ()  # by comments
    baselined: Sequence[Finding] = ()
    unread: Sequence[Place] = ()  # optimizers that could not be read, and of which nothing is said
    named: bool = False  # whether they are named, each with its place
    optimizers: Sequence[Place] = ()  # that were judged
    judged: tuple[int, int] | None = None  # how many optimizers and penalties, where that is known
    seconds: float | None = None  # how long it took, where that is to be said
    quiet: bool = False  # whether the findings are all that is to be said
    colour: bool = False

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The rules by code."""
        return {rule.code: rule for rule in self.read_rules()}

    @cached_property
    def fingerprints(self) -> dict[int, str]:
        """A stable name of each finding, baselined ones included, by the finding's `id`."""
        from wdlint.report.fingerprint import fingerprints

        return fingerprints([*self.findings, *self.baselined, *self.suppressed], self.excerpts, ".")


def render(run: Run, form: str) -> str:
    """The report of a run in one of `settings.FORMATS`; a text ends in a newline."""
    module = importlib.import_module(f"wdlint.report.{form.replace('-', '_')}")
    text: str = module.render(run)
    return text
