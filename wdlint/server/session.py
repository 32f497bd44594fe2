"""One editor's session: its open documents, what was seen in them, and what it is told when.

What a message of the protocol means here is in `protocol`; linting, offers and hovers are made in the worker's
thread by the modules that are theirs.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.uris import from_fs_path

from wdlint.complaint import Complaint
from wdlint.facts import Finding
from wdlint.judging.rule import Rule
from wdlint.server import actions
from wdlint.server.actions import Offer, Sort
from wdlint.server.diagnostics import Manner, diagnostics
from wdlint.server.documents import Document, Documents
from wdlint.server.hover import hover
from wdlint.server.linting import Engine, Seen
from wdlint.server.positions import Ruler
from wdlint.server.schedule import PAUSE, Schedule
from wdlint.server.worker import Worker
from wdlint.settings.config import given

Publish = Callable[[str, "int | None", list[types.Diagnostic]], None]


class Session:
    """What the server knows of its editor.

    Args:
        publish: shows diagnostics: of which text, of which version of it, and what.
        tell: shows a message to the user.
    """

    def __init__(self, publish: Publish, tell: Callable[[str], None]) -> None:
        self.manner = Manner()
        self.documents = Documents()
        self._publish = publish
        self._tell = tell
        self._engine = Engine()
        self._worker = Worker()
        self._schedule = Schedule(self._lint)
        self._seen: dict[str, Seen] = {}
        self._offers: dict[str, tuple[Seen, dict[tuple[str, int], Offer | None]]] = {}
        self._troubles: dict[str, str] = {}
        self._running: dict[str, tuple[Document, asyncio.Task[None]]] = {}

    def trust_rules(self) -> None:
        """Run the rules that what is linted brings with it: the editor's user trusts it with its code."""
        self._engine.trust_rules = True

    def override(self, table: Mapping[str, Any]) -> None:
        """Let the editor's settings win over those of files. Where one can't be used, the user is told; none counts."""
        try:
            self._engine.overrides = given(table, "the editor's settings: ")
        except Complaint as complaint:
            self._tell(str(complaint))

    async def warm(self) -> None:
        await self._worker.do(self._engine.warm)

    # ---- documents come, change and go

    def opened(self, document: Document) -> None:
        self.documents.put(document)
        self._came_or_went(document)
        self._schedule.soon(document.uri)

    def changed(self, document: Document) -> None:
        self.documents.put(document)
        self._schedule.soon(document.uri, PAUSE)
        self._lint_dependents(document)

    def saved(self, uri: str) -> None:
        document = self.documents.get(uri)
        if document is not None:
            self._schedule.soon(document.uri)

    def closed(self, uri: str) -> None:
        document = self.documents.remove(uri)
        if document is None:
            return
        self._schedule.forget(uri)
        for memory in (self._seen, self._offers, self._troubles, self._running):
            memory.pop(uri, None)
        for part in document.parts.values():
            self._publish(part.uri, None, [])
        self._came_or_went(document)

    def lint_all(self, because_of: Sequence[str] = ()) -> None:
        """Lint the open documents anew: all of them, or those that rest on some files."""
        files = set(map(os.path.abspath, because_of))
        for document in self.documents:
            seen = self._seen.get(document.uri)
            if not files or seen is None or not files.isdisjoint(seen.rests_on):
                self._schedule.soon(document.uri, PAUSE)

    def _came_or_went(self, document: Document) -> None:
        """Lint what a text matters to that takes the place of a file, or gives it back."""
        if not os.path.exists(document.path):
            self.lint_all()  # any import may lead to it that led nowhere
        elif not _is_on_disk(document):
            self._lint_dependents(document)

    def _lint_dependents(self, document: Document) -> None:
        for uri, seen in self._seen.items():
            if uri != document.uri and document.path in seen.rests_on:
                self._schedule.soon(uri, PAUSE)

    # ---- linting

    async def _lint(self, uri: str) -> None:
        """Lint a document as it stands and show what is found; goes on even if nobody waits for it any more."""
        document = self.documents.get(uri)
        if document is not None:
            task = asyncio.ensure_future(self._linted(document))
            self._running[uri] = (document, task)
            await asyncio.shield(task)

    async def _linted(self, document: Document) -> None:
        seen = await self._worker.do(partial(self._engine.seen, document, self.documents.bytes()))
        if self.documents.get(document.uri) is document:  # it has not changed again meanwhile
            self._show(seen)

    async def _current(self, uri: str) -> Seen | None:
        """What there is in a document as it stands now."""
        document = self.documents.get(uri)
        if document is None:
            return None
        uri = document.uri
        of, task = self._running.get(uri, (None, None))
        if self._schedule.waits(uri) or of is not document or task is None:
            self._schedule.forget(uri)
            await self._lint(uri)
        else:
            await asyncio.shield(task)
        return self._seen.get(uri)

    def _show(self, seen: Seen) -> None:
        document = seen.document
        self._seen[document.uri] = seen
        if seen.trouble and seen.trouble not in self._troubles.values():
            self._tell(seen.trouble)
        self._troubles[document.uri] = seen.trouble
        rules = _rules(seen)
        shown = diagnostics(seen, self.manner, self._uri_of, lambda finding: _page(rules, finding))
        for part in document.parts.values():
            self._publish(part.uri, part.version, shown[part.uri])

    def _uri_of(self, file: str) -> str:
        path = os.path.abspath(file)
        known = next((one.uri for one in self.documents if one.path == path), None)
        return known or from_fs_path(path) or ""

    # ---- what the editor asks for

    async def offers(self, uri: str, span: types.Range, sorts: Sequence[Sort]) -> tuple[Document, list[Offer]] | None:
        """What can be done about the findings that a range of a text touches, and about the whole document."""
        seen = await self._current(uri)
        if seen is None:
            return None
        offers: list[Offer | None] = []
        if Sort.REPAIR in sorts:
            touched = [index for index, finding in enumerate(seen.findings) if self._touches(seen, finding, uri, span)]
            for make in ("repair", "suppression"):
                offers += [await self._offer(seen, make, index) for index in touched]
        if Sort.ALL_SAFE in sorts:
            offers.append(await self._offer(seen, "all_safe", 0))
        return seen.document, _merged(offer for offer in offers if offer is not None)

    async def _offer(self, seen: Seen, make: str, index: int) -> Offer | None:
        """One offer, made once for what was seen of a document."""
        of, known = self._offers.get(seen.document.uri, (seen, {}))
        if of is not seen:
            known = {}
        self._offers[seen.document.uri] = (seen, known)
        if (make, index) not in known:
            known[make, index] = await self._worker.do(partial(self._made, seen, make, index))
        return known[make, index]

    def _made(self, seen: Seen, make: str, index: int) -> Offer | None:
        lint = self._engine.prover(seen)
        if make == "all_safe":
            return actions.all_safe(seen, lint)
        finding = seen.findings[index]
        return actions.repair(seen, finding, lint) if make == "repair" else actions.suppression(seen, finding, lint)

    def _touches(self, seen: Seen, finding: Finding, uri: str, span: types.Range) -> bool:
        part = seen.document.parts.get(finding.place.cell)
        if part is None or part.uri not in (uri, seen.document.uri):
            return False
        place = Ruler(part.text, self.manner.units).range(finding.place)
        return _key(place.start) <= _key(span.end) and _key(span.start) <= _key(place.end)

    async def hover(self, uri: str, position: types.Position) -> str:
        """Markdown on what stands at a position, or an empty string."""
        seen = await self._current(uri)
        if seen is None:
            return ""
        cell, part = next(item for item in seen.document.parts.items() if item[1].uri == uri)
        line, column = Ruler(part.text, self.manner.units).point(position)
        others = [other for other in self._seen.values() if other is not seen]
        return await self._worker.do(lambda: hover(seen, others, part.text, line, column, cell))


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _is_on_disk(document: Document) -> bool:
    """Whether a file is on disk as it is in the editor."""
    try:
        with open(document.path, "rb") as file:
            return file.read() == document.data
    except OSError:
        return False


def _rules(seen: Seen) -> dict[str, Rule]:
    from wdlint.judging.selection import available

    return {rule.code: rule for rule in available(seen.settings)} if seen.findings else {}


def _page(rules: dict[str, Rule], finding: Finding) -> str:
    rule = rules.get(finding.code)
    return os.path.abspath(rule.file) if rule is not None and rule.file else ""


def _merged(offers: Iterable[Offer]) -> list[Offer]:
    """Offers that do the same under one title become one, about all their findings."""
    found: dict[tuple[str, bytes], Offer] = {}
    for offer in offers:
        known = found.setdefault((offer.title, offer.data), offer)
        if known is not offer:
            findings = tuple(dict.fromkeys((*known.findings, *offer.findings)))
            found[offer.title, offer.data] = replace(known, findings=findings)
    return list(found.values())
