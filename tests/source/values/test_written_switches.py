"""A branch that the program's own constants switch off is not reported; one that something may switch on is."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
OFF = {
    "a flag": """
DECAY = False
if DECAY:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
else:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.0)
""",
    "a flag of a function": """
def train():
    decay = False
    if decay:
        return torch.optim.AdamW(net.parameters(), weight_decay=0.1)
    return torch.optim.AdamW(net.parameters(), weight_decay=0.0)

train()
""",
    "a number": """
stage = 2
if stage == 1:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
""",
    "what leaves": """
def train(rate):
    simple = True
    if simple:
        return torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.0)
    return torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=0.1)
""",
    "a penalty": """
opt = torch.optim.SGD(net.parameters(), lr=0.1)
L2 = False
for x in range(3):
    loss = net(x).sum()
    if L2:
        loss = loss + 0.1 * sum(p.pow(2).sum() for p in net.parameters())
    loss.backward()
    opt.step()
""",
    "a choice": """
ALL = False
groups = [{"params": [p for p in net.parameters() if p.ndim > 1]},
          {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0}]
opt = torch.optim.AdamW(net.parameters() if ALL else groups, weight_decay=0.1)
""",
}
ON = {
    "a flag that a function sets": """
decay = False

def switch():
    global decay
    decay = True

switch()
if decay:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
""",
    "an argument": """
def train(decay=False):
    if decay:
        return torch.optim.AdamW(net.parameters(), weight_decay=0.1)
    return torch.optim.AdamW(net.parameters(), weight_decay=0.0)
""",
    "an attribute": """
class Trainer:
    decay = False

    def start(self):
        if self.decay:
            self.opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
""",
    "an option": """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--decay", action="store_true")
args = parser.parse_args()
decay = args.decay
if decay:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
""",
    "a flag of two values": """
decay = False
if len(net) > 3:
    decay = True
if decay:
    opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
""",
}


@pytest.mark.parametrize("text", OFF.values(), ids=OFF)
def test_off(text: str) -> None:
    assert check_source(NETWORK + text) == []


@pytest.mark.parametrize("text", ON.values(), ids=ON)
def test_on(text: str) -> None:
    assert {finding.code for finding in check_source(NETWORK + text)} == {"WD101", "WD102"}
