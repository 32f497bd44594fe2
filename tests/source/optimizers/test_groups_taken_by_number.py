"""A group that is taken out of a list by its number: of a list that a loop fills it holds one turn's parameter."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from torch import nn
from torch.optim import AdamW

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
groups = []
"""
EACH = """\
for name, p in model.named_parameters():
    groups.append({"params": [p], "weight_decay": 0.0 if p.ndim == 1 else 0.1})
"""


@pytest.mark.parametrize(
    "text",
    [
        EACH + "optimizer = AdamW(groups[0]['params'], lr=1e-3, weight_decay=groups[0]['weight_decay'])\n"
        "for group in groups[1:]:\n    optimizer.add_param_group(group)",
        "for p in model.parameters():\n    groups.append({'params': p, 'weight_decay': 0.0 if p.ndim < 2 else 0.1})\n"
        "optimizer = AdamW([groups[0]], lr=1e-3)\nfor group in groups[1:]:\n    optimizer.add_param_group(group)",
        "def made():\n    found = []\n    for p in model.parameters():\n        found.append({'params': [p]})\n"
        "    return found\n\n\nfirst = made()[0]\noptimizer = AdamW(first['params'], lr=1e-3, weight_decay=0.1)",
        EACH + "optimizer = AdamW(groups, lr=1e-3)",
        "groups.append({'params': list(model.parameters()), 'weight_decay': 0.1})\n"
        "optimizer = AdamW(groups[0]['params'], lr=1e-3, weight_decay=0.1)  # WD101, WD102",
        "groups.append({'params': [p for p in model.parameters()]})\n"
        "optimizer = AdamW(groups[0]['params'], lr=1e-3, weight_decay=0.1)  # WD101, WD102",
        "for p in model.parameters():\n    groups.append({'params': [p], 'weight_decay': 0.1})\n"
        "optimizer = AdamW(groups, lr=1e-3)  # WD101, WD102",
    ],
)
def test_what_is_in_a_group_that_is_taken_by_number(text: str) -> None:
    files = {"train.py": f"{START}{text}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
