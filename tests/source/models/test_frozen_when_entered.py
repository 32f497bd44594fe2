"""What a function freezes is frozen too where it is read with what its callers give it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import torch
from torch import nn
from lightning.fabric import Fabric


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.low_a = nn.Linear(width, 2, bias=False)


def only_low(model):
    for n, p in model.named_parameters():
        if "low_" not in n:
            p.requires_grad = False


def build(width):
    return Net(width)


"""
PROGRAMS = {
    "a launched function": """
        def start(width: int = 4, kind: str = "AdamW"):
            Fabric().launch(main, width, kind)

        def main(fabric, width, kind):
            model = Net(width)
            only_low(model)
            optimizer = getattr(torch.optim, kind)(model.parameters(), weight_decay=0.1)

        start()
        """,
    "a function that is called": """
        def main(width, strength):
            model = Net(width)
            only_low(model)
            return torch.optim.AdamW(model.parameters(), weight_decay=strength)

        main(4, 0.1)
        """,
    "a model from a factory": """
        def main(width, strength):
            model = build(width)
            only_low(model)
            return torch.optim.AdamW(model.parameters(), weight_decay=strength)

        main(4, 0.1)
        """,
    "a method of a class": """
        class Trainer:
            def __init__(self, width, strength):
                self.model = Net(width)
                self.strength = strength
                only_low(self.model)

            def fit(self):
                return torch.optim.AdamW(self.model.parameters(), weight_decay=self.strength)

        Trainer(4, 0.1).fit()
        """,
    "another model of the same factory": """
        def main(width, strength):
            teacher = build(width)
            only_low(teacher)
            student = build(width)
            return torch.optim.AdamW(student.parameters(), weight_decay=strength)  # WD101, WD102

        main(4, 0.1)
        """,
    "a model made in the other branch's call": """
        def main(width, strength, teach):
            frozen = build(width)
            for p in frozen.parameters():
                p.requires_grad_(False)
            model = build(width)
            return torch.optim.AdamW(model.parameters(), weight_decay=strength)  # WD101, WD102

        main(4, 0.1, True)
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_frozen_when_entered(text: str) -> None:
    files = {"example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
