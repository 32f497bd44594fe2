"""A written optimizer that asks a function, given as an option, whether a parameter decays."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

SOLVER = """\
import torch
from torch import nn


def is_flat(p):
    return p.ndim == 1


def is_frozen(p):
    '''What the first phase leaves alone.'''
    return not p.requires_grad


class Solver(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, weight_decay=0.0, spared=None):
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, spared=spared))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if group["spared"] is None or not group["spared"](p):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(p.grad.sign(), alpha=-group["lr"])
"""
NET = """\
import torch
from torch import nn
import solver
from solver import Solver, is_flat, is_frozen

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
PROGRAMS = {
    "a function": "optimizer = Solver(net.parameters(), weight_decay=0.1, spared=is_flat)",
    "a function of a module": "optimizer = Solver(net.parameters(), weight_decay=0.1, spared=solver.is_flat)",
    "a lambda": "optimizer = Solver(net.parameters(), weight_decay=0.1, spared=lambda p: p.dim() < 2)",
    "another question": "optimizer = Solver(net.parameters(), weight_decay=0.1, spared=is_frozen)  # WD101, WD102",
    "none": "optimizer = Solver(net.parameters(), weight_decay=0.1)  # WD101, WD102",
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_filters(text: str) -> None:
    files = {"solver.py": SOLVER, "example.py": NET + dedent(text) + "\n"}
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
