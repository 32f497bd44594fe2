"""A factory that makes one of several optimizers, of which one decays by itself: that it does is an assumption."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.facts import Confidence
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
"""
SCRIPT = "import torch\nfrom make import make\nfrom net import Net\n\noptimizer = make(Net(), input())\n"
MAKE = """\
import torch


def make(net, name):
    if name == "adamw":
        return torch.optim.AdamW(net.parameters(), lr=1e-3{first})
    return torch.optim.{other}(net.parameters(), lr=1e-3{second})
"""


@pytest.mark.parametrize(
    ("first", "other", "second", "confidence"),
    [
        ("", "Adam", "", Confidence.ASSUMED),
        (", weight_decay=0.1", "Adam", "", Confidence.ASSUMED),
        (", weight_decay=0.1", "SGD", ", weight_decay=0.1", Confidence.PROVEN),
    ],
)
def test_how_sure_it_is(tmp_path: Path, first: str, other: str, second: str, confidence: Confidence) -> None:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "make.py").write_text(MAKE.format(first=first, other=other, second=second))
    (tmp_path / "train.py").write_text(SCRIPT)
    checked = Linter(Configuration(isolated=True)).check(str(tmp_path / "train.py"))
    findings = [finding for finding in checked.findings if finding.code != "WD201"]
    assert findings
    assert {finding.confidence for finding in findings} == {confidence}
    assert not any("Adam or" in finding.message and "own default" in finding.message for finding in findings)
