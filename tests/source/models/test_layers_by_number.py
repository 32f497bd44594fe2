"""A layer of a `Sequential` by its number is a part of that model, not a model beside it."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

HEAD = """\
import torch
from torch import nn

model = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Linear(3, 2))
"""
REST = 'rest = [p for n, p in model.named_parameters() if not n.startswith("0.")]\n'
RIGHT = """\
groups = [
    {"params": [p for p in model[0].parameters() if p.ndim >= 2], "weight_decay": 0.02},
    {"params": [p for p in model[0].parameters() if p.ndim < 2], "weight_decay": 0.0},
    {"params": [p for p in rest if p.ndim >= 2], "weight_decay": 0.2},
    {"params": [p for p in rest if p.ndim < 2], "weight_decay": 0.0},
]
torch.optim.AdamW(groups)
"""
PARTS = {
    "a layer's": ("model[0][0].parameters()", "biases `0.0.bias`"),
    "a block's": ("model[0].parameters()", "biases `0.0.bias` `0.1.bias` gains `0.1.weight`"),
    "a gain": ("[model[0][1].weight]", "gains `0.1.weight`"),
    "a weight": ("[model[0][0].weight, model[1].weight]", ""),
}


def test_groups_of_a_layer_and_of_the_rest() -> None:
    assert check_source(HEAD + REST + RIGHT) == []


@pytest.mark.parametrize(("params", "named"), PARTS.values(), ids=PARTS)
def test_its_parameters_have_the_names_that_they_have_in_the_model(params: str, named: str) -> None:
    found = check_source(HEAD + f"torch.optim.AdamW({params}, weight_decay=0.1)\n")
    names = {name for finding in found for name in finding.parameters}
    assert names == {word.strip("`") for word in named.split() if word.startswith("`")}
