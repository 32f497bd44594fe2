"""`--fix` of a file that others of the project import: named or not, they must be left right."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.commands.cli import wdlint

FACTORY = """\
import torch


def build(model, rate=1e-3, decay=0.05):
    return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
"""
CALLER = """\
from torch import nn
from factory import build

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
optimizer = build(net)
"""
COUNTED = {
    "by index": 'optimizer.param_groups[0]["lr"] = 0.1\n',
    "unpacked": "(group,) = optimizer.param_groups\n",
    "as they are loaded": "again = build(net)\nagain.load_state_dict(optimizer.state_dict())\n",
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "factory.py").write_text(FACTORY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wdlint, ["--no-cache", *arguments], prog_name="wdlint")


@pytest.mark.parametrize("named", [["factory.py"], ["."], ["factory.py", "train.py"]], ids=["alone", "all", "both"])
@pytest.mark.parametrize("rest", COUNTED.values(), ids=COUNTED)
def test_a_file_that_counts_on_the_groups_keeps_them(here: Path, rest: str, named: list[str]) -> None:
    (here / "train.py").write_text(CALLER + rest)
    result = run("--fix", *named)
    assert (here / "factory.py").read_text() == FACTORY
    assert "left WD101 factory.py:5:12" in result.stderr
    assert run("--diff", *named).stdout == ""


def test_a_patch_that_git_would_not_apply_from_here_is_not_handed_out_without_a_word(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "train.py").write_text(CALLER)
    assert "wdlint: warning" not in run("--diff").stderr
    (here / "below").mkdir()
    monkeypatch.chdir("below")
    told = run("--diff", "..")
    assert "+++ b/" in told.stdout
    assert "wdlint: warning: files of the patch are outside of this folder" in told.stderr
    assert "wdlint: warning" not in run("--diff", "..", "-q").stderr


def test_a_patch_names_what_a_link_leads_to_as_git_follows_none(here: Path) -> None:
    (here / "factory.py").rename("factory.text")
    (here / "factory.py").symlink_to("factory.text")
    told = run("--diff", "factory.py")
    subprocess.run(["git", "apply"], input=told.stdout.encode(), cwd=here, check=True)
    assert (here / "factory.py").is_symlink()
    assert "param_groups = [" in (here / "factory.text").read_text()


@pytest.mark.parametrize("named", [["factory.py"], ["."]], ids=["alone", "all"])
def test_a_file_that_counts_on_nothing_is_no_hindrance(here: Path, named: list[str]) -> None:
    (here / "train.py").write_text(CALLER + "for group in optimizer.param_groups:\n    group['lr'] = 0.1\n")
    (here / "other.py").write_text("import torch\n\nprint(torch)\n")
    assert "fixed WD101 factory.py:5:12" in run("--fix", *named).stderr
    assert "param_groups = [" in (here / "factory.py").read_text()


def test_nothing_is_said_of_a_file_that_was_not_named(here: Path) -> None:
    (here / "train.py").write_text(CALLER + "other = torch.optim.SGD(net.parameters(), weight_decay=0.1)\n")
    result = run("--fix", "factory.py")
    assert "train.py" not in result.output
