"""Values that belong to one branch are read together, and what is decided is read as decided.

Each program is a specification: `# WD101` at the end of a line says that the rule must report there, and no
other rule that is on by default may report anywhere.
"""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, files_of, lint_files, marks_of

NET = """\
import argparse

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.fc(x))


def divided(model, strength):
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    return [{"params": others, "weight_decay": 0.0}, {"params": weights, "weight_decay": strength}]

"""

PROGRAMS = {
    "the branch that divides sets the strength to 0": """
def make(args, model, divide=True):
    wd = args.weight_decay
    if wd and divide:
        parameters = divided(model, wd)
        wd = 0.0
    else:
        parameters = model.parameters()
    if args.opt == "sgd":
        return torch.optim.SGD(parameters, lr=args.lr, weight_decay=wd, momentum=0.9)
    return torch.optim.AdamW(parameters, lr=args.lr, weight_decay=wd)


parser = argparse.ArgumentParser()
parser.add_argument("--opt", default="adamw")
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--weight-decay", type=float, default=0.05)
make(parser.parse_args(), Net())
""",
    "the same where neither model nor options are seen": """
def make(cfg, model, divide=True):
    wd = cfg.weight_decay
    if divide and wd > 0:
        parameters, wd = divided(model, wd), 0.0
    else:
        parameters = model.parameters()
    options = {"lr": cfg.lr, "weight_decay": wd}
    return torch.optim.AdamW(parameters, **options)
""",
    "the test is negated": """
def make(cfg, model):
    wd = cfg.weight_decay
    if not cfg.divide or not wd:
        parameters = model.parameters()
    else:
        parameters = divided(model, wd)
        wd = 0.0
    return torch.optim.AdamW(parameters, lr=cfg.lr, weight_decay=wd)
""",
    "two tests in the same words": """
def make(cfg, model):
    wd = cfg.weight_decay
    if cfg.divide:
        parameters = divided(model, wd)
    else:
        parameters = model.fc.parameters()
    if cfg.divide:
        wd = 0.0
    return torch.optim.AdamW(parameters, lr=cfg.lr, weight_decay=wd)
""",
    "conditional expressions on one test": """
def make(model, divide: bool, wd: float):
    parameters = divided(model, wd) if divide else model.parameters()
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.0 if divide else wd)
""",
    "neither branch divides, and the one with everything has no strength": """
def make(model, head_only: bool):
    net = Net()
    if head_only:
        parameters = [net.fc.weight]
        wd = 0.1
    else:
        parameters = net.parameters()
        wd = 0.0
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=wd)
""",
    "neither branch divides, and the one with everything has the strength": """
def make(head_only: bool):
    net = Net()
    if head_only:
        parameters = [net.fc.weight]
        wd = 0.0
    else:
        parameters = net.parameters()
        wd = 0.1
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=wd)  # WD101, WD102
""",
    "the defaults take the branch that does not divide": """
def make(args, divide=False):
    model = Net()
    wd = 0.05
    if divide:
        parameters = divided(model, wd)
        wd = 0.0
    else:
        parameters = model.parameters()
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=wd)  # WD101, WD102
""",
    "a wrong split in a branch that is not the default": """
def make(args, divide=False):
    model = Net()
    parameters = [model.fc.weight]
    if divide:
        decayed = [p for n, p in model.named_parameters() if "norm" not in n]
        exempt = [p for n, p in model.named_parameters() if "norm" in n]
        parameters = [{"params": decayed}, {"params": exempt, "weight_decay": 0.0}]
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.05)  # WD301
""",
    "a list that one branch fills and the other replaces": """
def make(separate: bool):
    body, head = Net(), Net()
    groups = []
    if separate:
        groups = [{"params": [body.fc.weight]}, {"params": [head.fc.weight], "lr": 1e-4}]
    else:
        groups.append({"params": [body.fc.weight]})
        groups.append({"params": [head.fc.weight]})
    return torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
""",
    "exclusive branches that fill one list": """
def make(frozen: bool):
    net = Net()
    groups = []
    if frozen:
        groups.append({"params": [net.fc.weight]})
    else:
        groups.append({"params": [net.fc.weight], "lr": 1e-4})
    return torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
""",
    "branches of three that fill one list": """
def make(stage):
    net = Net()
    weights = []
    if stage == "first":
        weights.append(net.fc.weight)
    elif stage == "second":
        weights.extend([net.fc.weight])
    else:
        weights += [net.fc.weight]
    return torch.optim.AdamW([{"params": weights}], lr=1e-3, weight_decay=0.05)
""",
    "branches that are not exclusive": """
def make(first: bool, second: bool):
    net = Net()
    groups = []
    if first:
        groups.append({"params": [net.fc.weight]})
    if first:
        groups.append({"params": [net.fc.weight], "lr": 1e-4})
    return torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)  # WD304
""",
    "a list that is reset": """
net = Net()
groups = [{"params": net.parameters(), "weight_decay": 0.1}]
groups.append({"params": [net.fc.weight]})
groups = []
groups.append({"params": [net.fc.weight]})
optimizer = torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
""",
    "the bodies of a match": """
net = Net()
decayed, exempt = [], []
for name, p in net.named_parameters():
    match name.rpartition(".")[2], p.ndim:
        case "bias", _:
            exempt.append(p)
        case _, dimensions if dimensions < 2:
            exempt.append(p)
        case _:
            decayed.append(p)
optimizer = torch.optim.AdamW([{"params": decayed}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3)
""",
    "a match of sizes": """
net = Net()
decayed, exempt = [], []
for p in net.parameters():
    match p.ndim:
        case 0 | 1:
            exempt.append(p)
        case _:
            decayed.append(p)
optimizer = torch.optim.AdamW([{"params": decayed}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3)
""",
    "a match of sizes that forgets some": """
net = Net()
decayed, exempt = [], []
for p in net.parameters():
    match p.ndim:
        case 0:
            exempt.append(p)
        case _:
            decayed.append(p)
optimizer = torch.optim.AdamW([{"params": decayed}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3)  # WD301
""",
    "a match of classes": """
net = Net()
decayed, exempt = [], []
for module in net.modules():
    for name, p in module.named_parameters(recurse=False):
        match module:
            case nn.LayerNorm():
                exempt.append(p)
            case _ if name == "bias":
                exempt.append(p)
            case _:
                decayed.append(p)
optimizer = torch.optim.AdamW([{"params": decayed}, {"params": exempt, "weight_decay": 0.0}], lr=1e-3)
""",
    "a match of the kind of groups": """
def make(kind, wd):
    net = Net()
    match kind:
        case "split":
            parameters, wd = divided(net, wd), 0.0
        case "all" | None:
            parameters, wd = net.parameters(), 0.0
        case _:
            raise ValueError(kind)
    return torch.optim.AdamW(parameters, lr=1e-3, weight_decay=wd)
""",
    "the only call asks for another class": """
def make(model, kind, wd):
    if kind == "Adam":
        return torch.optim.Adam(model.parameters(), weight_decay=wd)
    return torch.optim.AdamW(divided(model, wd), lr=1e-3)


make(Net(), "AdamW", 0.1)
""",
    "the only call asks for another class, by elif": """
def make(model, kind, wd):
    if kind == "adamw":
        optimizer = torch.optim.AdamW(divided(model, wd), lr=1e-3)
    elif kind == "adam":
        optimizer = torch.optim.Adam(model.parameters(), weight_decay=wd)
    return optimizer


make(Net(), "adamw", 0.1)
""",
    "two calls ask for both": """
def make(model, kind, wd):
    if kind == "sgd":
        return torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=wd)  # WD101, WD102
    return torch.optim.AdamW(divided(model, wd), lr=1e-3)


make(Net(), "adamw", 0.1)
make(Net(), "sgd", 0.1)
""",
    "None is ruled out": """
def make(wd=None):
    net = Net()
    if wd is not None:
        return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=wd)
    return torch.optim.Adam(net.parameters(), lr=1e-3)
""",
    "None is ruled out by leaving": """
def make(wd=None):
    net = Net()
    if wd is None:
        return torch.optim.Adam(net.parameters(), lr=1e-3)
    return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=wd)
""",
    "None is ruled out in a field": """
from dataclasses import dataclass


@dataclass
class Config:
    wd: float | None = None


def make(config: Config):
    net = Net()
    if config.wd is not None:
        return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=config.wd)
    return torch.optim.Adam(net.parameters(), lr=1e-3)
""",
    "asserted to be 0": """
class Trainer:
    def __init__(self, weight_decay):
        self.weight_decay = weight_decay
        self.net = Net()

    def make(self):
        assert self.weight_decay == 0, "this optimizer has no decay"
        return torch.optim.Adam(self.net.parameters(), lr=1e-3, weight_decay=self.weight_decay)
""",
    "asserted to be nothing": """
def make(net, weight_decay):
    assert not weight_decay
    return torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=weight_decay)
""",
    "0 is ruled out": """
def make(strength=0.0):
    net = Net()
    if strength > 0:
        return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=strength)  # WD101, WD102
    return torch.optim.Adam(net.parameters(), lr=1e-3)
""",
    "0 is ruled out, and set anew": """
def make(strength=0.0):
    net = Net()
    if strength > 0:
        strength = 0.0
        return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=strength)
    return torch.optim.Adam(net.parameters(), lr=1e-3)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_branches(name: str) -> None:
    files = files_of(NET + PROGRAMS[name])
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences([f for f in findings if not f.latent], marks_of(files)) == []
