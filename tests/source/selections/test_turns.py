"""Loops over a list of models: what each of their turns takes is taken, so faults of one of them are proven."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.judging.judge import judge
from wdlint.judging.rule import built_in
from wdlint.source.engine import Project, observe

MODELS = """\
import argparse
import itertools
import torch
from torch import nn

options = argparse.ArgumentParser().parse_args()
encoder = nn.Linear(4, 4)
scale = nn.LayerNorm(4)
"""

EACH = {
    "a list that is extended": """
        params = []
        for part in [encoder, scale]:
            params += [p for p in part.parameters() if p.requires_grad]
        torch.optim.AdamW(params, weight_decay=0.1)
    """,
    "a helper that is given them": """
        def make(parts, decay):
            params = []
            for part in parts:
                params.extend(part.parameters())
            return torch.optim.AdamW(params, weight_decay=decay)

        make((encoder, scale), 0.1)
    """,
    "a comprehension": """
        torch.optim.AdamW([p for part in (encoder, scale) for p in part.parameters()], weight_decay=0.1)
    """,
    "a dictionary's values": """
        parts = {"encoder": encoder, "scale": scale}
        params = []
        for name, part in parts.items():
            params.extend(part.parameters())
        torch.optim.AdamW(params, weight_decay=0.1)
    """,
    "groups for the learning rates": """
        groups = []
        for part in (encoder, scale):
            groups.append({"params": [p for p in part.parameters() if p.requires_grad], "lr": 0.1})
        torch.optim.AdamW(groups, weight_decay=0.1)
    """,
    "a name of the turn's own": """
        params = []
        for part in (encoder, scale):
            own = filter(lambda p: p.requires_grad, part.parameters())
            params += list(own)
        torch.optim.AdamW(params, weight_decay=0.1)
    """,
}


def gains(text: str) -> list[tuple[str, tuple[str, ...]]]:
    facts = observe("train.py", (MODELS + dedent(text)).encode(), Project())
    rules = [rule for rule in built_in() if rule.code == "WD102"]
    return [(finding.confidence.value, finding.parameters) for finding in judge(facts, rules)]


@pytest.mark.parametrize("text", EACH.values(), ids=EACH)
def test_each_turn_is_made(text: str) -> None:
    assert gains(text) == [("proven", ("LayerNorm.weight",))]


BRANCH = {
    "one of two models": """
        part = encoder if options.first else scale
        torch.optim.AdamW([p for p in part.parameters() if p.requires_grad], weight_decay=0.1)
    """,
    "one of two models, in a loop over other things": """
        params = []
        for name in ("first", "second"):
            part = encoder if options.first else scale
            params += [p for p in part.parameters() if p.requires_grad]
        torch.optim.AdamW(params, weight_decay=0.1)
    """,
}


@pytest.mark.parametrize("text", BRANCH.values(), ids=BRANCH)
def test_one_of_several_is_assumed(text: str) -> None:
    assert [confidence for confidence, _ in gains(text)] == ["assumed"]


def test_a_division_in_the_loop_is_silent() -> None:
    assert not gains("""
        decayed, spared = [], []
        for part in [encoder, scale]:
            for p in part.parameters():
                (decayed if p.ndim > 1 else spared).append(p)
        torch.optim.AdamW([{"params": decayed}, {"params": spared, "weight_decay": 0.0}], weight_decay=0.1)
    """)
