"""An editor's server runs rules that come with the open folder only if the editor says that its user trusts them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.editor import Editor, session

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.mark.parametrize("trusted", [False, True])
def test_a_rule_runs_where_the_workspace_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    here = tmp_path / "repository"
    (here / "mine").mkdir(parents=True)
    (here / "mine" / "own.py").write_text(f"open({str(tmp_path / 'trace')!r}, 'w')\n")
    (here / "wdlint.toml").write_text('rule-paths = ["mine"]\n')
    (here / "train.py").write_text(FAULT)

    async def story(editor: Editor) -> None:
        editor.open(here / "train.py")
        await editor.until(lambda: editor.messages)

    editor = session(here, story, options={"trustRules": trusted} if trusted else None)
    assert (tmp_path / "trace").exists() is trusted
    assert ("the rule lacks" if trusted else "were not run") in editor.messages[0]
