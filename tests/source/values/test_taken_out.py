"""What is taken out of lists and mappings again is not in them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.facts import Confidence
from wdlint.linting.examples import lint_files

HEAD = """\
import sys

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)


class Clean(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4, bias=False)


clean, net = Clean(), Net()
nets = [clean, net]
named = {"clean": clean, "net": net}
groups = [{"params": clean.parameters(), "weight_decay": 0.1}, {"params": net.parameters(), "weight_decay": 0.2}]

"""
FIRST = "\nfirst = torch.optim.SGD([p for one in nets for p in one.parameters()], lr=0.1, weight_decay=0.1)"
SECOND = """
gathered = []
for key, one in named.items():
    gathered += list(one.parameters())
second = torch.optim.SGD(gathered, lr=0.1, weight_decay=0.1)
"""
THIRD = "\nthird = torch.optim.SGD(groups, lr=0.1)"
GONE = {
    "the last": "nets.pop()" + FIRST,
    "by its number": "nets.pop(1)" + FIRST,
    "by a number from the end": "del nets[-1]" + FIRST,
    "all of them": "nets.clear()\nnets.append(clean)" + FIRST,
    "and added to": "nets.pop()\nnets.append(Clean())" + FIRST,
    "a key": 'named.pop("net")' + SECOND,
    "a key, or nothing": 'named.pop("net", None)' + SECOND,
    "a key that is deleted": 'del named["net"]' + SECOND,
    "all keys": "named.clear()\nnamed['clean'] = clean" + SECOND,
    "a group": "groups.pop(1)" + THIRD,
    "a group that is deleted": "del groups[1]" + THIRD,
}
STILL_THERE = {
    "the other one": "nets.pop(0)" + FIRST,
    "the other key": 'del named["clean"]' + SECOND,
    "the other group": "del groups[0]" + THIRD,
    "another one after it": "nets.pop()\nnets.append(net)" + FIRST,
}
DOUBTFUL = {
    "under a test": "if len(sys.argv) > 1:\n    nets.pop()" + FIRST,
    "a key that can't be told": "named.pop(sys.argv[1])" + SECOND,
    "a number that can't be told": "del groups[int(sys.argv[1])]" + THIRD,
}


def confidences(text: str) -> list[Confidence]:
    found, _ = lint_files({"train.py": HEAD + dedent(text)}, {"select": ("WD101",)})
    return [finding.confidence for finding in found]


@pytest.mark.parametrize("text", GONE.values(), ids=GONE)
def test_it_is_gone(text: str) -> None:
    assert confidences(text) == []


@pytest.mark.parametrize("text", STILL_THERE.values(), ids=STILL_THERE)
def test_it_is_still_there(text: str) -> None:
    assert confidences(text) == [Confidence.PROVEN]


@pytest.mark.xfail(reason="a whole module behind a test that can't be told counts as taken")
@pytest.mark.parametrize("text", DOUBTFUL.values(), ids=DOUBTFUL)
def test_it_may_be_gone(text: str) -> None:
    assert Confidence.PROVEN not in confidences(text)
