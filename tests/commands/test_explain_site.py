"""`wdlint explain-site` shows one optimizer as it was read."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.commands.explain_site import explain_site
from wdlint.complaint import Complaint

TRAIN = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
weights = [p for n, p in model.named_parameters() if "bias" not in n]
biases = [p for n, p in model.named_parameters() if "bias" in n]
optimizer = torch.optim.AdamW(
    [{"params": weights, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}], lr=1e-3
)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(TRAIN)


def test_groups_and_parameters_are_shown() -> None:
    rows = [" ".join(row.split()) for row in explain_site("train.py:8").splitlines()]
    assert rows[0] == "train.py:7:13: torch.optim.AdamW"
    assert any(row.startswith("group 1:") and "decay 0.1" in row for row in rows)
    assert "takes name does not contain 'bias'" in rows
    assert "takes name contains 'bias'" in rows
    assert "0.weight weight group 1 torch.nn.Linear: weight" in rows
    assert "0.bias bias group 2 torch.nn.Linear: bias" in rows
    assert "1.weight gain group 1 torch.nn.LayerNorm: weight" in rows
    assert explain_site("train.py") == explain_site("train.py:7")


@pytest.mark.parametrize(
    ("site", "says"),
    [
        ("train.py:1", "no optimizer in line 1; there is one in line 7"),
        ("nope.py", "nope.py: can't be read"),
        ("broken.py:2", "broken.py: can't be read"),
        ("empty.py", "there is no optimizer$"),
    ],
)
def test_what_cannot_be_shown_is_said(site: str, says: str) -> None:
    Path("broken.py").write_text("print 'x'\n")
    Path("empty.py").write_text("")
    with pytest.raises(Complaint, match=says):
        explain_site(site)
    result = CliRunner().invoke(wdlint, ["explain-site", site])
    assert (result.exit_code, result.stdout) == (2, "")
