"""A split whose groups are exchanged is WD305, whichever of its parts the model has."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Confidence

PROGRAM = """\
import torch
from torch import nn
from project import settings


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {parts}


decay, rest = [], []
for n, p in Net().named_parameters():
    if {test}:
        decay.append(p)
    else:
        rest.append(p)
optimizer = torch.optim.AdamW(
    [{{"params": decay, "weight_decay": 0.1}}, {{"params": rest, "weight_decay": 0.0}}], lr=1e-3)
"""
ALWAYS = "self.body = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))"
ONE_OF_TWO = """if settings.kind == "image":
            self.image = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        else:
            self.text = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))"""


@pytest.mark.parametrize(
    ("parts", "confidence"),
    [(ALWAYS, Confidence.PROVEN), (ONE_OF_TWO, Confidence.ASSUMED)],
    ids=["always", "one of two"],
)
def test_exchanged_groups(parts: str, confidence: Confidence) -> None:
    found = check_source(PROGRAM.format(parts=parts, test='"bias" in n or ".1." in n'))
    assert [(finding.code, finding.confidence) for finding in found] == [("WD305", confidence)]


@pytest.mark.parametrize("parts", [ALWAYS, ONE_OF_TWO], ids=["always", "one of two"])
def test_groups_in_their_places(parts: str) -> None:
    assert check_source(PROGRAM.format(parts=parts, test='"bias" not in n and ".1." not in n')) == []
