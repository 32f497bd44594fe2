"""Helpers that test a module and then go over its parameters freeze these certainly, however the test stands."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Confidence

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.gn = nn.GroupNorm(2, 8)
        self.head = nn.Linear(8, 3, bias=False)

    def forward(self, x):
        return self.head(self.gn(self.bn(self.stem(x))).mean((2, 3)))


model = Net()
"""
OPTIMIZER = (
    "\nopt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.05)\n"
)

SILENT = {
    "apply": """
def freeze(m):
    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        for q in m.parameters():
            q.requires_grad = False
model.apply(freeze)
""",
    "early return": """
def freeze(m):
    if not isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        return
    for q in m.parameters():
        q.requires_grad_(False)
model.apply(freeze)
""",
    "named parameters": """
NORMS = (nn.BatchNorm2d, nn.GroupNorm)
def freeze(layer):
    if isinstance(layer, NORMS):
        for _, q in layer.named_parameters():
            q.requires_grad = False
model.apply(freeze)
""",
    "called in a loop": """
def freeze(m):
    if isinstance(m, nn.BatchNorm2d) or isinstance(m, nn.GroupNorm):
        for q in m.parameters(recurse=False):
            q.requires_grad = False
for module in model.modules():
    freeze(module)
""",
}

FLAGGED = {
    "another kind": """
def freeze(m):
    if isinstance(m, nn.LayerNorm):
        for q in m.parameters():
            q.requires_grad = False
model.apply(freeze)
""",
    "by an option besides": """
import sys
def freeze(m):
    if isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        for q in m.parameters():
            q.requires_grad = False
if "--freeze" in sys.argv:
    model.apply(freeze)
""",
}


def _codes(freezing: str) -> set[str]:
    return {finding.code for finding in check_source(NET + freezing + OPTIMIZER)}


@pytest.mark.parametrize("freezing", SILENT.values(), ids=SILENT)
def test_what_a_helper_freezes_in_a_loop_is_not_reported(freezing: str) -> None:
    assert _codes(freezing) == set()


@pytest.mark.parametrize("freezing", FLAGGED.values(), ids=FLAGGED)
def test_what_may_be_trained_is_reported(freezing: str) -> None:
    assert _codes(freezing) == {"WD101", "WD102"}


BRANCHES = """\
import torch
from torch import nn

if big:
    base = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    {inside}
else:
    base = nn.Sequential(nn.Linear(5, 3), nn.LayerNorm(3))
{after}


class Probe(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base
        self.head = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        return self.head(self.base(x))


opt = torch.optim.AdamW(Probe(base).parameters(), lr=1e-3, weight_decay=0.05)
"""
LOOP = "for p in base.parameters(): p.requires_grad = False"
ADAPTED = "from peft import LoraConfig, get_peft_model\nbase = get_peft_model(base, LoraConfig(r=4))"


@pytest.mark.parametrize("after", [LOOP, ADAPTED], ids=["loop", "adapters"])
def test_a_part_that_a_branch_chooses_is_frozen_whichever_it_is(after: str) -> None:
    assert check_source(BRANCHES.format(inside="pass", after=after), "train.py") == []


def test_a_part_that_one_branch_freezes_may_be_trained() -> None:
    found = check_source(BRANCHES.format(inside=LOOP, after=""), "train.py")
    assert {(f.code, f.confidence) for f in found} == {
        ("WD101", Confidence.ASSUMED),
        ("WD102", Confidence.ASSUMED),
    }
    found = check_source(BRANCHES.format(inside="pass", after=""), "train.py")
    assert {(f.code, f.confidence) for f in found} == {("WD101", Confidence.PROVEN), ("WD102", Confidence.PROVEN)}
