"""What the linter makes of an open document, with the other open ones as they stand.

The settings are read anew each time, as the command line would find them, so that they are never out of date. All
of this runs in one thread: the engine's tables are the process's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wdlint.complaint import Complaint
from wdlint.facts import FileFacts, Finding
from wdlint.files import paths
from wdlint.fix.proof.version import Version
from wdlint.linting.lint import Linter
from wdlint.report.excerpt import Excerpts
from wdlint.server.documents import Document
from wdlint.settings.baseline import baseline_of
from wdlint.settings.catalogue import Settings
from wdlint.settings.config import Configuration
from wdlint.settings.trust import said
from wdlint.source.read.files import Programs
from wdlint.source.read.tree import Module

_REMEMBERED = 1_500_000  # bytes of source whose programs are kept: some 200 MB at most

Texts = Mapping[str, bytes]
"""What is open, by the path that findings show."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One document as it was linted."""

    document: Document
    texts: Texts  # the documents that were open then
    settings: Settings = Settings()  # noqa: RUF009 - frozen
    findings: tuple[Finding, ...] = ()  # to be shown
    judged: tuple[Finding, ...] = ()  # those in the baseline too
    facts: FileFacts | None = None
    rests_on: frozenset[str] = frozenset()  # absolute paths of files, there or not
    module: Module | None = None
    trouble: str = ""  # why it could not be linted, or not by all rules, in words for the user


class Engine:
    """The linter for documents. What it parsed it remembers; nothing else is kept from one call to the next."""

    def __init__(self) -> None:
        self.trust_rules = False  # whether the editor's user trusts what is open with its code
        self.overrides: dict[str, Any] = {}  # the editor's own settings, by their name in `Settings`
        self._programs = Programs(_REMEMBERED)

    def warm(self) -> None:
        """Import what linting needs, before the first document is waited for."""
        script = b"import torch\nfrom torch import nn\ntorch.optim.Adam(nn.Linear(1, 1).parameters(), weight_decay=1)\n"
        Linter(lambda _: Settings(), {"warm.py": script}).check("warm.py")

    def seen(self, document: Document, texts: Texts) -> Seen:
        """Lint a document. Trouble with it is in the result; nothing is raised for it."""
        settings_of = self._configuration()
        try:
            settings = settings_of(os.path.dirname(document.path))
            if paths.left_out(document.path, settings):
                return Seen(document, texts, settings)
            linter = Linter(settings_of, dict(texts), programs=self._programs)
            checked = linter.check(document.path)
            if checked.error:
                return Seen(document, texts, settings, trouble=f"{checked.file}: {checked.error}")
            findings = _not_known(checked.findings, settings, texts)
        except Complaint as complaint:
            return Seen(document, texts, trouble=str(complaint))
        except Exception as error:  # a fault of wdlint's own: said, and the other documents go on
            what = f"internal error, please report it: {type(error).__name__}: {error}"
            return Seen(document, texts, trouble=f"{document.file}: {what}")
        facts, files, module, _ = linter.reading or (None, (), None, None)
        rests_on = frozenset(map(os.path.abspath, files))
        trouble = said(settings_of.withheld)
        return Seen(document, texts, settings, tuple(findings), checked.findings, facts, rests_on, module, trouble)

    def prover(self, seen: Seen) -> Callable[[bytes], Version | None]:
        """What the document would be with other bytes; None where it can't be judged."""
        document = seen.document

        def read(data: bytes) -> Version | None:
            if data == document.data:
                return Version(data, seen.judged, seen.facts or FileFacts(document.file), seen.module)
            texts = {**seen.texts, document.file: data}
            return Linter(self._configuration(), texts, programs=self._programs).version(document.path, data)

        return read

    def _configuration(self) -> Configuration:
        return Configuration(self.overrides, trust_rules=self.trust_rules)


def _not_known(findings: Sequence[Finding], settings: Settings, texts: Texts) -> Sequence[Finding]:
    """The findings that are not in the settings' baseline."""
    if not findings:
        return findings
    from wdlint.report import baseline

    path = baseline_of(settings)
    if not path:
        return findings
    new, _ = baseline.divided(findings, Excerpts(dict(texts)), path, baseline.read(path))
    return new
