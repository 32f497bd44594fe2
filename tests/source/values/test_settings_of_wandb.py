"""wandb's settings: what a run is given, unless a sweep says otherwise."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

WANDB = """\
import torch
import wandb
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8))
"""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("run = wandb.init(config=dict(wd=0.0))\nwd = run.config['wd']\n", False),
        ("wandb.init(project='p', config={'wd': 0.0})\nwd = wandb.config.wd\n", False),
        ("wandb.init(config={'wd': 0.0})\nconfig = wandb.config\nwd = config['wd']\n", False),
        ("run = wandb.init(config=dict(wd=0.05))\nwd = run.config.wd\n", True),
        ("wandb.init(config={'wd': 0.05})\nwd = wandb.config.wd\n", True),
        ("sweep = wandb.sweep({})\nwandb.init(config={'wd': 0.0})\nwd = wandb.config.wd\n", True),
    ],
)
def test_a_run_of_wandb_has_the_settings_that_it_is_given(code: str, found: bool) -> None:
    optimizer = "opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=wd)\n"
    assert bool(check_source(WANDB + code + optimizer)) is found
