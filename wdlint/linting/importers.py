"""The linted files that rest on one that is to be mended: its fixes must leave them right, too.

A fix proves itself in its own file as that is judged. Here those of files that others import prove themselves once
more, over the files that were linted together with them, and, where something is written, over those of the project
that were not named.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from wdlint.linting.cache import Cache, Dependencies
from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

if TYPE_CHECKING:
    from wdlint.facts import FileFacts, Finding
    from wdlint.fix.proof.version import Importer, Read, Version
    from wdlint.linting.concerned import Notice

_REMEMBERED = 4_000_000  # bytes of source whose programs are kept while importers are read again


class Importers:
    """Who rests on whom among linted files, and what they become when one of them changes.

    Args:
        checked: the files, with what each rests on.
        settings_of: the settings in force in a folder.
        given: bytes of files, by the path that reports show, that are not read from disk; it may grow.
        heed_comments: whether comments suppress findings.
        known: the facts of files that were just judged as they are in `given` or on disk.
    """

    def __init__(
        self,
        checked: Iterable[Checked],
        settings_of: Callable[[str], Settings],
        given: Mapping[str, bytes],
        heed_comments: bool,
        known: Mapping[str, FileFacts] = MappingProxyType({}),
    ) -> None:
        from wdlint.source.read.files import Programs

        self._settings_of = settings_of
        self._given = given
        self._heed_comments = heed_comments
        self._programs = Programs(_REMEMBERED)
        self._by: dict[str, list[str]] = defaultdict(list)
        self._before: dict[str, Version | None] = {}
        self._last: tuple[dict[str, bytes], Linter] | None = None
        self._begun = dict(given)  # the bytes that those versions were read with
        self._known = known
        self._findings: dict[str, tuple[Finding, ...]] = {}
        self._around: dict[str, tuple[str, ...]] = {}
        self._notices: dict[Settings, Notice] = {}
        for one in checked:
            if one.optimizers or one.penalties or one.unread or one.findings or one.error:
                self._findings[one.file] = one.findings
                self._around[one.file] = one.rests_on
                for path in one.rests_on:
                    self._by[os.path.abspath(path)].append(one.file)

    def of(self, file: str) -> list[Importer]:
        """The files that rest on one."""
        from wdlint.fix.proof.version import Importer

        return [
            Importer(other, partial(self._as_it_is, other), self._after(file, other))
            for other in dict.fromkeys(self._by.get(os.path.abspath(file), ()))
            if other != file
        ]

    def _as_it_is(self, other: str) -> Version | None:
        """A file before any fix of those around it is tried; read once for all of them."""
        self._begin()
        if other not in self._before:
            self._before[other] = self._judged(other) or self.version(other)
        return self._before[other]

    def _begin(self) -> None:
        """Forget what was read before a file got other bytes."""
        if self._begun != self._given:
            self._begun, self._known = dict(self._given), {}
            self._before.clear()
            self._notices.clear()

    def _judged(self, other: str) -> Version | None:
        """A file as it was judged, where that is known."""
        from wdlint.fix.proof.version import Version
        from wdlint.source.read.parse import Unreadable

        facts, data = self._known.get(other), self.bytes_of(other)
        if facts is None or data is None:
            return None
        try:
            module = self._programs.consulted(data, other)
        except Unreadable:
            return None
        return Version(data, self._findings[other], facts, module)

    def _after(self, file: str, other: str) -> Read:
        def read(data: bytes) -> Version | None:
            noticed = self._notice(other).may_be_noticed(file, data, other, self._around[other])
            return self.version(other, {file: data}) if noticed else self._as_it_is(other)

        return read

    def _notice(self, other: str) -> Notice:
        """What tells whether a file is concerned at all when one around it changes."""
        from wdlint.linting.concerned import Notice
        from wdlint.source.read.files import Files
        from wdlint.source.read.project import Project

        self._begin()
        settings = self._settings_of(os.path.dirname(os.path.abspath(other)))
        if settings not in self._notices:
            roots = [Path(settings.root, root) for root in settings.roots]
            self._notices[settings] = Notice(Project(roots, settings, Files(self._given)))
        return self._notices[settings]

    def bytes_of(self, file: str) -> bytes | None:
        """A file's bytes as it is."""
        if file in self._given:
            return self._given[file]
        try:
            with open(file, "rb") as opened:
                return opened.read()
        except OSError:
            return None

    def version(self, file: str, changed: Mapping[str, bytes] = MappingProxyType({})) -> Version | None:
        """A file as it is, or as it were with other bytes in some file; no fixes are planned in it."""
        texts = {**self._given, **changed}
        data = texts[file] if file in texts else self.bytes_of(file)
        if data is None:
            return None
        return self._linter(texts).version(file, data)

    def _linter(self, texts: dict[str, bytes]) -> Linter:
        """What reads files with some bytes in place of those on disk; it is asked of one file after the other."""
        if self._last is None or self._last[0] != texts:
            linter = Linter(self._settings_of, dict(texts), self._heed_comments, programs=self._programs, plans=False)
            self._last = texts, linter
        return self._last[1]


def withheld(
    checked: Sequence[Checked],
    settings_of: Callable[[str], Settings],
    given: Mapping[str, bytes],
    heed_comments: bool,
    cache: Cache | None = None,
    known: Mapping[str, FileFacts] = MappingProxyType({}),
) -> list[Checked]:
    """What came of some files, without the fixes that would make other ones of them wrong.

    `known` are the facts of those that were just judged. In `cache` it is kept what came of a file beside these others:
    such a proof reads them all anew for each fix.
    """
    if not any(one.rests_on for one in checked) or not any(map(_offers, checked)):
        return list(checked)
    importers = Importers(checked, settings_of, given, heed_comments, known)
    by_file = {one.file: one for one in checked}

    def spared(one: Checked) -> Checked:
        others = [by_file[other.file] for other in importers.of(one.file)]
        if cache is None or given or not others:
            return _spared(one, importers)
        settings = settings_of(os.path.dirname(os.path.abspath(one.file)))
        name = cache.name(f"proved beside others: {one.file}", repr((one, others)).encode("utf-8", "replace"), settings)
        kept = cache.get(name, settings)
        if kept is not None:
            return kept._replace(rests_on=one.rests_on)
        proved = _spared(one, importers)
        files = {path for each in (one, *others) for path in (each.file, *each.rests_on)}
        cache.put(name, proved, Dependencies({path: cache.digest_of(path) for path in files}, []))
        return proved

    return [spared(one) if _offers(one) else one for one in checked]


def _spared(one: Checked, importers: Importers) -> Checked:
    from wdlint.fix.proof.offers import beside

    others = importers.of(one.file)
    data = importers.bytes_of(one.file) if others else None
    if data is None:
        return one
    return one._replace(findings=tuple(beside(one.file, one.findings, data, others)))


def _offers(one: Checked) -> bool:
    return any(f.fix is not None and f.fix.edits and f.place.file == one.file for f in one.findings)
