"""The decay of transformers' training arguments, where a script reads it itself: what they are given, or 0."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
from dataclasses import dataclass

import torch
import transformers
import trl
from transformers import HfArgumentParser, TrainingArguments
from somewhere import Net

model = Net()


@dataclass
class Mine(transformers.TrainingArguments):
    stage: int = 1


@dataclass
class Decayed(TrainingArguments):
    weight_decay: float = 0.1


"""
MADE = "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=args.weight_decay)"

FLAGGED = [
    f"args = Mine('out', weight_decay=0.1)\n{MADE}  # WD103",
    f"args = trl.SFTConfig('out', weight_decay=0.1)\n{MADE}  # WD103",
    f"args = Decayed('out')\n{MADE}  # WD103",
    f"(args,) = HfArgumentParser(Decayed).parse_args_into_dataclasses()\n{MADE}  # WD103",
    f"def run(options):\n    args = TrainingArguments(**options)\n    {MADE}  # WD103",
    f"def run(**options):\n    args = Mine('out', **options)\n    {MADE}  # WD103",
    f"def run(args: transformers.BertConfig):\n    {MADE}  # WD103",
    f"def run(args):\n    {MADE}  # WD103",
]
PASSED = [
    f"args = Mine('out')\n{MADE}",
    f"args = TrainingArguments('out', learning_rate=1e-4)\n{MADE}",
    f"def run(args: Mine):\n    {MADE}",
    f"def run(args: TrainingArguments):\n    {MADE}",
    f"(args,) = HfArgumentParser((Mine,)).parse_args_into_dataclasses()\n{MADE}",
    f"(args,) = HfArgumentParser(TrainingArguments).parse_args_into_dataclasses()\n{MADE}",
    f"args = trl.SFTConfig('out')\n{MADE}",
]


@pytest.mark.parametrize("text", [*FLAGGED, *PASSED])
def test_decays_of_settings(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


@pytest.mark.parametrize("text", PASSED)
def test_a_default_of_0_is_latent(text: str) -> None:
    findings, _ = lint_files({"train.py": f"{START}{text}\n"}, {"latent": True})
    assert [finding.code for finding in findings] == ["WD103"]
