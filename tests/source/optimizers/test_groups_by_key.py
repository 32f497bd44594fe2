"""Parameters that are collected under keys and become one group a key: all are decayed unless their key spares them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.judging.judge import judge
from wdlint.judging.rule import built_in
from wdlint.source.engine import Project, observe

UNSEEN = """\
import itertools
from collections import defaultdict
import torch

def make(model, depth_of):
"""


def codes(body: str) -> set[str]:
    text = UNSEEN + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    rules = [rule for rule in built_in() if rule.code in ("WD101", "WD102", "WD103")]
    return {finding.code for finding in judge(observe("train.py", text.encode(), Project()), rules)}


DECAYED = {
    "two names of a split by part": """
        head = [p for n, p in model.named_parameters() if "classifier" in n]
        body = [p for n, p in model.named_parameters() if "classifier" not in n]
        return torch.optim.AdamW([{"params": body, "lr": 0.1}, {"params": head}], weight_decay=0.1)
    """,
    "two names in a loop": """
        stem = [p for n, p in model.named_parameters() if n.startswith("stem") and p.requires_grad]
        rest = [p for n, p in model.named_parameters() if not n.startswith("stem") and p.requires_grad]
        groups = []
        for chosen in (stem, rest):
            groups.append({"params": chosen, "lr": 0.1})
        return torch.optim.AdamW(groups, weight_decay=0.1)
    """,
    "a default by a computed key": """
        groups = {}
        for n, p in model.named_parameters():
            depth = 0 if "stem" in n else 1
            groups.setdefault(depth, []).append(p)
        return torch.optim.AdamW([{"params": ps, "lr": 0.1 * k} for k, ps in groups.items()], weight_decay=0.1)
    """,
    "a key that a function gives": """
        groups = defaultdict(list)
        for n, p in model.named_parameters():
            groups[depth_of(n)].append(p)
        return torch.optim.AdamW([{"params": ps, "lr": 0.1 * k} for k, ps in groups.items()], weight_decay=0.1)
    """,
    "a key that is chosen, groups that are appended": """
        groups = defaultdict(list)
        for n, p in model.named_parameters():
            groups["slow" if "stem" in n else "fast"].append(p)
        listed = []
        for name, ps in groups.items():
            listed.append({"params": ps, "name": name})
        return torch.optim.AdamW(listed, weight_decay=0.1)
    """,
    "groups of neighbours": """
        groups = []
        for key, pairs in itertools.groupby(model.named_parameters(), lambda pair: pair[0].split(".")[0]):
            groups.append({"params": [p for _, p in pairs], "name": key})
        return torch.optim.AdamW(groups, weight_decay=0.1)
    """,
}


@pytest.mark.parametrize("body", DECAYED.values(), ids=DECAYED)
def test_all_of_them_decay(body: str) -> None:
    assert codes(body) == {"WD103"}


SPARED = {
    "a decay that the key says": """
        groups = defaultdict(list)
        for n, p in model.named_parameters():
            groups[p.ndim].append(p)
        return torch.optim.AdamW([{"params": ps, "weight_decay": 0.1 if k > 1 else 0.0} for k, ps in groups.items()])
    """,
    "a decay that is the key": """
        groups = {}
        for n, p in model.named_parameters():
            decay = 0.1 if p.ndim > 1 else 0.0
            groups.setdefault(decay, []).append(p)
        return torch.optim.AdamW([{"params": ps, "weight_decay": decay} for decay, ps in groups.items()])
    """,
    "a decay that is looked up": """
        groups = {"decay": [], "plain": []}
        for n, p in model.named_parameters():
            groups["decay" if p.ndim > 1 else "plain"].append(p)
        strengths = {"decay": 0.1, "plain": 0.0}
        return torch.optim.AdamW([{"params": ps, "weight_decay": strengths[k]} for k, ps in groups.items()])
    """,
    "a decay that comes in pairs": """
        weights = [p for p in model.parameters() if p.ndim > 1]
        rest = [p for p in model.parameters() if p.ndim <= 1]
        groups = []
        for ps, decay in ((weights, 0.1), (rest, 0.0)):
            groups.append({"params": ps, "weight_decay": decay})
        return torch.optim.AdamW(groups)
    """,
    "a decay of neighbours": """
        named = sorted(model.named_parameters(), key=lambda pair: pair[1].ndim)
        groups = []
        for ndim, pairs in itertools.groupby(named, key=lambda pair: pair[1].ndim):
            groups.append({"params": [p for _, p in pairs], "weight_decay": 0.1 if ndim > 1 else 0.0})
        return torch.optim.AdamW(groups)
    """,
    "some of the parts": """
        stem = [p for n, p in model.named_parameters() if "stem" in n]
        neck = [p for n, p in model.named_parameters() if "neck" in n]
        return torch.optim.AdamW([{"params": stem, "lr": 0.1}, {"params": neck}], weight_decay=0.1)
    """,
}


@pytest.mark.parametrize("body", SPARED.values(), ids=SPARED)
def test_where_it_can_not_be_told_nothing_is_said(body: str) -> None:
    assert not codes(body)


def test_models_with_decays_of_their_own() -> None:
    body = """
        parts = [torch.nn.Linear(2, 2), torch.nn.LayerNorm(2)]
        return torch.optim.AdamW([{"params": m.parameters(), "weight_decay": d} for m, d in zip(parts, [0.1, 0.2])])
    """
    assert codes(body) == {"WD101", "WD102"}


def test_one_of_the_models_has_none() -> None:
    body = """
        parts = [torch.nn.Linear(2, 2), torch.nn.LayerNorm(2)]
        return torch.optim.AdamW([{"params": m.parameters(), "weight_decay": d} for m, d in zip(parts, [0.1, 0.0])])
    """
    assert not codes(body)
