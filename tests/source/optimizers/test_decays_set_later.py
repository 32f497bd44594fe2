"""Groups whose decay a later function sets by what else they hold: nothing is said of any of them."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

PROGRAM = """\
import torch
from torch import nn
from project import settings

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))


def adjust(optimizer, epoch, decay):
    for group in optimizer.param_groups:
        {change}


def train(opt, epoch):
    adjust(opt, epoch, 0.1)


groups = [
    {{"params": [p for n, p in net.named_parameters() if settings.first(n)], "decay_mult": settings.mult}},
    {{"params": [p for n, p in net.named_parameters() if not settings.first(n)], "decay_mult": 0}},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.1)
{call}
"""
CALL = "adjust(optimizer, 1, 0.1)"


@pytest.mark.parametrize(
    "change",
    [
        'group["weight_decay"] = decay * group["decay_mult"]',
        'group["weight_decay"] = decay * group.get("decay_mult", 1)',
        'if epoch > 0:\n            group["weight_decay"] = decay if group["decay_mult"] else 0.0',
    ],
)
def test_the_groups_say_to_what(change: str) -> None:
    assert check_source(PROGRAM.format(change=change, call=CALL)) == []


@pytest.mark.parametrize(
    ("change", "call"),
    [('group["lr"] = 1e-3 * group["decay_mult"]', CALL), ('group["weight_decay"] = decay * group["decay_mult"]', "")],
    ids=["another option is set", "never called with it"],
)
def test_else_all_of_them_decay(change: str, call: str) -> None:
    codes = {finding.code for finding in check_source(PROGRAM.format(change=change, call=call))}
    assert codes >= {"WD101", "WD102"}
