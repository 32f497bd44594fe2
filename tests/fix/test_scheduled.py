"""A decay that is set for all groups later is guarded only where nothing else can have switched it off before."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

HEAD = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 4))
opt = torch.optim.AdamW(net.parameters(), lr=0.01, weight_decay=0.1)
"""
SET = "for group in opt.param_groups:\n    group['weight_decay'] = 0.2\n"


def guarded(between: str, after: str = SET) -> bool:
    found = [f for f in check_source(HEAD + between + after, "train.py") if f.code == "WD101"]
    edits = [edit.text for f in found if f.fix is not None for edit in f.fix.edits]
    return any(text.startswith("if group['weight_decay'] > 0:") for text in edits)


@pytest.mark.parametrize(
    "between",
    [
        "",
        "print(opt.param_groups[0]['weight_decay'])\n",
        "other = torch.optim.SGD([torch.ones(2)], weight_decay=1e-4)\n",
    ],
)
def test_a_decay_that_stays_above_0_is_guarded(between: str) -> None:
    assert guarded(between)


def test_a_comment_behind_it_is_no_statement() -> None:
    assert guarded("", SET.rstrip() + "  # from here on\n")


@pytest.mark.parametrize(
    "between",
    [
        "for g in opt.param_groups:\n    g.update(weight_decay=0.0)\n",
        "for g in opt.param_groups:\n    g.update({'weight_decay': 0.0})\n",
        "for g in opt.param_groups:\n    g |= {'weight_decay': 0.0}\n",
        "for g in opt.param_groups:\n    dict.update(g, weight_decay=0)\n",
        "KEY = 'weight_decay'\nfor g in opt.param_groups:\n    g[KEY] = 0.0\n",
        "def off(o, weight_decay=0.0):\n    pass\n\n\noff(opt, weight_decay=0.0)\n",
    ],
)
def test_a_decay_that_may_be_switched_off_in_another_way_is_not_asked_for(between: str) -> None:
    assert not guarded(between)


def test_a_second_statement_of_the_line_is_not_drawn_under_the_guard() -> None:
    assert not guarded("", "for group in opt.param_groups:\n    group['weight_decay'] = 0.2; group['lr'] = 0.5\n")
