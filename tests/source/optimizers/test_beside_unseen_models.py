"""Models that can be seen beside others that can't: what they have none of is not said to decay."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

HEAD = """\
import torch
from torch import nn
from parts import something

body = something()
plain, full = nn.Linear(8, 2, bias=False), nn.Linear(8, 2)
"""
FROZEN = "for p in body.parameters():\n    p.requires_grad = False\n"
CHOSEN = "[*(p for p in body.parameters() if p.requires_grad), *{}.parameters()]"


@pytest.mark.parametrize(
    ("before", "taken", "found"),
    [
        (FROZEN, CHOSEN.format("plain"), False),
        (FROZEN, CHOSEN.format("full"), True),
        ("", CHOSEN.format("plain"), True),
        (FROZEN, "list(body.parameters()) + list(plain.parameters())", False),
    ],
)
def test_only_what_there_may_be_is_assumed(before: str, taken: str, found: bool) -> None:
    code = f"{HEAD}{before}opt = torch.optim.AdamW({taken}, lr=1e-3, weight_decay=0.1)\n"
    assert bool(check_source(code)) is found
