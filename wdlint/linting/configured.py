"""Files of configuration on their way through: bytes → look → facts → rules → findings, and the proof of repairs.

What such a file means is the configuration engine's business; everything after it is as for source.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wdlint.configuration.screen import LARGEST, may_configure, may_configure_in_python
from wdlint.linting.checked import DATA, NO_OPTIMIZER, Checked

if TYPE_CHECKING:
    from wdlint.configuration.engine import Observed
    from wdlint.configuration.setups import Setup
    from wdlint.facts import Finding
    from wdlint.fix.proof.version import Version
    from wdlint.judging.rule import Rule
    from wdlint.settings.catalogue import Settings
    from wdlint.source.read.mentions import Mentions
    from wdlint.source.read.project import Project


def looked_at(path: str, shown: str, given: bytes | None) -> Checked | bytes:
    """The bytes of a file that may configure an optimizer, or that there is nothing to it."""
    data = given
    if data is None:
        try:
            if os.path.getsize(path) > LARGEST:
                return Checked(shown, counted=False, passed_over=DATA)
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            return Checked(shown, error=f"can't be read: {error.strerror or error}")
    if len(data) > LARGEST:
        return Checked(shown, counted=False, passed_over=DATA)
    if not may_configure(data):
        return Checked(shown, counted=False, passed_over=NO_OPTIMIZER)
    return data


class Configurations:
    """Judges files of configuration; the project's scripts are listed once.

    Args:
        given: bytes of files, by the path that reports show, that are not read from disk.
    """

    def __init__(self, given: Mapping[str, bytes]) -> None:
        from wdlint.source.read.files import Files

        self._files = Files(given)
        self._mentions: Mentions | None = None

    def observed(self, shown: str, data: bytes) -> Observed | None:
        """What a file configures; None where it is no configuration that is known.

        Raises:
            ReaderMissing: what reads files of this kind is not installed.
        """
        from wdlint.configuration.engine import observe

        return observe(shown, data, self._files.read, lambda word: self._scripts(shown, word))

    def in_python(self, shown: str, data: bytes, project: Project) -> Observed:
        """What a Python file configures by itself, where it is data and no program."""
        from wdlint.configuration.engine import Observed, observe

        if not shown.endswith(".py") or len(data) > LARGEST or not may_configure_in_python(data):
            return Observed(shown)

        def read(path: str) -> bytes | None:
            project.trail.files[path] = None
            return self._files.read(path)

        return observe(shown, data, read, lambda word: ()) or Observed(shown)

    def _scripts(self, shown: str, word: str) -> Iterable[str]:
        from wdlint.files.project import repository
        from wdlint.source.read.mentions import Mentions

        if self._mentions is None:
            self._mentions = Mentions(self._files)
        top, here = repository(shown), os.getcwd()
        if top == os.path.dirname(os.path.abspath(shown)) and top.startswith(os.path.join(here, "")):
            top = here  # nothing marks a project: what is below the working folder is taken for one
        for path in self._mentions.files_with(top, word):
            yield (self._files.read(path) or b"").decode("utf-8", "replace")

    def version(self, shown: str, data: bytes, rules: Sequence[Rule], settings: Settings) -> Version | None:
        """A file as it is judged; None where it configures nothing any more."""
        from wdlint.fix.proof.version import Version
        from wdlint.judging.judge import judge
        from wdlint.knowledge import user

        observed = self.observed(shown, data)
        if observed is None:
            return None
        facts = user.corrected(observed.facts, settings)
        return Version(data, tuple(judge(facts, rules)), facts, None)

    def judged(
        self, shown: str, data: bytes, rules: Sequence[Rule], settings: Settings
    ) -> tuple[Observed, list[Finding]] | None:
        """What a file configures, with the findings and the repairs that prove themselves; None where it is none."""
        from wdlint.judging.judge import judge
        from wdlint.knowledge import user

        observed = self.observed(shown, data)
        if observed is None:
            return None
        facts = user.corrected(observed.facts, settings)
        findings = judge(facts, rules)

        def read(new: bytes) -> Version | None:
            return self.version(shown, new, rules, settings)

        return observed, repaired(shown, data, findings, observed.setups, read, settings)


def with_repairs(findings: Sequence[Finding], setups: Sequence[Setup]) -> list[Finding]:
    """The findings with what repairs them where their optimizer is configured, if they have no fix yet."""
    planned = []
    for finding in findings:
        fixes = [s.fixes[finding.code] for s in setups if s.use.place == finding.place and finding.code in s.fixes]
        planned.append(replace(finding, fix=fixes[0]) if fixes and finding.fix is None else finding)
    return planned


def repaired(
    shown: str,
    data: bytes,
    findings: list[Finding],
    setups: Sequence[Setup],
    read: Callable[[bytes], Version | None],
    settings: Settings,
) -> list[Finding]:
    """The findings with what repairs them in the file, where that proves itself by reading the file again."""
    planned = with_repairs(findings, setups)
    if planned == findings:
        return findings
    from wdlint.fix.policy import admitted
    from wdlint.fix.proof.offers import proven

    version = read(data)
    return findings if version is None else admitted(proven(shown, planned, version, read), settings)
