"""Splits that have no effect and are wrong besides: one fix gives them their effect and mends them."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from helpers.programs.grammar import Program
from helpers.programs.mended import judged, mended
from helpers.programs.small import NETWORK, TRAINING

HEAD = NETWORK + "net = Net()\n"
BY_NAMES = """\
groups = [
    {{"params": [p for n, p in net.named_parameters() if "bias" not in n and "norm" not in n], "{key}": 0.1}},
    {{"params": [p for n, p in net.named_parameters() if "bias" in n or "norm" in n], "{key}": 0.0}},
]
"""
BY_LIST = """\
skip = ["bias", "norm.weight"]
groups = [
    {{"params": [p for n, p in net.named_parameters() if not any(s in n for s in skip)], "{key}": 0.1}},
    {{"params": [p for n, p in net.named_parameters() if any(s in n for s in skip)], "{key}": 0.0}},
]
"""
BY_LOOP = """\
decayed, exempt = [], []
for n, p in net.named_parameters():
    if "bias" in n or "norm" in n:
        exempt.append(p)
    else:
        decayed.append(p)
groups = [{{"params": decayed, "{key}": 0.1}}, {{"params": exempt, "{key}": 0.0}}]
"""
PASSED = "params = net.parameters()\noptimizer = torch.optim.AdamW(params, lr=0.01, weight_decay=0.1)\n"
TAKEN = "optimizer = torch.optim.AdamW(groups, lr=0.01, weight_decay=0.0)\n"
SPLITS = {"names": BY_NAMES, "a list": BY_LIST, "a loop": BY_LOOP}


def work(split: str, key: str, taken: str) -> str:
    program = Program(0, HEAD + split.format(key=key) + taken + TRAINING, ())
    one = mended(program)
    verdict = judged(one)
    assert verdict.ran
    assert verdict.faulty
    assert verdict.harms == []
    assert verdict.right
    assert one.left == []
    return one.safe


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_a_wrong_split_that_the_optimizer_does_not_get(split: str) -> None:
    text = work(split, "weight_decay", PASSED)
    assert "AdamW(groups, " in text
    assert "params = net" not in text  # nothing asks for it any more


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_a_wrong_split_with_a_misspelt_key(split: str) -> None:
    text = work(split, "weight_deacy", TAKEN)
    assert "deacy" not in text
    assert text.count('"weight_decay": ') == 2


def test_only_what_is_wrong_is_edited() -> None:
    text = work(BY_LIST, "weight_deacy", TAKEN)
    assert 'skip = ["bias", "ln"]' in text or 'skip = ["bias", "ln.weight"]' in text
    assert "if any(s in n for s in skip)" in text
