"""Optimizers that DeepSpeed makes by a section of its configuration, in a dictionary or a file that a script names."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

MODEL = """\
import json
import deepspeed
from torch import nn
from transformers import BertModel, Trainer, TrainingArguments

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8))
SECTION = {"train_batch_size": 8, "optimizer": {"type": "AdamW", "params": {"lr": 0.001, "weight_decay": 0.1}}}
AUTO = {"optimizer": {"type": "AdamW", "params": {"weight_decay": "auto"}}, "zero_optimization": {}}
COUPLED = {"optimizer": {"type": "Adam", "params": {"weight_decay": 0.1, "adam_w_mode": False}}}
bert = BertModel.from_pretrained("bert-base-uncased")
"""
FILE = '{"zero_optimization": {}, "optimizer": {"type": "AdamW", "params": {"weight_decay": %s}}}'


@pytest.mark.parametrize(
    "line",
    [
        "deepspeed.initialize(model=model, model_parameters=model.parameters(), config=SECTION)  # WD101, WD102",
        "deepspeed.initialize(model=model, config_params=SECTION)  # WD101, WD102",
        "deepspeed.initialize(None, model, None, model.parameters(), config=SECTION)  # WD101, WD102",
        "deepspeed.initialize(model=model, config=COUPLED)  # WD101, WD102, WD201",
        "biases = [model[0].bias, *model[1].parameters()]\n"
        "groups = [{'params': [model[0].weight]}, {'params': biases, 'weight_decay': 0.0}]\n"
        "deepspeed.initialize(model=model, model_parameters=groups, config=SECTION)",
        "deepspeed.initialize(model=model, config=AUTO)",
        "deepspeed.initialize(model=model, config={})",
        "deepspeed.initialize(model=model, config='ds.json')  # WD101, WD102",
        "deepspeed.initialize(model=model, config='auto.json')",
        "deepspeed.initialize(model=model, config='nowhere.json')",
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1))",
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1, deepspeed='auto.json'))  # WD101, WD102",
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1, deepspeed=AUTO))  # WD101, WD102",
        "Trainer(bert, TrainingArguments('o', weight_decay=0.0, deepspeed='auto.json'))",
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1, deepspeed={'zero_optimization': {}}))",
        "ds_config = json.load(open('ds.json'))\ndel ds_config['optimizer']\n"
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1, deepspeed=ds_config))",
        "config = dict(SECTION)\nconfig.pop('optimizer', None)\n"
        "Trainer(bert, TrainingArguments('o', weight_decay=0.1, deepspeed=config))",
        "config = SECTION\nif model.training:\n    config['optimizer']['params'].pop('weight_decay')\n"
        "deepspeed.initialize(model=model, config=config)",
        "checkpoint = json.load(open('state.json'))\ndel checkpoint['optimizer']\n"
        "deepspeed.initialize(model=model, config=SECTION)  # WD101, WD102",
    ],
)
def test_sections(line: str) -> None:
    files = {"train.py": f"{MODEL}{line}\n", "ds.json": FILE % "0.1", "auto.json": FILE % '"auto"'}
    findings, errors = lint_files(files, {})
    assert errors == []
    found = [finding for finding in findings if finding.place.file == "train.py"]
    assert differences(found, marks_of({"train.py": files["train.py"]})) == []
