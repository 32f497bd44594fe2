"""Lists of names of which some are one of several: what is none of them is certainly not in the list."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Confidence

PROGRAM = """\
import torch
from torch import nn
from project import settings

if settings.kind == "vit":
    last = "head"
else:
    last = "fc"
net = nn.Sequential()
net.body = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
net.{last} = nn.Linear(4, 2)
for name, p in net.named_parameters():
    if {test}:
        p.requires_grad = False
opt = torch.optim.AdamW(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1, weight_decay=0.1)
"""
TESTS = [
    'name not in ["%s.weight" % last, "%s.bias" % last]',
    'name not in (last + ".weight", last + ".bias")',
    'not name in {f"{last}.weight", f"{last}.bias"}',
]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("last", ["head", "fc"])
def test_all_but_the_last_layer_is_frozen(test: str, last: str) -> None:
    (finding,) = check_source(PROGRAM.format(test=test, last=last))
    assert (finding.code, finding.parameters, finding.confidence) == ("WD101", (f"{last}.bias",), Confidence.ASSUMED)


@pytest.mark.parametrize("test", TESTS)
def test_another_last_layer_is_frozen_too(test: str) -> None:
    assert check_source(PROGRAM.format(test=test, last="tail")) == []
