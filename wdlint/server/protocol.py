"""The language server protocol's messages, and what each of them means to the session."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from wdlint.server import documents
from wdlint.server.actions import Offer, Sort
from wdlint.server.diagnostics import SOURCE, Manner
from wdlint.server.documents import Document, Part
from wdlint.server.edits import changed, edits
from wdlint.server.session import Session
from wdlint.settings.config import FILES
from wdlint.version import __version__

_WATCHED = ("**/*.py", *(f"**/{name}" for name in FILES), "**/.gitignore")


class Protocol:
    """A language server that passes an editor's messages to a session and the session's answers to the editor."""

    def __init__(self) -> None:
        cells = types.NotebookDocumentFilterWithCells(
            cells=[types.NotebookCellLanguage("python")],
            notebook=types.NotebookDocumentFilterNotebookType("jupyter-notebook"),
        )
        self.server = LanguageServer(
            "wdlint",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            notebook_document_sync=types.NotebookDocumentSyncOptions([cells], save=True),
        )
        self.session = Session(self._publish, self._tell)
        self.shut_down = False
        for message, handler, *options in self._handlers():
            self.server.feature(message, *options)(partial(handler))  # pygls writes on what it is given

    def _handlers(self) -> Sequence[tuple[Any, ...]]:
        kinds = [types.CodeActionKind.QuickFix, Sort.ALL_SAFE.value]
        return (
            (types.INITIALIZE, self._initialize),
            (types.INITIALIZED, self._initialized),
            (types.SHUTDOWN, self._shutdown),
            (types.TEXT_DOCUMENT_DID_OPEN, self._opened),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._changed),
            (types.TEXT_DOCUMENT_DID_SAVE, self._saved),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._closed),
            (types.NOTEBOOK_DOCUMENT_DID_OPEN, self._notebook_opened),
            (types.NOTEBOOK_DOCUMENT_DID_CHANGE, self._notebook_changed),
            (types.NOTEBOOK_DOCUMENT_DID_SAVE, self._notebook_saved),
            (types.NOTEBOOK_DOCUMENT_DID_CLOSE, self._notebook_closed),
            (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, self._files_changed),
            (types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._configuration_changed),
            (types.TEXT_DOCUMENT_CODE_ACTION, self._code_actions, types.CodeActionOptions(code_action_kinds=kinds)),
            (types.TEXT_DOCUMENT_HOVER, self._hover),
        )

    # ---- to the editor

    def _publish(self, uri: str, version: int | None, shown: list[types.Diagnostic]) -> None:
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def _tell(self, message: str) -> None:
        self.server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"wdlint: {message}"))

    # ---- the session's start and end

    def _initialize(self, params: types.InitializeParams) -> None:
        root = params.root_uri or (params.workspace_folders[0].uri if params.workspace_folders else None)
        folder = to_fs_path(root) if root else None
        if folder and os.path.isdir(folder):
            os.chdir(folder)  # as if the command line were started there
        options = params.initialization_options
        if options is not None and _option(options, "trustRules") is True:
            self.session.trust_rules()
        settings = _option(options, "settings") if options is not None else None
        if isinstance(settings, dict):
            self.session.override(settings)
        self.session.manner = _manner(params.capabilities, self.server.workspace.position_encoding)

    async def _initialized(self, _: types.InitializedParams) -> None:
        capabilities = self.server.client_capabilities
        if get_capability(capabilities, "workspace.did_change_watched_files.dynamic_registration", False):
            watchers = [types.FileSystemWatcher(glob) for glob in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            watched = types.Registration("wdlint-files", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            self.server.client_register_capability(types.RegistrationParams([watched]), lambda _: None)
        with suppress(asyncio.CancelledError):  # the editor went before it was done
            await self.session.warm()

    def _shutdown(self, _: None) -> None:
        self.shut_down = True

    # ---- documents

    def _opened(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        document = documents.document(item.uri, item.version, item.text)
        if document is not None:
            self.session.opened(document)

    def _changed(self, params: types.DidChangeTextDocumentParams) -> None:
        item = params.text_document
        before = self.session.documents.get(item.uri)
        if before is None:
            return
        text = changed(before.parts[None].text, params.content_changes, self.session.manner.units)
        document = documents.document(item.uri, item.version, text)
        assert document is not None  # it was one before
        self.session.changed(document)

    def _saved(self, params: types.DidSaveTextDocumentParams) -> None:
        if os.path.basename(params.text_document.uri) in FILES:
            self.session.lint_all()
        else:
            self.session.saved(params.text_document.uri)

    def _closed(self, params: types.DidCloseTextDocumentParams) -> None:
        self.session.closed(params.text_document.uri)

    def _notebook_opened(self, params: types.DidOpenNotebookDocumentParams) -> None:
        texts = {cell.uri: cell for cell in params.cell_text_documents}
        cells = [
            (Part(cell.document, texts[cell.document].version, texts[cell.document].text), _is_code(cell))
            if cell.document in texts
            else (Part(cell.document, None, ""), False)
            for cell in params.notebook_document.cells
        ]
        document = documents.notebook(params.notebook_document.uri, cells)
        if document is not None:
            self.session.opened(document)

    def _notebook_changed(self, params: types.DidChangeNotebookDocumentParams) -> None:
        before = self.session.documents.get(params.notebook_document.uri)
        notebook = self.server.workspace.get_notebook_document(notebook_uri=params.notebook_document.uri)
        if before is None or notebook is None:
            return
        parts = {part.uri: part for part in before.parts.values()}
        change = params.change.cells
        for item in (change.structure.did_open or ()) if change and change.structure else ():
            parts[item.uri] = Part(item.uri, item.version, item.text)
        for content in (change.text_content or ()) if change else ():
            uri, units = content.document.uri, self.session.manner.units
            parts[uri] = Part(uri, content.document.version, changed(parts[uri].text, content.changes, units))
        cells = [(parts.get(cell.document, Part(cell.document, None, "")), _is_code(cell)) for cell in notebook.cells]
        document = documents.notebook(before.uri, cells)
        assert document is not None  # it was one before
        for part in before.parts.values():
            if all(part.uri != cell.document for cell in notebook.cells):
                self._publish(part.uri, None, [])
        self.session.changed(document)

    def _notebook_saved(self, params: types.DidSaveNotebookDocumentParams) -> None:
        self.session.saved(params.notebook_document.uri)

    def _notebook_closed(self, params: types.DidCloseNotebookDocumentParams) -> None:
        self.session.closed(params.notebook_document.uri)

    def _files_changed(self, params: types.DidChangeWatchedFilesParams) -> None:
        changed_only = all(change.type == types.FileChangeType.Changed for change in params.changes)
        files = [to_fs_path(change.uri) or "" for change in params.changes]
        sources = changed_only and all(file.endswith(".py") for file in files)
        self.session.lint_all(files if sources else ())

    def _configuration_changed(self, _: types.DidChangeConfigurationParams) -> None:
        self.session.lint_all()

    # ---- requests

    async def _code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        wanted = params.context.only
        sorts = [sort for sort in Sort if wanted is None or any(_is_kind(sort.value, kind) for kind in wanted)]
        found = await self.session.offers(params.text_document.uri, params.range, sorts)
        if found is None:
            return []
        document, offers = found
        actions = [self._action(document, offer, params.context.diagnostics) for offer in offers]
        return [action for action in actions if action is not None]

    def _action(self, document: Document, offer: Offer, shown: Sequence[types.Diagnostic]) -> types.CodeAction | None:
        edit = self._edit(document, offer.data)
        if edit is None:
            return None
        codes = {finding.code for finding in offer.findings}
        mended = [one for one in shown if one.source == SOURCE and one.code in codes]
        return types.CodeAction(offer.title, offer.sort.value, mended, offer.preferred or None, edit=edit)

    def _edit(self, document: Document, data: bytes) -> types.WorkspaceEdit | None:
        """What makes a document's texts those of other bytes; None where that can't be put in its texts."""
        before, after = document.texts(document.data), document.texts(data)
        told: list[tuple[Part, list[types.TextEdit]]] = []
        for cell, text in after.items():
            part = document.parts[cell]
            if before[cell] != part.text:
                return None  # the text can't be written in the encoding that it names
            if text != part.text:
                told.append((part, edits(part.text, text, self.session.manner.units)))
        if not self.session.manner.versions:
            return types.WorkspaceEdit(changes={part.uri: made for part, made in told})
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(part.uri, part.version), made)
                for part, made in told
            ]
        )

    async def _hover(self, params: types.HoverParams) -> types.Hover | None:
        told = await self.session.hover(params.text_document.uri, params.position)
        if not told:
            return None
        kind = types.MarkupKind.Markdown if self.session.manner.markdown else types.MarkupKind.PlainText
        return types.Hover(types.MarkupContent(kind, told))


def _manner(capabilities: types.ClientCapabilities, units: str | None) -> Manner:
    def has(name: str) -> Any:
        return get_capability(capabilities, name, None)

    formats = has("text_document.hover.content_format")
    return Manner(
        units=types.PositionEncodingKind(units or "utf-16").value,
        related=bool(has("text_document.publish_diagnostics.related_information")),
        links=bool(has("text_document.publish_diagnostics.code_description_support")),
        versions=bool(has("workspace.workspace_edit.document_changes")),
        markdown=formats is None or types.MarkupKind.Markdown in formats,
    )


def _option(options: Any, name: str) -> Any:
    """One of the editor's own options, which come as a dictionary or as an object made of one."""
    return options.get(name) if isinstance(options, dict) else getattr(options, name, None)


def _is_code(cell: types.NotebookCell) -> bool:
    return cell.kind is types.NotebookCellKind.Code


def _is_kind(kind: str, wanted: str) -> bool:
    return kind == wanted or kind.startswith(f"{wanted}.") or wanted == ""
