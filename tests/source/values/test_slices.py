"""Slices take some of a model's parameters or layers, never all of them."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4, bias=False), nn.Linear(4, 4)])
        self.inner = list(self.layers[1:-1].parameters())
        self.outer = list(self.layers[:1].parameters()) + list(self.layers[-1:].parameters())

net = Net()
chain = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4), nn.LayerNorm(4))
each = list(chain.parameters())
named = list(chain.named_parameters())
"""

RIGHT = {
    "layers of a list": """
opt = torch.optim.AdamW(
    [{"params": net.layers[1:-1].parameters(), "weight_decay": 0.1}, {"params": net.layers[:1].parameters()},
     {"params": net.layers[-1:].parameters()}], lr=0.1, weight_decay=0.0)
""",
    "layers of a chain": """
opt = torch.optim.AdamW(
    [{"params": chain[:1].parameters(), "weight_decay": 0.1}, {"params": chain[1:].parameters()}], weight_decay=0.0)
""",
    "lists that a model keeps": """
opt = torch.optim.AdamW(
    [dict(params=net.inner, weight_decay=0.1), dict(params=net.outer, weight_decay=0.0)], lr=0.1)
""",
    "parameters": """
opt = torch.optim.AdamW([{"params": each[:1], "weight_decay": 0.1}, {"params": each[1:], "weight_decay": 0.0}])
""",
    "names with parameters": """
head = [p for n, p in named[-2:]]
opt = torch.optim.AdamW(
    [{"params": head, "weight_decay": 0.0},
     {"params": [p for n, p in named[:-2] if p.ndim > 1], "weight_decay": 0.1},
     {"params": [p for n, p in named[:-2] if p.ndim < 2], "weight_decay": 0.0}])
""",
    "words": """
words = ["chain", "bias", "2.weight"]
skip = words[1:]
opt = torch.optim.AdamW(
    [{"params": [p for n, p in named if any(w in n for w in skip)], "weight_decay": 0.0},
     {"params": [p for n, p in named if not any(w in n for w in skip)], "weight_decay": 0.1}])
""",
}
WRONG = {
    "parameters that all decay": """
opt = torch.optim.AdamW([{"params": each[:1], "lr": 0.1}, {"params": each[1:], "lr": 0.2}], weight_decay=0.1)
""",
    "lists that a model keeps": """
opt = torch.optim.AdamW([{"params": net.inner, "weight_decay": 0.1}, {"params": net.outer, "weight_decay": 0.2}])
""",
    "layers under a name": """
first, rest = chain[:1], chain[1:]
opt = torch.optim.AdamW([{"params": first.parameters(), "lr": 0.1}, {"params": rest.parameters()}], weight_decay=0.1)
""",
    "words": """
skip = ["2.weight", "bias"][1:]
opt = torch.optim.AdamW(
    [{"params": [p for n, p in named if any(w in n for w in skip)], "weight_decay": 0.0},
     {"params": [p for n, p in named if not any(w in n for w in skip)], "weight_decay": 0.1}])
""",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right(text: str) -> None:
    assert check_source(NETWORK + text) == []


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_wrong(text: str) -> None:
    codes = {finding.code for finding in check_source(NETWORK + text)}
    assert codes and codes <= {"WD101", "WD102", "WD301"}


def test_a_list_that_the_constructor_fills_is_a_part_of_its_model() -> None:
    filled = """\
        self.more = nn.ModuleList()
        self.more.append(nn.Linear(4, 4))
        self.kept = list(self.more.parameters())

net = Net()
"""
    program = NETWORK.replace("\nnet = Net()\n", filled)
    (finding,) = check_source(program + "opt = torch.optim.AdamW(net.kept, weight_decay=0.1)\n")
    assert finding.code == "WD101" and "`more.0.bias`) of `net`" in finding.message
