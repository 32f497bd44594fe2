"""A part that is frozen by a name that can't be seen: what the model decays is assumed from then on, never proven."""

from __future__ import annotations

import pytest

from wdlint.facts import Confidence
from wdlint.linting.examples import lint_files

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.norm(self.body(x)))


def run(args):
    net = Net()
"""
MADE = "    return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)\n"

UNSEEN = [
    "    getattr(net, args.part).requires_grad_(False)\n",
    "    part = getattr(net, args.part)\n    part.requires_grad_(False)\n",
    "    for p in getattr(net, args.part).parameters():\n        p.requires_grad = False\n",
    "    net.get_submodule(args.part).requires_grad_(False)\n",
    "    for name in args.parts:\n        getattr(net, name).requires_grad_(False)\n",
]
SEEN = ["", '    getattr(net, "body").requires_grad_(False)\n']


@pytest.mark.parametrize("text", [*UNSEEN, *SEEN])
def test_who_is_frozen_by_a_name(text: str) -> None:
    findings, errors = lint_files({"train.py": NET + text + MADE}, {"select": ("WD102",)})
    assert errors == []
    said = [finding.confidence for finding in findings]
    assert said == [Confidence.PROVEN if text in SEEN else Confidence.ASSUMED]
