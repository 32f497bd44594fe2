"""One version of a file as it was read: what a proof compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wdlint.facts import FileFacts, Finding
from wdlint.fix.hazards.elsewhere import Imports
from wdlint.source.read import tree as t


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A file's bytes, what an engine observed in them, and the findings of the rules."""

    data: bytes
    findings: tuple[Finding, ...]
    facts: FileFacts
    module: t.Module | None  # None: no program, or one that was not worth parsing
    imports: Imports | None = None  # None: nothing is known of the files around it


Read = Callable[[bytes], "Version | None"]  # None: the text can't be judged


@dataclass(frozen=True, slots=True, eq=False)
class Importer:
    """A linted file that rests on the one that is to be mended."""

    file: str
    before: Callable[[], Version | None]
    after: Read  # the same file, with other bytes in the one that it imports
