"""A Trainer that only evaluates or predicts makes no optimizer."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

PROGRAM = """\
from torch import nn
from transformers import Trainer, TrainingArguments


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3)
        self.bn = nn.BatchNorm2d(8)


{made} = Trainer(model=Network(), args=TrainingArguments("out", weight_decay=0.01))
{then}
"""


@pytest.mark.parametrize(
    "then",
    [
        "trainer.evaluate(eval_dataset=data)",
        "print(trainer.predict(data).metrics)",
        "metrics = trainer.evaluate()\ntrainer.log_metrics('eval', metrics)",
    ],
)
def test_answers_alone_are_asked(then: str) -> None:
    before = check_source(PROGRAM.format(made="trainer", then="trainer.train()"))
    after = check_source(PROGRAM.format(made="trainer", then=then))
    assert {finding.code for finding in before} >= {"WD102"} and after == []


@pytest.mark.parametrize(
    ("made", "then"),
    [
        ("trainer", "trainer.evaluate()\ntrainer.train()"),
        ("trainer", "trainer.evaluate()\nrun(trainer)"),
        ("trainer", "trainer.evaluate()\nteacher = trainer"),
        ("trainer", "def main():\n    trainer.train()\n\ntrainer.evaluate()\nmain()"),
        ("trainer", ""),
        ("holder.trainer", "holder.trainer.evaluate()"),
    ],
)
def test_it_may_be_trained(made: str, then: str) -> None:
    assert {finding.code for finding in check_source(PROGRAM.format(made=made, then=then))} >= {"WD102"}
