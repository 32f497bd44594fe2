"""Gains and biases that decay by a setting of their own, whose value can't be seen: nothing is assumed of it."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

NET = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(self.a(x))


"""
BY_MODULES = """\
def build(cfg, model):
    norms = (nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)
    groups = []
    for module in model.modules():
        for key, value in module.named_parameters(recurse=False):
            if not value.requires_grad:
                continue
            decay = cfg.SOLVER.WEIGHT_DECAY
            if isinstance(module, norms):
                decay = cfg.SOLVER.{norm}
            elif key == "bias":
                decay = cfg.SOLVER.{bias}
            groups += [{{"params": [value], "weight_decay": decay}}]
    return torch.optim.AdamW(groups, lr=1e-3){mark}
"""
OWN = BY_MODULES.format(norm="WEIGHT_DECAY_NORM", bias="WEIGHT_DECAY_BIAS", mark="")

PASSED = [
    OWN,
    f"{OWN}\n\ndef main(cfg):\n    build(cfg, Net())\n",
    """\
def build(args):
    net = Net()
    weights = [p for n, p in net.named_parameters() if p.ndim > 1]
    others = [p for n, p in net.named_parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": args.wd}, {"params": others, "weight_decay": args.wd_others}]
    return torch.optim.AdamW(groups, lr=1e-3)
""",
    """\
def build(net, wd, norm_wd):
    weights = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return torch.optim.AdamW([dict(params=weights), dict(params=others, weight_decay=norm_wd)], weight_decay=wd)
""",
]
FLAGGED = [
    """\
def build(wd):
    net = Net()
    weights = [p for n, p in net.named_parameters() if p.ndim > 1]
    others = [p for n, p in net.named_parameters() if p.ndim <= 1]
    groups = [{"params": others, "weight_decay": wd}, {"params": weights, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=1e-3)  # WD305
""",
    BY_MODULES.format(norm="WEIGHT_DECAY", bias="WEIGHT_DECAY", mark="  # WD103"),
    """\
def build(args):
    net = Net()
    weights = [p for n, p in net.named_parameters() if p.ndim > 1]
    others = [p for n, p in net.named_parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": args.wd}, {"params": others, "weight_decay": args.wd}]
    return torch.optim.AdamW(groups, lr=1e-3)  # WD101, WD102
""",
    """\
def build(args):
    net = Net()
    others = [p for n, p in net.named_parameters() if p.ndim <= 1]
    return torch.optim.AdamW([{"params": others, "weight_decay": args.wd}], lr=1e-3)  # WD101, WD102
""",
    """\
def build(args):
    net = Net()
    groups = [
        {"params": net.a.parameters(), "weight_decay": args.wd},
        {"params": net.norm.parameters(), "weight_decay": 0.05},
    ]
    return torch.optim.AdamW(groups, lr=1e-3)  # WD101, WD102
""",
]


@pytest.mark.parametrize("text", [*PASSED, *FLAGGED])
def test_a_setting_of_their_own(text: str) -> None:
    files = {"train.py": NET + text}
    findings, errors = lint_files(files, {"ignore": ("WD303",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
