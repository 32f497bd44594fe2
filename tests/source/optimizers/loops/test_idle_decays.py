"""Decays that a library takes and never uses (WD404): what must and must not be said."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from transformers import Seq2SeqTrainingArguments, Trainer, TrainingArguments
from trl import SFTConfig, SFTTrainer
from peft.optimizers import create_loraplus_optimizer
from sentence_transformers import CrossEncoder, SentenceTransformer
from somewhere import model, other

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
"""

FLAGGED = [
    'a = SFTConfig("out", optim="apollo_adamw", weight_decay=0.05)  # WD404',
    'a = Seq2SeqTrainingArguments("o", optim="sgd", optim_args="momentum=0.9, weight_decay=3e-1")  # WD404',
    "create_loraplus_optimizer(model, torch.optim.AdamW, lr=1, loraplus_lr_ratio=16, weight_decay=0.1)  # WD404",
    'args = SFTConfig("o", weight_decay=0.2)  # WD404\nSFTTrainer(model, args=args, optimizers=(optimizer, None))',
    "t = TrainingArguments('o')\n"
    "Trainer(model, t, optimizer_cls_and_kwargs=(torch.optim.AdamW, dict(weight_decay=0.3)))  # WD404",
    'kind = "lomo"\ndecay = 0.1\na = TrainingArguments("o", optim=kind, weight_decay=decay)  # WD404',
    'a = TrainingArguments("o", optim="lomo", **{"weight_decay": 0.1})  # WD404',
    'given = dict(optim="galore_adamw", weight_decay=0.1)  # WD404\na = TrainingArguments("o", **given)',
    "import argparse\n\nparser = argparse.ArgumentParser()\nparser.add_argument('--decay', type=float, default=0.1)\n"
    "opt = parser.parse_args()\na = TrainingArguments('o', optim='lomo', weight_decay=opt.decay)  # WD404",
    "st = SentenceTransformer('a')\nst.fit([other], optimizer_params={'lr': 1e-5, 'weight_decay': 0.1})  # WD404",
    "st = SentenceTransformer('a')\nst.fit([other], weight_decay=0.2, optimizer_params={'weight_decay': 0.1})  # WD404",
    "given = dict(lr=1e-5, weight_decay=0.1)  # WD404\nCrossEncoder('a').fit(other, optimizer_params=given)",
]
PASSED = [
    'a = SFTConfig("out", optim="apollo_adamw", weight_decay=0.0)',
    'a = SFTConfig("out", optim=other, weight_decay=0.1)',
    'a = SFTConfig("out", optim="adamw_torch", weight_decay=other)',
    'a = other.TrainingArguments("out", optim="lomo", weight_decay=0.1)',
    'a = Seq2SeqTrainingArguments("o", optim="sgd", optim_args="momentum=0.9")',
    'a = TrainingArguments("o", optim="lomo", optim_args="weight_decay=0.1")',
    "create_loraplus_optimizer(model, torch.optim.AdamW, lr=1, loraplus_lr_ratio=16, loraplus_weight_decay=0.1)",
    'args = SFTConfig("o", weight_decay=0.2)\nSFTTrainer(model, args=args, optimizers=(None, other))',
    'args = SFTConfig("o", weight_decay=0.2)\nprint(args.weight_decay)\n'
    "SFTTrainer(model, args, optimizers=(optimizer, None))",
    'args = TrainingArguments("o", weight_decay=0.2)\nTrainer(model, args)',
    'args = TrainingArguments("o", weight_decay=0.2)\nTrainer(model, args, optimizers=(other, None))',
    'args = TrainingArguments("o", weight_decay=0.2)\n\n\ndef run(own=None):\n'
    "    Trainer(model, args, optimizers=(own, None))",
    'args = TrainingArguments("o", weight_decay=0.2)\n'
    'Trainer(model, args, optimizer_cls_and_kwargs=(torch.optim.AdamW, {"weight_decay": 0.2}))',
    "st = SentenceTransformer('a')\nst.fit([other], weight_decay=0.1, optimizer_params={'weight_decay': 0.1})",
    "st = SentenceTransformer('a')\nst.fit([other], optimizer_params={'weight_decay': 0.01})",
    "st = SentenceTransformer('a')\nst.fit([other], optimizer_params={'lr': 1e-5}, weight_decay=0.1)",
    "st = SentenceTransformer('a')\nst.fit([other], optimizer_params={'weight_decay': 0.0})",
    "other.fit([other], optimizer_params={'weight_decay': 0.1})",
    "def run(**rest):\n    CrossEncoder('a').fit(other, optimizer_params={'weight_decay': 0.1}, **rest)",
]


@pytest.mark.parametrize("text", [*FLAGGED, *PASSED])
def test_what_has_no_effect(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {"select": ("WD404",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
