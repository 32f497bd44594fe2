"""The way through: paths → screen → facts → rules → findings, one file after the other.

Trouble with one file never stops the others. Nothing here prints or parses: engines observe, rules
judge, reports show. What is imported at the top is all that a screened-out file costs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from wdlint import paths
from wdlint.settings import Settings
from wdlint.source.screen import may_matter

if TYPE_CHECKING:
    from wdlint.facts import Finding
    from wdlint.rule import Rule
    from wdlint.source.engine import Project


class Checked(NamedTuple):
    """What came of one file."""

    file: str  # as reports show it
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()  # by a comment in the file
    error: str = ""  # why the file could not be judged; it is no finding then


class Linter:
    """Lints files one by one; what was learnt of the files around them is kept between files."""

    def __init__(
        self,
        settings_of: Callable[[str], Settings],
        given: dict[str, bytes] | None = None,
        heed_comments: bool = True,
    ) -> None:
        """`given` holds bytes of files, by the path that reports show, that are not read from disk."""
        self._settings_of = settings_of
        self._given = given or {}
        self._heed_comments = heed_comments
        self._projects: dict[Settings, Project] = {}

    def check(self, path: str) -> Checked:
        """Lint one file. Its trouble is in the result; nothing is raised for it.

        Raises:
            UnknownRule, BrokenRule: the settings name rules that don't exist or can't be read.
        """
        shown = paths.display(path)
        data = self._given.get(shown)
        if data is None:
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError as error:
                return Checked(shown, error=f"can't be read: {error.strerror or error}")
        if not may_matter(data) and b"wdlint:" not in data:
            return Checked(shown)
        settings = self._settings_of(os.path.dirname(os.path.abspath(path)))
        return self._judged(shown, data, settings)

    def _judged(self, shown: str, data: bytes, settings: Settings) -> Checked:
        from wdlint.judge import RuleFailed, judge
        from wdlint.selection import selected
        from wdlint.suppress import may_suppress

        rules = _left_for(shown, selected(settings), settings)
        try:
            from wdlint.source.engine import observe

            facts = observe(shown, data, self._project(settings))
            findings = judge(facts, rules)
        except RuleFailed as error:
            return Checked(shown, error=str(error))
        except RecursionError:
            return Checked(shown, error="is nested too deeply to be read")
        except MemoryError:
            return Checked(shown, error="is too large to be read in the memory there is")
        except Exception as error:  # a fault of wdlint's own: said, and the other files go on
            return Checked(shown, error=f"internal error, please report it: {type(error).__name__}: {error}")
        if not settings.latent:
            findings = [finding for finding in findings if not finding.latent]
        if not self._heed_comments or not may_suppress(data):
            return Checked(shown, tuple(findings))
        return _without_suppressed(shown, data, findings, rules)

    def _project(self, settings: Settings) -> Project:
        if settings not in self._projects:
            from pathlib import Path

            from wdlint.source.engine import Project

            self._projects[settings] = Project([Path(settings.root, root) for root in settings.roots])
        return self._projects[settings]


def _without_suppressed(shown: str, data: bytes, findings: list[Finding], rules: Sequence[Rule]) -> Checked:
    """Take out what comments in the file suppress, and judge the comments themselves."""
    from wdlint.judge import in_order
    from wdlint.suppress import judged, split

    try:
        stay, suppressed, comments = split(shown, data, findings, rules)
    except (ValueError, SyntaxError, LookupError):  # no program: its finding is WD901
        return Checked(shown, tuple(findings))
    stay += judged(comments, shown, rules)
    return Checked(shown, tuple(in_order(stay)), tuple(suppressed))


def _left_for(shown: str, rules: Sequence[Rule], settings: Settings) -> Sequence[Rule]:
    """The rules without those that the settings leave out for this file."""
    if not settings.per_file_ignores:
        return rules
    from wdlint.selection import codes

    absolute = os.path.abspath(shown)
    ignored: set[str] = set()
    for glob, selectors in settings.per_file_ignores:
        inverted = glob.startswith("!")
        if paths.matches(absolute, settings.root, (glob.removeprefix("!"),)) is not inverted:
            ignored |= codes(selectors, settings)
    return [rule for rule in rules if rule.code not in ignored]
