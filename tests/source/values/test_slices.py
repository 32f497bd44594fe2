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
stack = nn.Sequential(*[nn.Linear(4, 4, bias=False) for _ in range(6)])
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
    "layers of a list, one after the other": """
blocks = list(net.layers)
opt = torch.optim.AdamW(
    [{"params": [p for block in blocks[1:-1] for p in block.parameters()], "weight_decay": 0.1},
     {"params": [p for block in [blocks[0], blocks[-1]] for p in block.parameters()], "weight_decay": 0.0}])
""",
    "children, one after the other": """
early, late = list(stack.children())[:3], list(stack.children())[3:]
opt = torch.optim.AdamW(
    [{"params": [p for layer in early for p in layer.parameters()], "lr": 1e-4},
     {"params": [p for layer in late for p in layer.parameters()]}], weight_decay=0.1)
""",
    "a slice beside layers by their numbers, from the end too": """
opt = torch.optim.AdamW(
    [{"params": chain[:1].parameters()}, {"params": chain[-2].weight},
     {"params": [chain[-2].bias, *chain[-1].parameters()], "weight_decay": 0.0}], weight_decay=0.1)
""",
    "names in a slice of all": """
names = [n for n, _ in chain.named_parameters()]
opt = torch.optim.AdamW(
    [{"params": [p for n, p in chain.named_parameters() if n in names[:2] and n.endswith("t") and "2." not in n]},
     {"params": [p for n, p in chain.named_parameters() if not n.endswith("t") or "2." in n], "weight_decay": 0.0}],
    weight_decay=0.1)
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


LAST = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4, bias=False), nn.LayerNorm(4))
{change}
opt = torch.optim.AdamW(
    [{{"params": net[0].parameters()}}, {{"params": net[-1].parameters()}}], weight_decay=0.1)
"""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("", "`1.bias`"),
        ("net[-1] = nn.BatchNorm1d(4)", "`BatchNorm1d.bias`"),
        ("net = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4, bias=False))", "`0.bias`"),
    ],
)
def test_the_last_layer_of_a_chain_is_a_part_of_it(change: str, named: str) -> None:
    codes = {f.code: f.message for f in check_source(LAST.format(change=change)) if f.code in ("WD101", "WD301")}
    assert [message for message in codes.values() if named in message]


@pytest.mark.parametrize("change", ["net.append(nn.Linear(4, 4, bias=False))", "net.pop(1)", "del net[1]"])
def test_the_last_layer_of_a_chain_that_grew_or_shrank_is_not_told(change: str) -> None:
    assert not [f for f in check_source(LAST.format(change=change)) if f.confidence.value == "proven"]
