"""Files of configuration in an editor: shown at the key, gone when mended, repaired by an action."""

from __future__ import annotations

from pathlib import Path

from helpers.configurations import ADAM, SECTION
from helpers.editor import Editor, session


def test_a_yaml_file_is_judged_as_it_is_typed(tmp_path: Path) -> None:
    file = tmp_path / "optimizer.yaml"
    file.write_text(ADAM)

    async def story(editor: Editor) -> None:
        uri = editor.open(file, language="yaml")
        await editor.shows(uri, "WD201")
        assert editor.covered(uri, editor.shown[uri].diagnostics[0].range).startswith("weight_decay")
        editor.change(uri, ADAM.replace("Adam", "AdamW"))
        await editor.shows(uri)
        editor.change(uri, "_target_: torch.optim.Adam\nweight_decay: [\n")  # half typed: not read, and nothing is said
        await editor.shows(uri)
        editor.change(uri, "_target_: torch.optim.Adam\nweight_decay: 0.01  # wdlint: ignore[WD201]\n")
        await editor.shows(uri)
        editor.change(uri, ADAM)
        await editor.shows(uri, "WD201")
        editor.close(uri)
        await editor.until(lambda: not editor.shown[uri].diagnostics and editor.shown[uri].version is None)

    assert session(tmp_path, story).messages == []


def test_an_action_mends_a_yaml_file(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "optimizer.yaml"
    file.parent.mkdir()
    file.write_text(ADAM)

    async def story(editor: Editor) -> None:
        uri = editor.open(file, language="yaml")
        await editor.shows(uri, "WD201")
        (mend, *_) = [one for one in await editor.actions(uri) if "AdamW" in one.title]
        editor.apply(mend)
        assert editor.texts[uri] == ADAM.replace("Adam", "AdamW")

    assert session(tmp_path, story).messages == []


def test_a_json_file_is_judged(tmp_path: Path) -> None:
    file = tmp_path / "ds_config.json"
    file.write_text(SECTION)

    async def story(editor: Editor) -> None:
        uri = editor.open(file, language="json")
        await editor.shows(uri, "WD103")
        assert editor.covered(uri, editor.shown[uri].diagnostics[0].range).startswith('"weight_decay"')
        editor.change(uri, SECTION.replace("0.1", '"auto"'))
        await editor.shows(uri)

    assert session(tmp_path, story).messages == []
