"""Groups that are changed after they are made, under whatever name.

Each program is a specification: `# WD301` at the end of a line says that the rule must report there, and no
other rule that is on by default may report anywhere.
"""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, files_of, lint_files, marks_of

NET = """\
from collections import defaultdict

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.fc(x))


net = Net()
weights = [p for p in net.parameters() if p.ndim > 1]
others = [p for p in net.parameters() if p.ndim <= 1]
"""

PROGRAMS = {
    "one by its index": """
groups = [{"params": weights}, {"params": others}]
groups[0]["weight_decay"] = 0.1
groups[1]["weight_decay"] = 0.0
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "one by its index, the wrong one": """
groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
groups[-1]["weight_decay"] = 0.1
groups[0]["weight_decay"] = 0.1
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD101, WD102
""",
    "all in a loop": """
groups = [{"params": weights}, {"params": others}]
for group in groups:
    group["weight_decay"] = 0.0
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "all in a loop, to decay": """
groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
for group in groups:
    group["weight_decay"] = 0.1
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD101, WD102
""",
    "what lacks it in a loop": """
groups = [{"params": weights}, {"params": others, "weight_decay": 0.0}]
for group in groups:
    group.setdefault("weight_decay", 0.1)
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "what lacks it in a loop, and all do": """
groups = [{"params": weights}, {"params": others}]
for group in groups:
    group.setdefault("weight_decay", 0.1)
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD101, WD102
""",
    "beside a tuple of strengths": """
groups = [{"params": weights}, {"params": others}]
for group, strength in zip(groups, (0.1, 0.0)):
    group["weight_decay"] = strength
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "beside a list of strengths, the wrong way round": """
groups = [{"params": weights}, {"params": others}]
strengths = [0.0, 0.1]
for strength, group in zip(strengths, groups):
    group["weight_decay"] = strength
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD305
""",
    "counted": """
groups = [{"params": weights}, {"params": others}]
strengths = [0.1, 0.0]
for i, group in enumerate(groups):
    group["weight_decay"] = strengths[i]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "the optimizer's, all to 0": """
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
for group in optimizer.param_groups:
    group["weight_decay"] = 0.0
""",
    "the optimizer's, all to decay": """
optimizer = torch.optim.AdamW(  # WD101, WD102
    [{"params": weights}, {"params": others, "weight_decay": 0.0}], lr=1e-3, weight_decay=0.04
)
for step in range(100):
    for group in optimizer.param_groups:
        group["weight_decay"] = 0.04 + 0.36 * step / 100
    optimizer.step()
""",
    "the optimizer's, the first by a schedule": """
optimizer = torch.optim.AdamW([{"params": weights}, {"params": others, "weight_decay": 0.0}], lr=1e-3)
for step in range(100):
    for i, group in enumerate(optimizer.param_groups):
        group["lr"] = 1e-3
        if i == 0:
            group["weight_decay"] = 0.04 + 0.36 * step / 100
    optimizer.step()
""",
    "the optimizer's, those that decay by a schedule": """
optimizer = torch.optim.AdamW([{"params": weights}, {"params": others, "weight_decay": 0.0}], lr=1e-3)
for step in range(100):
    for group in optimizer.param_groups:
        if group["weight_decay"] > 0:
            group["weight_decay"] = 0.04 + 0.36 * step / 100
    optimizer.step()
""",
    "the optimizer's, scaled": """
optimizer = torch.optim.AdamW([{"params": weights}, {"params": others, "weight_decay": 0.0}], lr=1e-3)
for group in optimizer.param_groups:
    group["weight_decay"] *= 0.5
for group in optimizer.param_groups:
    group["weight_decay"] = group["weight_decay"] * 0.5
""",
    "at one of two keys of a defaultdict": """
buckets = defaultdict(list)
for name, p in net.named_parameters():
    buckets["bias" in name].append(p)
optimizer = torch.optim.AdamW(  # WD301
    [{"params": buckets[False], "weight_decay": 0.1}, {"params": buckets[True], "weight_decay": 0.0}], lr=1e-3
)
""",
    "at one of two keys of a dictionary": """
buckets = {True: [], False: []}
for p in net.parameters():
    buckets[p.ndim < 2].append(p)
optimizer = torch.optim.AdamW([{"params": buckets[False]}, {"params": buckets[True], "weight_decay": 0.0}], lr=1e-3)
""",
    "at one of two places of a list": """
groups = [{"params": [], "weight_decay": 0.1}, {"params": [], "weight_decay": 0.0}]
for name, p in net.named_parameters():
    groups["bias" in name]["params"].append(p)
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD301
""",
    "at the place that a predicate says": """
def is_exempt(name):
    lowered = name.lower()
    return any(part in lowered for part in ("bias", "norm"))


groups = [{"params": [], "weight_decay": 0.1}, {"params": [], "weight_decay": 0.0}]
for name, p in net.named_parameters():
    groups[is_exempt(name)]["params"].append(p)
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "at the place that a test as a number says": """
groups = [{"params": [], "weight_decay": 0.1}, {"params": [], "weight_decay": 0.0}]
for p in net.parameters():
    groups[int(p.ndim < 1)]["params"].append(p)
optimizer = torch.optim.AdamW(groups, lr=1e-3)  # WD301
""",
    "at a place that can't be told": """
groups = [{"params": [], "weight_decay": 0.1}, {"params": [], "weight_decay": 0.0}]
for p in net.parameters():
    groups[place_of(p)]["params"].append(p)
optimizer = torch.optim.AdamW(groups, lr=1e-3)
""",
    "one of two dictionaries": """
kept, shrunk = {"params": [], "weight_decay": 0.0}, {"params": [], "weight_decay": 0.1}
for p in net.parameters():
    (shrunk if p.ndim > 1 else kept)["params"].append(p)
optimizer = torch.optim.AdamW([kept, shrunk], lr=1e-3)
""",
    "one dictionary twice": """
kept, shrunk = {"params": [], "weight_decay": 0.0}, {"params": []}
for p in net.parameters():
    (shrunk if p.ndim > 1 else shrunk)["params"].append(p)
optimizer = torch.optim.AdamW([kept, shrunk], lr=1e-3, weight_decay=0.1)  # WD301
""",
    "one of two in a pair": """
kept, shrunk = [], []
for name, p in net.named_parameters():
    (shrunk, kept)[name.endswith("bias")].append(p)
optimizer = torch.optim.AdamW(  # WD301
    [{"params": kept, "weight_decay": 0.0}, {"params": shrunk}], lr=1e-3, weight_decay=0.1
)
""",
    "one of two that is named first": """
kept, shrunk = [], []
for p in net.parameters():
    target = shrunk if p.ndim > 1 else kept
    target.append(p)
optimizer = torch.optim.AdamW([{"params": kept, "weight_decay": 0.0}, {"params": shrunk}], lr=1e-3)
""",
    "one of two that branches name": """
kept, shrunk = [], []
for name, p in net.named_parameters():
    if name.endswith("bias"):
        target = kept
    else:
        target = shrunk
    target.append(p)
optimizer = torch.optim.AdamW([{"params": kept, "weight_decay": 0.0}, {"params": shrunk}], lr=1e-3)  # WD301
""",
    "one of two that a branch names anew": """
kept, shrunk = [], []
for name, p in net.named_parameters():
    target = shrunk
    if p.ndim < 2:
        target = kept
    target.append(p)
optimizer = torch.optim.AdamW([{"params": kept, "weight_decay": 0.0}, {"params": shrunk}], lr=1e-3)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_changed_groups(name: str) -> None:
    files = files_of(NET + PROGRAMS[name])
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences([f for f in findings if not f.latent], marks_of(files)) == []
