"""That a finding is assumed is said wherever it is read: in each format, in flake8 and in the editor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.editor import Editor, session

from wdlint.facts import Confidence, Finding
from wdlint.flake8 import Plugin
from wdlint.report import Run, render
from wdlint.report.excerpt import Excerpts
from wdlint.report.github import job_summary
from wdlint.settings.catalogue import FORMATS

ASSUMED = """\
import torch


def make(model):
    return torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
PROVEN = ASSUMED.replace("def make(model):\n", "def make():\n    model = torch.nn.Linear(4, 4)\n")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_it(form: str, finding: Callable[..., Finding]) -> None:
    proven = finding(message="decays what it should not")
    run = Run([proven], 1, list, Excerpts({"train.py": b"x = 1\n"}))
    assert "assumed" not in render(run, form)
    assumed = replace(run, findings=[replace(proven, confidence=Confidence.ASSUMED)])
    assert "assumed" in render(assumed, form)
    assert "assumed" in job_summary(assumed)


def test_flake8_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ast

    monkeypatch.chdir(tmp_path)
    for source, said in ((ASSUMED, True), (PROVEN, False)):
        (found,) = Plugin(ast.parse(source), "train.py", source.splitlines(keepends=True)).run()
        assert found[2].endswith("(assumed)") is said


def test_the_editor_says_it(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ASSUMED)

    async def story(editor: Editor) -> None:
        train = editor.open(tmp_path / "train.py")
        await editor.shows(train, "WD103")
        assert "(assumed)" in editor.shown[train].diagnostics[0].message.split("\n")[0]

    session(tmp_path, story)
