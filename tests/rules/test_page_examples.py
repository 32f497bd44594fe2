"""The short examples on the rules' pages: each "Example" is flagged, and each "Use instead" is not.

They are pieces of programs. Here stands for each rule what is around them: a model, and what comes after.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

import pytest

from wdlint import check_source
from wdlint.judging.rule import Rule, built_in

HEAD = """\
import torch
from torch import nn
from wdlint import decay_groups

"""
MODEL = "model = nn.Sequential(nn.Conv1d(8, 8, 3), nn.BatchNorm1d(8), nn.Flatten(), nn.Linear(8, 8))\n"
PARTS = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(8, 8)
        self.subnet = nn.Linear(8, 8)
        self.bn = nn.BatchNorm1d(8)
        self.head = nn.Linear(8, 1)

model = Net()
"""
TWO_GROUPS = """\
optimizer = torch.optim.AdamW(
    [{"params": decay, "weight_decay": 0.1}, {"params": no_decay, "weight_decay": 0.0}], lr=1e-3
)
"""
BY_NAME = """\
optimizer = torch.optim.AdamW([
    {"params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
    {"params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
], lr=1e-3)
"""
STEP = "loss.backward()\noptimizer.step()\n"
OWN = "class Own(torch.optim.Optimizer):\n    def __init__(self, params):\n        pass\n"
GPT2 = "from transformers import GPT2LMHeadModel\nmodel = GPT2LMHeadModel.from_pretrained('gpt2')\n"
OPTIMIZER = "optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)\n"


@dataclass(frozen=True)
class Around:
    """What is around a piece of a program."""

    before: str = MODEL
    after: str = ""
    indent: str = ""

    def __call__(self, piece: str) -> str:
        after = "optimizer = torch.optim.AdamW(groups, lr=1e-3)\n" if self.only_groups(piece) else self.after
        return f"{HEAD}{self.before}\n{textwrap.indent(piece, self.indent)}\n{after}"

    @staticmethod
    def only_groups(piece: str) -> bool:
        return piece.startswith("groups = ") and "optimizer" not in piece


AROUND = {
    "WD202": Around(MODEL + OPTIMIZER, STEP),
    "WD203": Around(MODEL + OPTIMIZER),
    "WD204": Around(OWN, indent="    "),
    "WD206": Around(MODEL, STEP),
    "WD301": Around(after=TWO_GROUPS),
    "WD302": Around(GPT2, BY_NAME),
    "WD303": Around(after=TWO_GROUPS),
    "WD304": Around(PARTS),
    "WD305": Around(
        PARTS, "decay = [p for p in model.parameters() if all(p is not other for other in no_decay)]\n" + TWO_GROUPS
    ),
    "WD404": Around(
        "from transformers import AutoModelForCausalLM, Trainer, TrainingArguments\n"
        "model = AutoModelForCausalLM.from_pretrained('gpt2')\n",
        "Trainer(model=model, args=args).train()\n",
    ),
    "WD901": Around("optimizer = torch.optim.AdamW([], weight_decay=0.1)\n"),
}


def pieces(rule: Rule, heading: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", rule.sections[heading], re.DOTALL)


def codes(rule: Rule, piece: str) -> set[str]:
    around = AROUND.get(rule.code, Around())
    return {finding.code for finding in check_source(around(piece), select=("ALL",))}


@pytest.mark.parametrize("rule", built_in(), ids=lambda rule: rule.code)
def test_the_example_is_flagged_and_what_to_use_instead_is_not(rule: Rule) -> None:
    examples = pieces(rule, "Example")
    assert examples
    for piece in examples:
        assert rule.code in codes(rule, piece), piece
    for piece in pieces(rule, "Use instead"):
        assert rule.code not in codes(rule, piece), piece
