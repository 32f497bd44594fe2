"""`--diff-base` on files of configuration: what a change brings is reported, what was there is not; by a real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.configurations import ADAM, SECTION

from wdlint.commands.cli import wdlint

PLAIN = "_target_: torch.optim.AdamW\nlr: 1e-3\nweight_decay: 0.01\n"
BASE = 'optim_wrapper = dict(\n    optimizer=dict(type="AdamW", lr=1e-4, weight_decay=0.05),\n    {})\n'


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    (tmp_path / "old.yaml").write_text(ADAM)
    (tmp_path / "new.yaml").write_text(PLAIN)
    (tmp_path / "ds.json").write_text(SECTION.replace("0.1", "0.0"))
    (tmp_path / "base.py").write_text(BASE.format("paramwise_cfg=dict(flat_decay_mult=0.)"))
    (tmp_path / "run.py").write_text(
        '_base_ = ["base.py"]\noptim_wrapper = dict(optimizer=dict(lr=1e-3, weight_decay=0.1))\n'
    )
    git("add", ".")
    git("commit", "-q", "-m", "a step")
    return tmp_path


def found() -> list[str]:
    given = ["check", ".", "-q", "--no-cache", "--output-format", "concise", "--diff-base", "HEAD"]
    told = CliRunner().invoke(wdlint, given, prog_name="wdlint")
    assert told.exit_code in (0, 1), told.output
    return [" ".join(line.split(" ")[:2]) for line in told.stdout.splitlines()]


def test_nothing_changed() -> None:
    assert found() == []


def test_what_a_change_brings(here: Path) -> None:
    (here / "new.yaml").write_text(ADAM)
    (here / "ds.json").write_text(SECTION)
    assert found() == ["ds.json:5:16: WD103", "new.yaml:3:1: WD201"]


def test_what_was_there_before_stays_unsaid(here: Path) -> None:
    (here / "old.yaml").write_text(f"# a note\n{ADAM}")
    assert found() == []
    (here / "old.yaml").write_text(ADAM.replace("0.01", "0.1"))
    assert found() == ["old.yaml:3:1: WD201"]


def test_a_change_in_a_file_that_is_inherited(here: Path) -> None:
    (here / "base.py").write_text(BASE.format(""))
    assert found() == ["base.py:2:43: WD103", "run.py:2:46: WD103"]
