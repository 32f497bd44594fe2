"""Penalties that `reduce` adds up, and decay that a chain of calls in place adds to a gradient."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import functools
import operator

import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for x in range(3):
    loss = net(x).sum()
"""
PENALTIES = {
    "a lambda": ("functools.reduce(lambda total, p: total + p.pow(2).sum(), net.parameters(), 0.0)", True),
    "a lambda of norms": ("functools.reduce(lambda s, w: s + torch.norm(w) ** 2, net.parameters(), 0)", True),
    "an operator": ("functools.reduce(operator.add, (p.norm() ** 2 for p in net.parameters()))", True),
    "counts": ("functools.reduce(lambda total, p: total + p.numel(), net.parameters(), 0)", False),
    "sums of names": ("functools.reduce(lambda total, p: total + p.abs().sum(), net.parameters(), 0)", False),
}
GRADIENTS = {
    "after a scale": ("p.grad.mul_(0.5).add_(p, alpha=1e-3)", True),
    "before a clip": ("p.grad.data.add_(p.data, alpha=1e-3).clamp_(-1, 1)", True),
    "between two": ("p.grad.div_(2).add_(p, alpha=1e-3).clamp_(-1, 1)", True),
    "noise": ("p.grad.mul_(0.5).add_(torch.randn_like(p), alpha=1e-3)", False),
    "scales alone": ("p.grad.div_(2).clamp_(-1, 1)", False),
}


@pytest.mark.parametrize(("term", "found"), PENALTIES.values(), ids=PENALTIES)
def test_folded(term: str, found: bool) -> None:
    text = f"    loss = loss + 1e-3 * {term}\n    loss.backward()\n    opt.step()\n"
    assert [finding.code for finding in check_source(NETWORK + text)] == ["WD202"] * found


@pytest.mark.parametrize(("edit", "found"), GRADIENTS.values(), ids=GRADIENTS)
def test_chained(edit: str, found: bool) -> None:
    text = f"    loss.backward()\n    for p in net.parameters():\n        {edit}\n    opt.step()\n"
    assert [finding.code for finding in check_source(NETWORK + text)] == ["WD203"] * found
