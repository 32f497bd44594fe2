"""A group for each parameter, whose decay depends on the parameter: exact where that can be read, else silent."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 2))


def strength(name, p, decay=0.1):
    if p.ndim < 2 or name.endswith("scale"):
        return 0.0
    return decay


BY_DIMENSION = {1: 0.0, 2: 0.1}
OF_ALL = {1: 0.05, 2: 0.1}
"""
EACH = 'torch.optim.AdamW([{{"params": [p], "weight_decay": {0}}} for n, p in model.named_parameters()], lr=1e-3)\n'
LOOP = """\
groups = []
for n, p in model.named_parameters():
    {0}
    groups.append({{"params": [p], "weight_decay": decay}})
torch.optim.AdamW(groups, lr=1e-3)
"""


def codes(text: str) -> set[str]:
    return {finding.code for finding in check_source(NETWORK + text)}


@pytest.mark.parametrize(
    "decay",
    [
        "0.1 * (p.ndim > 1)",
        "(p.ndim > 1) * 0.1",
        "0.1 if p.ndim > 1 else 0.0",
        "strength(n, p)",
        "BY_DIMENSION[p.ndim]",
        "BY_DIMENSION.get(p.ndim, 0.1)",
        "0.1 * min(p.ndim - 1, 1)",
        "0.1 * int(p.ndim > 1)",
    ],
)
def test_gains_and_biases_that_may_be_spared_are_not_reported(decay: str) -> None:
    assert codes(EACH.format(decay)) == set()


@pytest.mark.parametrize(
    "bound",
    [
        "decay, tag = (0.0, 'plain') if p.ndim == 1 else (0.1, 'decayed')",
        "decay = strength(n, p)",
        "decay = 0.1 * (p.ndim != 1)",
    ],
)
def test_neither_are_they_where_a_name_holds_the_decay(bound: str) -> None:
    assert codes(LOOP.format(bound)) == set()


def test_a_test_that_spares_none_is_read() -> None:
    assert codes(EACH.format("0.1 * (p.ndim < 5)")) & {"WD301", "WD101"}
    assert codes(EACH.format("('layer_norm' not in n) * 0.1")) & {"WD301", "WD302"}
    assert codes(LOOP.format("decay, tag = (0.0, 'plain') if 'bias' in n else (0.1, 'decayed')")) & {"WD301", "WD102"}


def test_a_decay_that_is_never_0_reaches_all() -> None:
    assert codes(EACH.format("OF_ALL[p.ndim]")) == {"WD101", "WD102"}
