"""An editor for the tests: a real client of the protocol, with buffers of its own, that talks to `wdlint server`.

It counts positions by encoding to UTF-16 itself, so that it shares no arithmetic with the server.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

PATIENCE = int(os.environ.get("PATIENCE", "30"))  # seconds; for slow machines
ABLE = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        publish_diagnostics=types.PublishDiagnosticsClientCapabilities(
            related_information=True, code_description_support=True
        ),
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(
        synchronization=types.NotebookDocumentSyncClientCapabilities()
    ),
)


class Editor:
    """Open buffers and what the server said of them."""

    def __init__(self) -> None:
        self.client = LanguageClient("tests", "1")
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.shown: dict[str, types.PublishDiagnosticsParams] = {}
        self.counts: dict[str, int] = {}  # how often diagnostics of a text came
        self.messages: list[str] = []
        self._news = asyncio.Condition()
        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(partial(self._published))
        self.client.feature(types.WINDOW_SHOW_MESSAGE)(partial(self._told))

    async def _published(self, params: types.PublishDiagnosticsParams) -> None:
        async with self._news:
            self.shown[params.uri] = params
            self.counts[params.uri] = self.counts.get(params.uri, 0) + 1
            self._news.notify_all()

    async def _told(self, params: types.ShowMessageParams) -> None:
        async with self._news:
            self.messages.append(params.message)
            self._news.notify_all()

    async def start(
        self, root: Path, capabilities: types.ClientCapabilities = ABLE, options: dict[str, Any] | None = None
    ) -> types.InitializeResult:
        await self.client.start_io(sys.executable, "-m", "wdlint", "server", cwd=root)
        found = await self.client.initialize_async(
            types.InitializeParams(
                capabilities, process_id=os.getpid(), root_uri=root.as_uri(), initialization_options=options
            )
        )
        self.client.initialized(types.InitializedParams())
        return found

    async def stop(self) -> int:
        """Say goodbye; returns the server's exit code."""
        await self.client.shutdown_async(None)
        self.client.exit(None)
        process = self.client._server
        assert process is not None
        code = await asyncio.wait_for(process.wait(), PATIENCE)
        await self.client.stop()
        return code

    async def until(self, holds: Callable[[], Any]) -> None:
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(holds), PATIENCE)

    # ---- buffers

    def open(self, path: Path, text: str | None = None, language: str = "python") -> str:
        uri = path.as_uri()
        self.texts[uri] = path.read_bytes().decode() if text is None else text
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, self.texts[uri])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def change(self, uri: str, text: str) -> None:
        self.texts[uri] = text
        self.versions[uri] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))

    def save(self, uri: str) -> None:
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    # ---- what the server says

    async def codes(self, uri: str) -> list[str]:
        """The codes shown for a text as it stands now."""
        await self.until(lambda: uri in self.shown and self.shown[uri].version == self.versions[uri])
        return [str(one.code) for one in self.shown[uri].diagnostics]

    async def shows(self, uri: str, *codes: str) -> None:
        """Wait until exactly these codes are shown for a text as it stands now."""
        await self.until(
            lambda: (
                uri in self.shown
                and self.shown[uri].version == self.versions[uri]
                and [one.code for one in self.shown[uri].diagnostics] == list(codes)
            )
        )

    def covered(self, uri: str, span: types.Range) -> str:
        """The text in a range."""
        text = self.texts[uri]
        return text[_offset(text, span.start) : _offset(text, span.end)]

    async def actions(self, uri: str, span: types.Range | None = None, *only: str) -> list[types.CodeAction]:
        shown = self.shown[uri].diagnostics
        context = types.CodeActionContext(shown, only=list(only) or None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), span or shown[0].range, context)
        found = await self.client.text_document_code_action_async(params)
        return [one for one in found or [] if isinstance(one, types.CodeAction)]

    def apply(self, action: types.CodeAction) -> None:
        """Apply an action to the buffers, as an editor does."""
        assert action.edit is not None
        changes = action.edit.document_changes
        assert changes
        for change in changes:
            assert isinstance(change, types.TextDocumentEdit)
            uri = change.text_document.uri
            assert change.text_document.version == self.versions[uri]
            self.change(uri, edited(self.texts[uri], change.edits))

    async def hover(self, uri: str, at: str, nth: int = 0) -> str:
        """What is shown where the nth occurrence of some text begins."""
        text = self.texts[uri]
        offset = -1
        for _ in range(nth + 1):
            offset = text.index(at, offset + 1)
        params = types.HoverParams(types.TextDocumentIdentifier(uri), position(text, offset))
        found = await self.client.text_document_hover_async(params)
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value


def edited(text: str, edits: Sequence[Any]) -> str:
    """A text with edits applied, from the last to the first."""
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        text = text[: _offset(text, edit.range.start)] + edit.new_text + text[_offset(text, edit.range.end) :]
    return text


def _lines(text: str) -> list[str]:
    """Lines with their ends, by the protocol's three line ends."""
    lines = [""]
    for index, char in enumerate(text):
        lines[-1] += char
        if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
            lines.append("")
    return lines


def _offset(text: str, at: types.Position) -> int:
    lines = _lines(text)
    before = lines[at.line].encode("utf-16-le")[: 2 * at.character].decode("utf-16-le")
    return sum(map(len, lines[: at.line])) + len(before)


def position(text: str, offset: int) -> types.Position:
    lines = _lines(text[:offset])
    return types.Position(len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2)


def session(
    root: Path,
    story: Callable[[Editor], Awaitable[None]],
    capabilities: types.ClientCapabilities = ABLE,
    options: dict[str, Any] | None = None,
) -> Editor:
    """Start a server in a folder, live through a story with it, and see it end well."""

    async def live() -> Editor:
        editor = Editor()
        await editor.start(root, capabilities, options)
        await story(editor)
        assert await editor.stop() == 0
        return editor

    return asyncio.run(live())
