"""The baseline from the command line: used by itself, and pruned of nothing that did not run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.commands.cli import wdlint
from wdlint.files import paths

FAULTS = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
first = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
second = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
LATENT = """\
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--wd", type=float, default=0.0)
args = parser.parse_args()
model = nn.Linear(4, 4)
first = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=args.wd)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "train.py").write_text(FAULTS)
    return tmp_path


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(wdlint, [*arguments])


def codes(path: str = "wdlint-baseline.json") -> list[str]:
    return sorted(entry["code"] for entry in json.loads(Path(path).read_text())["findings"])


def test_one_beside_the_settings_is_used_by_itself(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pyproject.toml").write_text("[tool.wdlint]\n")
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    written = ran("--write-baseline", "..")
    assert "From now on they count as known." in written.stdout
    assert (here / "wdlint-baseline.json").exists()
    for folder in (here, here / "sub"):
        monkeypatch.chdir(folder)
        result = ran(os.path.relpath(here))
        assert (result.exit_code, "in the baseline" in result.stdout) == (0, True)
    assert ran("..", "--no-baseline").exit_code == 1
    assert ran("..", "--isolated").exit_code == 1
    assert ran("..", "--no-baseline", "--prune-baseline").exit_code == 2


def test_what_did_not_run_is_not_pruned(here: Path) -> None:
    ran("--write-baseline")
    before = codes()
    assert {"WD101", "WD201"} <= set(before)
    for arguments in (("--select", "WD1"), ("--ignore", "WD201"), ("--select", "WD902")):
        result = ran(*arguments, "--prune-baseline")
        assert (codes(), "Removed 0 of" in result.stderr) == (before, True)
        assert "no longer occur" not in ran(*arguments).stderr
    (here / "wdlint.toml").write_text('per-file-ignores = { "train.py" = ["WD2"] }\n')
    assert ran("--prune-baseline").exit_code == 0
    assert codes() == before
    (here / "wdlint.toml").unlink()
    (here / "train.py").write_text("import torch.optim\noptimizer = torch.optim.Adam(\n")
    ran("--prune-baseline")
    assert codes() == before
    (here / "train.py").write_text(FAULTS.replace("second = torch.optim.Adam(", "second = torch.optim.AdamW("))
    ran("--select", "WD2", "--prune-baseline")
    assert codes() == [code for code in before if not code.startswith("WD2")]


def test_latent_faults_stay_where_they_are_not_asked_for(here: Path) -> None:
    (here / "train.py").write_text(LATENT)
    ran("--latent", "--write-baseline")
    before = codes()
    assert before
    ran("--prune-baseline")
    assert codes() == before
    (here / "train.py").write_text("x = 1\n")
    ran("--latent", "--prune-baseline")
    assert codes() == []


def test_a_folder_that_cannot_be_opened_is_trouble(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "closed").mkdir()
    real = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(paths.os, "scandir", refusing)
    result = ran("closed")
    assert (result.exit_code, "closed: can't be read: Permission denied" in result.stderr) == (2, True)


def test_a_table_for_pyproject_in_wdlint_toml_is_said(here: Path) -> None:
    (here / "wdlint.toml").write_text('[tool.wdlint]\nselect = ["WD1"]\n')
    result = ran()
    assert (result.exit_code, "here keys stand at the top level" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("word", "suppresses"), [("WD2", True), ("wd20", True), ("WD", True), ("WD1", False), ("W", False)]
)
def test_a_comment_may_name_the_beginning_of_codes(here: Path, word: str, suppresses: bool) -> None:
    adam = "import torch\n\nmodel = torch.nn.Linear(2, 2, bias=False)\n"
    adam += "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)"
    (here / "train.py").write_text(f"{adam}  # wdlint: ignore[{word}]\n")
    result = ran("--select", "WD201", "--no-cache")
    assert (result.exit_code == 0) is suppresses
