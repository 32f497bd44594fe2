"""An optimizer over one of several models holds the parameters of one: never those of all of them together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from wdlint.facts import OptimizerUse, Ternary
from wdlint.source.engine import observe
from wdlint.source.read.project import Project

MODELS = """\
import itertools
import torch
from torch import nn

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

class Large(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

def train(args):
    net = Small() if args.small else Large()
    opt = torch.optim.AdamW({held}, lr=1e-3, weight_decay=0.1)
"""

HELD = [
    "net.parameters()",
    "filter(lambda p: p.requires_grad, net.parameters())",
    "list(filter(lambda p: p.requires_grad, net.parameters()))",
    "[p for p in net.parameters() if p.requires_grad]",
    "map(lambda pair: pair[1], net.named_parameters())",
    "itertools.chain(net.parameters())",
    "set(net.parameters())",
    "sorted(net.parameters(), key=torch.numel)",
    "tuple(net.parameters()) + ()",
]


def uses_of(text: str) -> Sequence[OptimizerUse]:
    return observe("train.py", text.encode(), Project([])).uses


@pytest.mark.parametrize("held", HELD)
def test_each_model_is_an_answer_of_its_own(held: str) -> None:
    uses = uses_of(MODELS.replace("{held}", held))
    names = [[p.name for p in use.inventory.parameters] for use in uses if use.inventory is not None]
    assert names == [["head.weight", "head.bias"], ["body.weight", "body.bias", "norm.weight", "norm.bias"]]


NONE_AT_FIRST = """\
import torch
from torch import nn

def make(n):
    nets = {i: None for i in range(n)}
    for i in range(n):
        nets[i] = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    return nets

def train(net):
    return torch.optim.AdamW({held}, lr=1e-3, weight_decay=0.1)

for number, net in make(3).items():
    train(net)
"""


@pytest.mark.parametrize("held", HELD[:5])
def test_what_is_none_at_first_has_no_parameters(held: str) -> None:
    (use,) = uses_of(NONE_AT_FIRST.replace("{held}", held))
    assert use.complete and use.inventory is not None
    assert [p.name for p in use.inventory.parameters] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert all(member is Ternary.YES for member in use.groups[0].members)
