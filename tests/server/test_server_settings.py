"""Settings that an editor sends itself: those of a configuration file, and they win over files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.editor import Editor, session

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ({}, ("WD101",)),
        ({"select": ["WD2"]}, ("WD201",)),
        ({"extend-select": ["coupled-optimizer"]}, ("WD101", "WD201")),
        ({"per-file-ignores": {"train.py": ["WD101"]}}, ()),
    ],
)
def test_the_editors_settings_win(tmp_path: Path, settings: dict[str, Any], codes: tuple[str, ...]) -> None:
    (tmp_path / "wdlint.toml").write_text('select = ["WD101"]\n')
    (tmp_path / "train.py").write_text(FAULT)

    async def story(editor: Editor) -> None:
        await editor.shows(editor.open(tmp_path / "train.py"), *codes)

    assert session(tmp_path, story, options={"settings": settings}).messages == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"selct": ["WD1"]}, "`selct`: there is no such key (did you mean `select`?)"),
        ({"select": "WD1"}, "`select` must be a list of strings"),
    ],
)
def test_what_can_not_be_used_is_said_and_the_files_count(tmp_path: Path, settings: dict[str, Any], said: str) -> None:
    (tmp_path / "wdlint.toml").write_text('select = ["WD101"]\n')
    (tmp_path / "train.py").write_text(FAULT)

    async def story(editor: Editor) -> None:
        await editor.shows(editor.open(tmp_path / "train.py"), "WD101")

    (message,) = session(tmp_path, story, options={"settings": settings}).messages
    assert message.startswith("wdlint: the editor's settings: ")
    assert said in message
