"""Optimizers of a project that take parameters in several arguments, and classes that attributes hold."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
matrices = [p for p in net.parameters() if p.ndim >= 2]
vectors = [p for p in net.parameters() if p.ndim < 2]
"""
STEP = """
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.mul_(1 - group["lr"] * group["wd"])
                p.data.add_(p.grad, alpha=-group["lr"])
"""
TOGETHER = (
    """
class Two(torch.optim.Optimizer):
    def __init__(self, matrix_params, other_params=None, lr=1e-3, wd=0.1):
        params = list(matrix_params)
        others = list(other_params) if other_params is not None else []
        params.extend(others)
        super().__init__(params, dict(lr=lr, wd=wd))
"""
    + STEP
)
RATE_FIRST = (
    """
class Two(torch.optim.Optimizer):
    def __init__(self, lr=1e-3, wd=0.1, matrix_params=(), other_params=()):
        super().__init__([*matrix_params, *other_params], dict(lr=lr, wd=wd))
"""
    + STEP
)
APART = (
    """
class Two(torch.optim.Optimizer):
    def __init__(self, matrix_params, other_params, lr=1e-3, wd=0.1):
        groups = [dict(params=list(matrix_params), wd=wd), dict(params=list(other_params), wd=0.0)]
        super().__init__(groups, dict(lr=lr, wd=wd))
"""
    + STEP
)
KINDS = {"WD101", "WD102"}
BY_NAME = "opt = Two(matrix_params=matrices, other_params=vectors, lr=1e-2, wd=0.1)\n"
PROGRAMS = {
    "all in one list": (TOGETHER + BY_NAME, KINDS),
    "in order": (TOGETHER + "opt = Two(matrices, vectors)\n", {"WD104"}),
    "without the second": (TOGETHER + "opt = Two(matrices)\n", set()),
    "the rate first": (RATE_FIRST + BY_NAME, KINDS),
    "no decay": (RATE_FIRST + BY_NAME.replace("wd=0.1", "wd=0.0"), set()),
    "groups of their own": (APART + BY_NAME, set()),
    "groups of their own, mixed up": (APART + "opt = Two(vectors, matrices)\n", {"WD305"}),
    "an attribute": (
        """
class Trainer:
    def __init__(self, net):
        self.net = net
        self.cls = torch.optim.AdamW
        self.opt = self.cls(self.net.parameters(), lr=1e-3, weight_decay=0.1)

Trainer(net)
""",
        KINDS,
    ),
    "an attribute that is given": (
        """
class Trainer:
    def __init__(self, net, make=torch.optim.AdamW, **options):
        self.net, self.make, self.options = net, make, options

    def start(self):
        return self.make(self.net.parameters(), **self.options)

Trainer(net, lr=1e-3, weight_decay=0.1).start()
""",
        KINDS,
    ),
    "an attribute of the settings": (
        """
class Settings:
    algorithm = torch.optim.AdamW

opt = Settings.algorithm(net.parameters(), lr=1e-3, weight_decay=0.1)
""",
        KINDS,
    ),
    "an attribute that makes none": (
        """
class Clip:
    def __init__(self):
        self.clip = nn.utils.clip_grad_norm_
        self.clip(net.parameters(), max_norm=1.0, **{})
""",
        set(),
    ),
    "options that can't be seen": (
        """
from settings import config

def make(params, name, **options):
    return torch.optim.AdamW(params, **options)

make(net.parameters(), **config.optimizer)
""",
        KINDS,
    ),
    "options that can be seen": (
        """
def make(params, name, **options):
    return torch.optim.AdamW(params, **options)

make(net.parameters(), **dict(name="adamw", lr=0.1))
""",
        {"WD104"},
    ),
}


@pytest.mark.parametrize(("text", "expected"), PROGRAMS.values(), ids=PROGRAMS)
def test_what_they_hold(text: str, expected: set[str]) -> None:
    assert {finding.code for finding in check_source(NETWORK + text)} == expected
