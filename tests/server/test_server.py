"""`wdlint server` as an editor meets it: over standard input and output, with a real client."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.editor import PATIENCE, Editor, session
from lsprotocol import types

FIXTURES = Path(__file__).parents[2] / "fixtures"
ADAM = """\
import torch
from torch import nn

model = nn.Linear(4, 4, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
ADAMW = ADAM.replace("Adam(", "AdamW(")


@pytest.fixture
def gpt(tmp_path: Path) -> Path:
    """The scripts that train a small GPT, in a folder of their own."""
    return Path(shutil.copytree(FIXTURES / "gpt", tmp_path / "gpt"))


def test_what_is_wrong_is_shown_and_goes_when_it_is_mended(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        await editor.shows(train, "WD302")
        told = editor.shown[train].diagnostics[0]
        assert editor.covered(train, told.range).startswith("torch.optim.AdamW(")
        assert (told.source, told.severity) == ("wdlint", types.DiagnosticSeverity.Warning)
        assert "`LayerNorm.weight` matches no parameter" in told.message
        assert told.code_description is not None
        assert told.code_description.href.endswith("/dead_exemption.py")
        (related,) = told.related_information or ()
        assert related.location.uri == train
        assert related.message == "the decay is set here"
        assert editor.covered(train, related.location.range) == "0.0"
        text = editor.texts[train]
        editor.change(train, text.replace('"LayerNorm.weight"', '"ln_1", "ln_2", "ln_f"'))
        await editor.shows(train)
        editor.change(train, text)
        await editor.shows(train, "WD302")
        editor.save(train)
        editor.close(train)
        await editor.until(lambda: not editor.shown[train].diagnostics and editor.shown[train].version is None)

    assert session(gpt, story).messages == []


def test_a_model_changed_in_another_buffer_counts_before_it_is_saved(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        await editor.shows(train, "WD302")
        assert len(await editor.actions(train)) == 3
        model = editor.open(gpt / "model.py")
        named = editor.texts[model].replace("ln_1", "a_LayerNorm").replace("ln_2", "b_LayerNorm")
        editor.change(model, named.replace("ln_f", "f_LayerNorm"))
        assert await editor.actions(train) == []  # asked at once: nothing is offered that no longer holds
        await editor.shows(train)
        editor.close(model)  # what was typed is lost
        await editor.shows(train, "WD302")

    session(gpt, story)


def test_a_module_that_was_never_saved_can_be_imported(tmp_path: Path) -> None:
    async def story(editor: Editor) -> None:
        text = "import torch\nfrom net import Net\n\ntorch.optim.AdamW(Net().parameters(), weight_decay=0.1)\n"
        train = editor.open(tmp_path / "train.py", text)
        await editor.shows(train, "WD103")  # the model can't be seen
        editor.open(tmp_path / "net.py", "from torch import nn\n\ndef Net():\n    return nn.Linear(4, 4)\n")
        await editor.shows(train, "WD101")

    session(tmp_path, story)


def test_a_file_changed_by_another_program_is_read_again(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        await editor.shows(train, "WD302")
        model = gpt / "model.py"
        named = model.read_text().replace("ln_1", "a_LayerNorm").replace("ln_2", "b_LayerNorm")
        model.write_text(named.replace("ln_f", "f_LayerNorm"))
        event = types.FileEvent(model.as_uri(), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await editor.shows(train)

    session(gpt, story)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_positions_are_utf_16_and_line_ends_stay(tmp_path: Path, end: str) -> None:
    text = ADAM.replace("optimizer", 's = "\N{ROCKET}\N{ROCKET}é"; optimizer').replace("\n", end)

    async def story(editor: Editor) -> None:
        train = editor.open(tmp_path / "train.py", text)
        await editor.shows(train, "WD201")
        span = editor.shown[train].diagnostics[0].range
        assert editor.covered(train, span) == text[text.index("torch.optim.Adam(") :].removesuffix(end)
        assert "coupled-optimizer" in await editor.hover(train, "lr=")
        mend, *_ = await editor.actions(train)
        editor.apply(mend)
        assert editor.texts[train] == text.replace("Adam(", "AdamW(")
        await editor.shows(train)

    session(tmp_path, story)


def test_an_editor_may_count_in_other_units(tmp_path: Path) -> None:
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8])
    )

    async def story(editor: Editor) -> None:
        train = editor.open(tmp_path / "train.py", ADAM.replace("optimizer", '"\N{ROCKET}"; optimizer'))
        await editor.shows(train, "WD201")
        told = editor.shown[train].diagnostics[0]
        assert told.range.start == types.Position(4, len('"\N{ROCKET}"; optimizer = '.encode()))
        assert (told.related_information, told.code_description) == (None, None)  # it did not say that it shows them

    session(tmp_path, story, capabilities)


def test_a_repair_an_unsafe_repair_and_all_safe_ones(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        await editor.shows(train, "WD302")
        mend, ignore, every = await editor.actions(train)
        assert (mend.kind, mend.is_preferred) == (types.CodeActionKind.QuickFix, True)
        assert [one.code for one in mend.diagnostics or ()] == ["WD302"]
        assert (every.kind, every.edit) == ("source.fixAll.wdlint", mend.edit)
        assert await editor.actions(train, None, "source.fixAll") == [every]
        assert await editor.actions(train, None, "refactor") == []
        elsewhere = types.Range(types.Position(0, 0), types.Position(0, 1))
        assert await editor.actions(train, elsewhere) == [every]
        before = editor.texts[train]
        editor.apply(mend)
        await editor.shows(train)
        assert '["bias", "ln_1.weight", "ln_2.weight", "ln_f.weight"]' in editor.texts[train]
        editor.change(train, before)
        await editor.shows(train, "WD302")
        assert ignore.title == "Ignore WD302 (dead-exemption) here with a comment"
        editor.apply((await editor.actions(train))[1])
        await editor.shows(train)
        assert "    # wdlint: ignore[WD302]\n    optimizer = torch" in editor.texts[train]

        unsafe = editor.open(gpt / "unsafe.py", ADAM)
        await editor.shows(unsafe, "WD201")
        mend, ignore = await editor.actions(unsafe)  # nothing that is safe
        assert "(unsafe: " in mend.title
        assert not mend.is_preferred
        editor.apply(mend)
        await editor.shows(unsafe)
        assert editor.texts[unsafe] == ADAMW

    session(gpt, story)


def test_hover_tells_of_the_rule_and_of_what_is_decayed(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        model = editor.open(gpt / "model.py")
        await editor.shows(train, "WD302")
        told = await editor.hover(train, "torch.optim.AdamW(")
        assert "# WD302 dead-exemption" in told
        assert "h.*.ln_1.weight         gain       group 1" in told
        for name in ("model =", "GPT("):  # the model by the name of its variable and of its class
            about = await editor.hover(train, name)
            assert about.startswith("```text\ntrain_name_list.py:35:17: torch.optim.AdamW")
            assert "# WD302" not in about
        assert (await editor.hover(model, "GPT(")).startswith("```text\ntrain_name_list.py:35:17")
        assert await editor.hover(train, "import argparse") == ""

    session(gpt, story)


def test_settings_count_and_bad_ones_are_told_once(tmp_path: Path) -> None:
    settings = tmp_path / "wdlint.toml"
    settings.write_text("selct = []\n")

    async def story(editor: Editor) -> None:
        train = editor.open(tmp_path / "train.py", ADAM)
        other = editor.open(tmp_path / "other.py", ADAM)
        for uri in (train, other):
            await editor.shows(uri)
        (message,) = editor.messages
        assert "`selct`: there is no such key" in message
        settings.write_text('severity = { WD201 = "error" }\nextend-exclude = ["other.py"]\n')
        event = types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
        await editor.shows(train, "WD201")
        assert editor.shown[train].diagnostics[0].severity == types.DiagnosticSeverity.Error
        assert await editor.codes(other) == []

    assert len(session(tmp_path, story).messages) == 1


def test_what_is_suppressed_or_in_the_baseline_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(ADAM)
    (tmp_path / "wdlint.toml").write_text('baseline = "known.json"\nextend-select = ["WD902"]\n')
    command = [sys.executable, "-m", "wdlint", "--write-baseline", "--baseline", "known.json", "--no-cache"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    async def story(editor: Editor) -> None:
        old = editor.open(tmp_path / "old.py")
        new = editor.open(tmp_path / "new.py", ADAM.replace("0.1)", "0.1)  # wdlint: ignore[WD201]"))
        useless = editor.open(tmp_path / "useless.py", ADAMW.replace("0.1)", "0.1)  # wdlint: ignore[WD201]"))
        await editor.shows(useless, "WD902")
        assert editor.shown[useless].diagnostics[0].tags == (types.DiagnosticTag.Unnecessary,)
        assert await editor.codes(old) == []
        assert await editor.codes(new) == []

    session(tmp_path, story)


def test_typing_is_followed_by_one_lint_of_the_last_text(gpt: Path) -> None:
    async def story(editor: Editor) -> None:
        train = editor.open(gpt / "train_name_list.py")
        await editor.shows(train, "WD302")
        text = editor.texts[train]
        for number in range(30):
            editor.change(train, text + "#" * number)
        editor.change(train, text.replace('"LayerNorm.weight"', '"ln_"'))
        await editor.shows(train)
        assert editor.counts[train] <= 4  # 32 texts

    session(gpt, story)


def test_no_document_ends_the_server(tmp_path: Path) -> None:
    async def story(editor: Editor) -> None:
        broken = editor.open(tmp_path / "broken.py", "import torch\ntorch.optim.Adam(\nprint 'x'\n")
        await editor.shows(broken, "WD901")
        for number, text in enumerate(
            (
                ADAM + "x = " + "(" * 3000 + ")" * 3000,
                ADAM + "x = " + "-" * 30_000 + "1\n",
                ADAM + "\0",
                "# coding: nonsense\n" + ADAM,
                "# coding: ascii\nx = 'é'\n" + ADAM,
                "\ufeff" + ADAM,
            )
        ):
            strange = editor.open(tmp_path / f"strange{number}.py", text)
            assert set(await editor.codes(strange)) <= {"WD901", "WD201"}
            if editor.shown[strange].diagnostics:
                for action in await editor.actions(strange):
                    assert action.edit is not None
                await editor.hover(strange, "x = " if "x = " in text else "model")
        fine = editor.open(tmp_path / "fine.py", ADAM)
        await editor.shows(fine, "WD201")
        assert await editor.hover(fine, "Adam(") != ""

    session(tmp_path, story)


def test_a_notebook_is_one_program_in_cells(tmp_path: Path) -> None:
    book = (tmp_path / "book.ipynb").as_uri()
    texts = [
        "%pip install torch\nimport torch\nfrom torch import nn\nmodel = nn.Linear(4, 4, bias=False)",
        "# words",
        '"\N{ROCKET}"; optimizer = torch.optim.Adam(model.parameters(), weight_decay=0.1)',
    ]
    kinds = [types.NotebookCellKind.Code, types.NotebookCellKind.Markup, types.NotebookCellKind.Code]
    uris = [f"vscode-notebook-cell://book.ipynb#{number}" for number in range(3)]

    async def story(editor: Editor) -> None:
        cells = [types.NotebookCell(kind, uri) for kind, uri in zip(kinds, uris, strict=True)]
        items = [types.TextDocumentItem(uris[n], "python", 1, texts[n]) for n in (0, 2)]
        document = types.NotebookDocument(book, "jupyter-notebook", 1, cells)
        editor.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(document, items))
        editor.texts.update(zip(uris, texts, strict=True))
        editor.versions.update(dict.fromkeys(uris, 1))
        await editor.shows(uris[2], "WD201")
        await editor.shows(uris[0])
        assert editor.covered(uris[2], editor.shown[uris[2]].diagnostics[0].range).startswith("torch.optim.Adam(")
        assert "book.ipynb:cell 3:1:" in await editor.hover(uris[0], "model")
        mend, *_ = await editor.actions(uris[2])
        assert mend.edit is not None
        (change,) = mend.edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.uri == uris[2]
        assert change.edits[0].new_text == texts[2].replace("Adam(", "AdamW(")
        start = types.Position(0, len('"..."; optimizer = torch.optim.Adam') - 1)  # the rocket counts twice
        typed = types.TextDocumentContentChangePartial(types.Range(start, start), "W")
        content = types.NotebookDocumentCellContentChanges(types.VersionedTextDocumentIdentifier(2, uris[2]), [typed])
        editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(2, book),
                types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(text_content=[content])),
            )
        )
        editor.versions[uris[2]] = 2
        await editor.shows(uris[2])
        # a cell comes between that gives the model a bias, and the one that was mended moves down
        new = types.TextDocumentItem("vscode-notebook-cell://book.ipynb#3", "python", 1, "model = nn.Linear(4, 4)")
        array = types.NotebookCellArrayChange(1, 0, [types.NotebookCell(types.NotebookCellKind.Code, new.uri)])
        structure = types.NotebookDocumentCellChangeStructure(array, did_open=[new])
        editor.client.notebook_document_did_change(
            types.DidChangeNotebookDocumentParams(
                types.VersionedNotebookDocumentIdentifier(3, book),
                types.NotebookDocumentChangeEvent(cells=types.NotebookDocumentCellChanges(structure=structure)),
            )
        )
        await editor.shows(uris[2], "WD101")
        assert "book.ipynb:cell 4:1:" in await editor.hover(uris[0], "model")
        identifiers = [types.TextDocumentIdentifier(uri) for uri in (uris[0], new.uri, uris[2])]
        closed = types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(book), identifiers)
        editor.client.notebook_document_did_close(closed)
        await editor.until(lambda: not editor.shown[uris[2]].diagnostics and editor.shown[uris[2]].version is None)

    session(tmp_path, story)


def test_it_ends_well_in_the_midst_of_its_work(tmp_path: Path) -> None:
    async def story(editor: Editor) -> None:
        editor.open(tmp_path / "small.py", ADAM)
        await editor.codes((tmp_path / "small.py").as_uri())
        editor.open(tmp_path / "long.py", ADAM + "x = [f(1), {'a': 2}]\n" * 5_000)  # takes a while to parse
        await asyncio.sleep(0.2)

    session(tmp_path, story)  # looks at the exit code


def test_an_editor_that_goes_without_a_word_leaves_no_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wdlint", "server", "--stdio"], cwd=tmp_path, input=b"", timeout=PATIENCE
    )
    assert done.returncode == 1


def test_one_that_goes_while_the_server_warms_up_leaves_no_traceback(tmp_path: Path) -> None:
    sent = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}},
        {"jsonrpc": "2.0", "method": "initialized", "params": {}},
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    bodies = [json.dumps(message).encode() for message in sent]
    done = subprocess.run(
        [sys.executable, "-m", "wdlint", "server"],
        cwd=tmp_path,
        input=b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies),
        capture_output=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_without_pygls_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    script = "import sys; sys.modules['pygls'] = None; sys.argv[1:] = ['server']; import wdlint.__main__ as m; m.main()"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'pygls>=2'" in done.stderr
