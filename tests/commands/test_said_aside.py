"""What a run says beside its findings: comments that name no rule, folders that can't be opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from helpers.command_line import run

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4, bias=False)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)  # wdlint: ignore[{}]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_comment_that_names_no_rule_is_said_with_what_may_be_meant(here: Path) -> None:
    (here / "train.py").write_text(FAULT.format("coupled-optimiser"))
    for _ in "a run", "a run from the cache":
        told = run("--cache-dir", "kept", "train.py")
        assert told.exit_code == 1
        assert told.stderr == (
            "wdlint: warning: train.py:5: a comment ignores `coupled-optimiser`, and no rule is called so"
            " (did you mean `coupled-optimizer`?)\n"
        )


@pytest.mark.parametrize("words", ["WD201", "coupled-optimizer", "WD2", "WD205, WD201", "wd201"])
def test_codes_names_and_prefixes_are_known_whether_they_run_or_not(here: Path, words: str) -> None:
    (here / "train.py").write_text(FAULT.format(words))
    assert run("--select", "WD1,WD2", "train.py").stderr == ""


def test_each_unknown_word_is_said(here: Path) -> None:
    (here / "train.py").write_text(FAULT.format("WD201, W, E501"))
    told = run("train.py")
    assert told.exit_code == 0
    assert [line.split("`")[1] for line in told.stderr.splitlines()] == ["W", "E501"]


def test_codes_of_other_tools_in_noqa_are_none_of_our_business(here: Path) -> None:
    (here / "train.py").write_text(FAULT.format("WD201").replace("wdlint: ignore[WD201]", "noqa: E501, WD201"))
    assert run("train.py").stderr == ""


def test_a_name_may_be_that_of_a_rule_that_nobody_trusts(here: Path) -> None:
    (here / "wdlint.toml").write_text('rule-paths = ["mine"]\n')
    (here / "train.py").write_text(FAULT.format("WD201, our-own-rule"))
    assert "our-own-rule" not in run("train.py").stderr


def test_a_folder_below_that_can_not_be_opened_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "sub" / "locked").mkdir(parents=True)
    (here / "a.py").write_text("x = 1\n")
    opened = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return opened(path)

    monkeypatch.setattr(os, "scandir", refusing)
    told = run()
    assert told.exit_code == 0
    assert told.stderr == (
        "wdlint: warning: sub/locked: can't be read: Permission denied; what is in it was not looked at\n"
    )
