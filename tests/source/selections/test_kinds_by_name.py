"""Groups by a key that tests choose: a name for a parameter's kind, a dictionary that is filled as it is asked."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

NETWORK = """\
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 4))
groups = {}
decay, spared = [], []
for n, p in net.named_parameters():
"""
TWO = """
opt = torch.optim.AdamW([{"params": decay}, {"params": spared, "weight_decay": 0.0}], lr=1e-3, weight_decay=0.1)
"""
ALL = """
opt = torch.optim.AdamW(list(groups.values()), lr=1e-3)
"""
# Each holds a test TEST of what decays; it is either right or forgets the norm's gain.
PROGRAMS = {
    "a key by a choice": """
    key = "decay" if TEST else "spared"
    groups.setdefault(key, {"params": [], "weight_decay": 0.1 if key == "decay" else 0.0})["params"].append(p)
"""
    + ALL,
    "a key by branches": """
    if TEST:
        key = "decay"
    else:
        key = "spared"
    group = groups.setdefault(key, {"params": [], "weight_decay": 0.0 if key != "decay" else 0.1})
    group["params"].append(p)
"""
    + ALL,
    "the strength as a key": """
    wd = 0.1 if TEST else 0.0
    groups.setdefault(wd, {"params": [], "weight_decay": wd})["params"].append(p)
"""
    + ALL,
    "two strengths as a key": """
    wd, lr = 0.1 if TEST else 0.0, 1e-3 if n.startswith("0") else 1e-4
    groups.setdefault((wd, lr), {"params": [], "weight_decay": wd, "lr": lr})["params"].append(p)
"""
    + ALL,
    "groups in branches": """
    if TEST:
        groups.setdefault("decay", {"params": [], "weight_decay": 0.1})["params"].append(p)
    else:
        groups.setdefault("spared", {"params": [], "weight_decay": 0.0})["params"].append(p)
"""
    + ALL,
    "lists by a test": """
    groups.setdefault(TEST, []).append(p)
opt = torch.optim.AdamW(
    [{"params": groups[True]}, {"params": groups[False], "weight_decay": 0.0}], lr=1e-3, weight_decay=0.1)
""",
    "lists by a choice": """
    groups.setdefault("decay" if TEST else "spared", []).append(p)
opt = torch.optim.AdamW(
    [{"params": groups["decay"]}, {"params": groups["spared"], "weight_decay": 0.0}], lr=1e-3, weight_decay=0.1)
""",
    "a kind that is asked for": """
    kind = "weight" if TEST else "other"
    if kind == "weight":
        decay.append(p)
    else:
        spared.append(p)
"""
    + TWO,
    "a kind of three": """
    kind = "bias" if n.endswith("bias") else "weight" if TEST else "gain"
    if kind in ("bias", "gain"):
        spared.append(p)
    else:
        decay.append(p)
"""
    + TWO,
    "a scale that is compared": """
    scale = 1.0 if TEST else 0.0
    (decay if scale > 0 else spared).append(p)
"""
    + TWO,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_right(text: str) -> None:
    assert check_source(NETWORK + text.replace("TEST", "p.ndim > 1")) == []


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_a_gain_is_forgotten(text: str) -> None:
    (finding,) = check_source(NETWORK + text.replace("TEST", 'not n.endswith("bias")'))
    assert (finding.code, "1.weight" in finding.message) == ("WD301", True)
