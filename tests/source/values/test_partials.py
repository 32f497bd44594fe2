"""What a call names itself replaces what `functools.partial` was given before."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

HEAD = """\
from functools import partial

import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""


@pytest.mark.parametrize(
    ("calls", "decayed"),
    [
        ("make = partial(torch.optim.AdamW, weight_decay=0.1)\nopt = make(net.parameters())\n", True),
        ("make = partial(torch.optim.AdamW, weight_decay=0.1)\nopt = make(net.parameters(), lr=0.1)\n", True),
        ("make = partial(torch.optim.AdamW, weight_decay=0.1)\nopt = make(net.parameters(), weight_decay=0)\n", False),
        ("make = partial(torch.optim.AdamW, weight_decay=0)\nopt = make(net.parameters(), weight_decay=0.1)\n", True),
        (
            "make = partial(torch.optim.AdamW, weight_decay=0.1)\nmore = {'weight_decay': 0.0}\n"
            "opt = make(net.parameters(), **more)\n",
            False,
        ),
        (
            "first = partial(torch.optim.AdamW, weight_decay=0.1)\nmake = partial(first, weight_decay=0.0)\n"
            "opt = make(net.parameters())\n",
            False,
        ),
        (
            "def built(params, decay):\n    return torch.optim.AdamW(params, weight_decay=decay)\n\n\n"
            "make = partial(built, decay=0.1)\nopt = make(net.parameters(), decay=0.0)\n",
            False,
        ),
    ],
)
def test_the_later_argument_counts(calls: str, decayed: bool) -> None:
    found = {f.code for f in check_source(HEAD + calls, "train.py") if not f.latent}
    assert ("WD101" in found) is decayed
