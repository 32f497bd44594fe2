"""Norms that are the whole loss, and parameters added to gradients as a whole: no decay is meant."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.api import check_source

HEAD = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(2, 4), torch.randn(2, 4)

"""
NOTHING = {
    "a sum of norms": "loss = sum(p.norm() for p in model.parameters())\nloss.backward()",
    "a list of them": "loss = sum([p.norm(p=2) for p in model.parameters()])\nloss.backward()",
    "one after the other": """
        loss = 0.0
        for p in model.parameters():
            loss += p.pow(2).sum()
        loss.backward()
        """,
    "from a tensor": """
        loss = torch.zeros(())
        for i, p in enumerate(model.parameters()):
            if i % 2 == 0:
                loss = loss + torch.norm(p)
        loss.backward()
        """,
    "two of them": "(model[0].weight.pow(2).sum() + model[0].bias.pow(2).sum()).backward()",
    "of a gradient that holds other weights": """
        for p, q in zip(model.parameters(), [torch.zeros(4)]):
            p.grad.data.add_(-1.0 * q.data)
        for p in model.parameters():
            p.grad.data.mul_(0.5).add_(p.data)
        """,
    "added by an operator": "for p in model.parameters():\n    p.grad += p.data",
    "added by a number that is 1": "for p in model.parameters():\n    p.grad.add_(p, alpha=1.0)",
}
SOMETHING = {
    "beside a loss": """
        loss = nn.functional.mse_loss(model(x), y)
        for p in model.parameters():
            loss += p.pow(2).sum()
        loss.backward()
        """,
    "beside squares of the data": """
        loss = (model(x) - y).pow(2).sum() + sum(p.norm() for p in model.parameters())
        loss.backward()
        """,
    "beside a loss that is handed in": """
        def step(loss):
            for p in model.parameters():
                loss = loss + p.norm()
            loss.backward()
        """,
    "with a strength": "loss = 0.1 * sum(p.norm() for p in model.parameters())\nloss.backward()",
    "beside what an output holds": """
        def step(out):
            loss = out.loss + sum(p.norm() for p in model.parameters())
            loss.backward()
        """,
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_nothing_is_penalised(text: str) -> None:
    assert check_source(HEAD + dedent(text).strip() + "\n") == []


@pytest.mark.parametrize("text", SOMETHING.values(), ids=SOMETHING)
def test_something_is(text: str) -> None:
    assert {finding.code for finding in check_source(HEAD + dedent(text).strip() + "\n")} == {"WD202"}
