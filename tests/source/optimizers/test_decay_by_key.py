"""Decays worked out of the key under which a dictionary keeps parameters: which of them decay can't be told."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

SCRIPT = """\
import json
import torch
from settings import spared, strength
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
kept = {{}}
for name, p in net.named_parameters():
    options = [strength, 1e-3]
    if any(word in name for word in spared):
        options[0] = 0
    key = {key}
    kept[key] = kept.get(key, []) + [p]

groups = []
for {target} in kept.items():
    {body}
optimizer = torch.optim.AdamW(groups, lr=1e-3)
"""


@pytest.mark.parametrize(
    ("key", "target", "body"),
    [
        (
            "json.dumps(options)",
            "key, params",
            'decay, lr = json.loads(key)\n    groups.append({"params": params, "weight_decay": decay})',
        ),
        ("tuple(options)", "(decay, lr), params", 'groups.append({"params": params, "weight_decay": decay})'),
        (
            "str(options[0])",
            "key, params",
            'groups.append({"params": params, "lr": 1e-3, "weight_decay": float(key)})',
        ),
    ],
)
def test_nothing_is_said(key: str, target: str, body: str) -> None:
    assert check_source(SCRIPT.format(key=key, target=target, body=body)) == []


def test_one_strength_for_all_is_reported() -> None:
    body = 'groups.append({"params": params, "weight_decay": strength})'
    text = SCRIPT.format(key="json.dumps(options)", target="key, params", body=body)
    assert {finding.code for finding in check_source(text)} == {"WD101", "WD102"}
