"""What `--fix` says it left: true of the files as they are after all of them were mended."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wdlint.commands.cli import wdlint

FACTORY = """\
import torch


def build_optimizer(model, lr=1e-3, weight_decay=0.1):
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
"""
SCRIPT = """\
from torch import nn

from optimizers import build_optimizer

net = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8))
optimizer = build_optimizer(net, weight_decay=0.1)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / ".cache"))
    Path("a_script.py").write_text(SCRIPT)  # linted before the factory is mended
    Path("optimizers.py").write_text(FACTORY)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(wdlint, [*arguments, "."], prog_name="wdlint")


def test_a_finding_says_where_the_optimizer_is_made_if_another_file_makes_it() -> None:
    told = run().stdout
    assert "WD101 decayed-bias: AdamW decays 2 biases" in told
    assert "note: this is repaired where the optimizer is made (optimizers.py:5:12)" in told


def test_what_a_mended_factory_mends_elsewhere_is_not_reported_as_left() -> None:
    result = run("--fix")
    assert "fixed WD101 optimizers.py:5:12" in result.stderr
    assert Path("a_script.py").read_text() == SCRIPT
    assert result.stdout == "No faults found in 2 files; 2 optimizers judged.\n"
    assert result.exit_code == 0


def test_what_no_fix_reaches_is_still_reported() -> None:
    Path("optimizers.py").write_text(FACTORY.replace("AdamW", "Adagrad"))
    result = run("--fix")
    assert "WD201 coupled-optimizer: Adagrad" in result.stdout
    assert "WD101" not in result.stdout
    assert result.exit_code == 1
