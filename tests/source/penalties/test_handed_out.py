"""Penalties that a method hands to a loss in another file, where the model can't be seen (WD202)."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

TRAINER = """\
import torch


class Trainer:
    def __init__(self, settings):
        self.model = settings["model"]
        self.opt = torch.optim.Adam(self.model.parameters(), lr=settings["lr"])
        self.strength = settings["l2_reg"]

    def epoch(self, batches):
        for users in batches:
LOOP
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()
"""
SUM = """\
            scores, penalty = self.model.rate_users(users)
            loss = scores.mean() + self.strength * penalty.mean()
"""
LOGGED = """\
            scores, penalty = self.model.rate_users(users)
            print(penalty)
            loss = scores.mean()
"""
KNOWN = """\
            from plain import Plain
            scores, penalty = Plain().rate_users(users)
            loss = scores.mean() + self.strength * penalty
"""
MODELS = """\
import torch
from torch import nn


class Ratings(nn.Module):
    def __init__(self):
        super().__init__()
        self.rows = nn.Embedding(9, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 1)])

    def NAME(self, users):
        x = self.rows(users)
BODY
"""
PLAIN = """\
class Plain:
    def rate_users(self, users):
        return users, 0.0
"""
ADDED = """\
        l2_loss = torch.norm(self.layers[0].weight, p=2)[None] ** 2  # WD202
        for layer in self.layers[1:]:
            x = layer(x)
            l2_loss += torch.norm(layer.weight, p=2) ** 2  # WD202
        return x, l2_loss
"""

ONE = """\
        l2_loss = self.layers[0].weight.pow(2).sum()  # WD202
        return x, l2_loss
"""
ROWS = """\
        l2_loss = x.norm(dim=1) ** 2
        return x, l2_loss
"""
DISTANCE = """\
        l2_loss = (self.layers[0].weight - 1).pow(2).sum()
        return x, l2_loss
"""
THIRD = """\
        l2_loss = self.layers[0].weight.pow(2).sum()
        return x, 0.0, l2_loss
"""
SILENT = ADDED.replace("  # WD202", "")

PROGRAMS = {
    "summed up": (SUM, "rate_users", ADDED),
    "one term": (SUM, "rate_users", ONE),
    "rows that were looked up": (SUM, "rate_users", ROWS),
    "a distance": (SUM, "rate_users", DISTANCE),
    "at another place": (SUM, "rate_users", THIRD),
    "only shown": (LOGGED, "rate_users", SILENT),
    "of a class that is another": (KNOWN, "rate_users", SILENT),
    "another method": (SUM, "rate_items", SILENT),
}


@pytest.mark.parametrize(("loop", "name", "body"), PROGRAMS.values(), ids=PROGRAMS)
def test_what_a_loss_gets_from_another_file(loop: str, name: str, body: str) -> None:
    files = {
        "trainer.py": TRAINER.replace("LOOP\n", loop) + "\n# models are in model.py\n",
        "model.py": MODELS.replace("NAME", name).replace("BODY\n", body),
        "plain.py": dedent(PLAIN),
    }
    findings, errors = lint_files(files, {"select": ("WD2",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
