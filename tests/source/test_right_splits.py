"""Splits that are right, in many spellings: nothing is said of any of them."""

from __future__ import annotations

from typing import Any

import pytest

from wdlint.api import check_source

NETWORK = """\
import collections
import copy
import functools
import itertools

import torch
from torch import nn, optim


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.lin = nn.Linear(width, width)
        self.gamma = nn.Parameter(torch.ones(width) * 0.1)

    def forward(self, x):
        return x + self.gamma * self.lin(self.norm1(x))


class Net(nn.Module):
    def __init__(self, width=10):
        super().__init__()
        self.stem = nn.Linear(6, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])
        self.final_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 4)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.final_norm(x))


net = Net()
"""
TWO = """
opt = optim.AdamW([{"params": a, "weight_decay": 0.1}, {"params": b, "weight_decay": 0.0}], lr=1e-2)
"""

# `a` decays, `b` does not.
DIVIDED = {
    "a loop with numbers": """
a, b = [], []
for i, (n, q) in enumerate(net.named_parameters()):
    (a if q.ndim > 1 else b).append(q)
""",
    "a stack of modules": """
a, b = [], []
stack = [net]
while stack:
    m = stack.pop()
    stack.extend(m.children())
    for n, q in m.named_parameters(recurse=False):
        if isinstance(m, nn.LayerNorm) or n in ("bias", "gamma"):
            b.append(q)
        else:
            a.append(q)
""",
    "a function that is applied": """
a, b = [], []
def visit(m):
    for n, q in m.named_parameters(recurse=False):
        (b if q.ndim < 2 else a).append(q)
net.apply(visit)
""",
    "a recursion": """
def split(m, a, b):
    for c in m.children():
        split(c, a, b)
    for q in m.parameters(recurse=False):
        (b if q.ndim < 2 else a).append(q)
    return a, b
a, b = split(net, [], [])
""",
    "a class that collects": """
class Split:
    def __init__(self):
        self.a, self.b = [], []
    def add(self, q):
        if q.ndim < 2:
            self.b.append(q)
        else:
            self.a.append(q)
s = Split()
for q in net.parameters():
    s.add(q)
a, b = s.a, s.b
""",
    "names taken out of a dictionary": """
named = dict(net.named_parameters())
b = [named.pop(n) for n in list(named) if n.endswith(("bias", "gamma")) or "norm" in n]
a = list(named.values())
""",
    "identities": """
b = [q for q in net.parameters() if q.ndim < 2]
ids = set(map(id, b))
a = [q for q in net.parameters() if id(q) not in ids]
""",
    "sorted names": """
ps = sorted(net.named_parameters(), key=lambda t: t[0])
a = [q for n, q in ps if q.ndim > 1]
b = [q for n, q in ps if q.ndim <= 1]
""",
    "names and parameters apart": """
names, params = zip(*net.named_parameters())
a = [q for n, q in zip(names, params) if q.ndim > 1]
b = [q for n, q in zip(names, params) if q.ndim < 2]
""",
    "a mask": """
mask = [q.ndim > 1 for q in net.parameters()]
a = [q for q, m in zip(net.parameters(), mask) if m]
b = [q for q, m in zip(net.parameters(), mask) if not m]
""",
    "itertools.compress": """
ps = list(net.parameters())
mask = [q.ndim > 1 for q in ps]
a = list(itertools.compress(ps, mask))
b = list(itertools.compress(ps, [not m for m in mask]))
""",
    "itertools.filterfalse": """
is_m = lambda q: q.ndim > 1
a = list(filter(is_m, net.parameters()))
b = list(itertools.filterfalse(is_m, net.parameters()))
""",
    "generators": """
def matrices(m):
    for q in m.parameters():
        if q.ndim > 1:
            yield q
def vectors(m):
    yield from (q for q in m.parameters() if q.ndim < 2)
a, b = list(matrices(net)), list(vectors(net))
""",
    "one list a condition": """
def divide(m):
    return tuple([q for q in m.parameters() if cond(q)] for cond in (lambda q: q.ndim > 1, lambda q: q.ndim < 2))
a, b = divide(net)
""",
    "marks on all": """
for q in net.parameters():
    q.skip_wd = q.ndim < 2
a = [q for q in net.parameters() if not q.skip_wd]
b = [q for q in net.parameters() if q.skip_wd]
""",
    "marks on some": """
for n, q in net.named_parameters():
    if n.endswith(("bias", "gamma")) or "norm" in n:
        q._no_weight_decay = True
a = [q for q in net.parameters() if not getattr(q, "_no_weight_decay", False)]
b = [q for q in net.parameters() if getattr(q, "_no_weight_decay", False)]
""",
    "own parameters of layers": """
WL = (nn.Linear,)
a, b = [], []
for mn, m in net.named_modules():
    for pn, q in m._parameters.items():
        if q is None:
            continue
        if pn == "weight" and isinstance(m, WL):
            a.append(q)
        else:
            b.append(q)
""",
    "the name of a class": """
a, b = [], []
for m in net.modules():
    for pn, q in m.named_parameters(recurse=False):
        if type(m).__name__ == "LayerNorm" or pn in ("bias", "gamma"):
            b.append(q)
        else:
            a.append(q)
""",
    "a part of the name of a class": """
a, b = [], []
for m in net.modules():
    for pn, q in m.named_parameters(recurse=False):
        if "Norm" in m.__class__.__name__ or pn in {"bias", "gamma"}:
            b.append(q)
        else:
            a.append(q)
""",
    "the length of a size": """
a = [q for q in net.parameters() if len(q.size()) != 1]
b = [q for q in net.parameters() if len(q.size()) == 1]
""",
    "sizes": """
a = [q for q in net.parameters() if q.numel() != max(q.shape)]
b = [q for q in net.parameters() if q.numel() == max(q.shape)]
""",
    "a dictionary of answers": """
decay_mask = {n: q.ndim > 1 for n, q in net.named_parameters()}
a = [q for n, q in net.named_parameters() if decay_mask[n]]
b = [q for n, q in net.named_parameters() if not decay_mask[n]]
""",
    "the last part of a name": """
a = [q for n, q in net.named_parameters() if n.split(".")[-1] == "weight" and "norm" not in n]
b = [q for n, q in net.named_parameters() if not (n.split(".")[-1] == "weight" and "norm" not in n)]
""",
    "a function of the last part": """
def leaf(n):
    return n.rsplit(".", 1)[-1]
b = [q for n, q in net.named_parameters() if leaf(n) != "weight" or "norm" in n]
a = [q for n, q in net.named_parameters() if leaf(n) == "weight" and "norm" not in n]
""",
    "find": """
a = [q for n, q in net.named_parameters() if not (n.find("norm") >= 0 or n.find("bias") >= 0 or n.find("gamma") >= 0)]
b = [q for n, q in net.named_parameters() if n.find("norm") >= 0 or n.find("bias") >= 0 or n.find("gamma") >= 0]
""",
    "count": """
a = [q for n, q in net.named_parameters() if n.count("norm") == 0 and n.count("bias") == 0 and n.count("gamma") == 0]
b = [q for n, q in net.named_parameters() if n.count("norm") or n.count("bias") or n.count("gamma")]
""",
    "a match of parts": """
a, b = [], []
for n, q in net.named_parameters():
    match n.split("."):
        case [*_, "bias"] | [*_, "gamma"]:
            b.append(q)
        case [*_, layer, "weight"] if "norm" in layer:
            b.append(q)
        case _:
            a.append(q)
""",
    "owners by name": """
mods = dict(net.named_modules())
a, b = [], []
for n, q in net.named_parameters():
    parent = mods[n.rpartition(".")[0]]
    (b if isinstance(parent, nn.LayerNorm) or q.ndim < 2 else a).append(q)
""",
    "owners by get_submodule": """
a, b = [], []
for n, q in net.named_parameters():
    owner = net.get_submodule(n.rpartition(".")[0])
    (a if isinstance(owner, nn.Linear) and n.endswith("weight") else b).append(q)
""",
}
# What makes its optimizer itself.
MADE = {
    "sets": """
allp = set(net.parameters())
b = {q for q in allp if q.ndim < 2}
a = allp - b
opt = optim.AdamW([{"params": list(a), "weight_decay": 0.1}, {"params": list(b), "weight_decay": 0.0}], lr=1e-2)
""",
    "groups by a key that a test chooses": """
conf = {"decay": {"weight_decay": 0.1, "params": []}, "none": {"weight_decay": 0.0, "params": []}}
for q in net.parameters():
    conf["decay" if q.ndim > 1 else "none"]["params"].append(q)
opt = optim.AdamW(list(conf.values()), lr=1e-2)
""",
    "groups that are updated": """
groups = [
    {"params": [q for q in net.parameters() if q.ndim > 1]},
    {"params": [q for q in net.parameters() if q.ndim < 2]},
]
groups[0].update(weight_decay=0.1)
groups[1].update({"weight_decay": 0.0})
opt = optim.AdamW(groups, lr=1e-2)
""",
    "a decay set later": """
groups = [{"params": [q for q in net.parameters() if q.ndim > 1]}]
groups += [{"params": [q for q in net.parameters() if q.ndim < 2]}]
opt = optim.AdamW(groups, lr=1e-2, weight_decay=0.1)
opt.param_groups[1]["weight_decay"] = 0.0
""",
    "decays set later": """
groups = [{"params": [q for q in net.parameters() if q.ndim > 1]}]
groups += [{"params": [q for q in net.parameters() if q.ndim < 2]}]
opt = optim.AdamW(groups, lr=1e-2, weight_decay=0.1)
for g, wd in zip(opt.param_groups, (0.1, 0.0)):
    g["weight_decay"] = wd
""",
    "decays set later by dimensions": """
opt = optim.AdamW([{"params": [q], "lr": 1e-2} for q in net.parameters()], weight_decay=0.1)
for g in opt.param_groups:
    if all(q.ndim < 2 for q in g["params"]):
        g["weight_decay"] = 0.0
""",
    "decays set later by names": """
opt = optim.AdamW([{"params": [q], "name": n} for n, q in net.named_parameters()], lr=1e-2, weight_decay=0.1)
for g in opt.param_groups:
    if g["name"].endswith(("bias", "gamma")) or "norm" in g["name"]:
        g["weight_decay"] = 0.0
""",
    "a partial": """
make = functools.partial(optim.AdamW, lr=1e-2)
opt = make([
    {"params": [q for q in net.parameters() if q.ndim > 1], "weight_decay": 0.1},
    {"params": [q for q in net.parameters() if q.ndim < 2], "weight_decay": 0.0},
])
""",
    "strengths of a class": """
class C:
    wd = 0.1
    wd_norm = 0.0
    wd_bias = 0.0
groups = []
for m in net.modules():
    for pn, q in m.named_parameters(recurse=False):
        wd = C.wd
        if isinstance(m, nn.LayerNorm) or pn == "gamma":
            wd = C.wd_norm
        elif pn == "bias":
            wd = C.wd_bias
        groups.append({"params": [q], "weight_decay": wd})
opt = optim.AdamW(groups, lr=1e-2)
""",
    "overridden strengths": """
wd_over = {"bias": 0.0, "gamma": 0.0}
groups = []
for m in net.modules():
    for pn, q in m.named_parameters(recurse=False):
        hp = {"weight_decay": 0.1}
        if isinstance(m, nn.LayerNorm):
            hp["weight_decay"] = 0.0
        hp["weight_decay"] = wd_over.get(pn, hp["weight_decay"])
        groups.append({"params": [q], **hp})
opt = optim.AdamW(groups, lr=1e-2)
""",
    "options that are copied": """
default = {"lr": 1e-2, "weight_decay": 0.1}
groups = []
for n, q in net.named_parameters():
    hp = copy.copy(default)
    if q.ndim < 2:
        hp["weight_decay"] = 0.0
    groups.append({"params": [q], **hp})
opt = optim.AdamW(groups)
""",
    "parameters that were met": """
memo = set()
groups = []
for m in net.modules():
    for k, q in m.named_parameters(recurse=False):
        if not q.requires_grad or q in memo:
            continue
        memo.add(q)
        wd = 0.1
        if isinstance(m, nn.LayerNorm) or k in ("bias", "gamma"):
            wd = 0.0
        groups += [{"params": [q], "lr": 1e-2, "weight_decay": wd}]
opt = optim.AdamW(groups, 1e-2)
""",
    "a lambda for the strength": """
wd_of = lambda q: 0.1 if q.ndim > 1 else 0.0
opt = optim.AdamW([{"params": [q], "weight_decay": wd_of(q)} for q in net.parameters()], lr=1e-2)
""",
    "groups that are mapped": """
each = map(lambda q: {"params": [q], "weight_decay": 0.1 if q.ndim > 1 else 0.0}, net.parameters())
opt = optim.AdamW(list(each), lr=1e-2)
""",
    "a function for a group": """
def group(q):
    return {"params": [q], "weight_decay": 0.0 if q.ndim < 2 else 0.1}
opt = optim.AdamW([group(q) for q in net.parameters()], lr=1e-2)
""",
    "a function for a dictionary": """
def group(ps, wd):
    return dict(params=list(ps), weight_decay=wd)
opt = optim.AdamW([
    group((q for q in net.parameters() if q.ndim > 1), 0.1),
    group((q for q in net.parameters() if q.ndim < 2), 0.0),
], lr=1e-2)
""",
}
TODO = {
    "names taken out of a dictionary": "todo: a dictionary that becomes smaller while it is gone over",
    "one list a condition": "todo: lists that a loop over conditions makes, taken apart",
}


def named(programs: dict[str, str]) -> list[object]:
    return [
        pytest.param(text, id=name, marks=[pytest.mark.xfail(reason=TODO[name], strict=True)] if name in TODO else [])
        for name, text in programs.items()
    ]


@pytest.mark.parametrize("text", named(DIVIDED))
def test_two_lists(text: str) -> None:
    assert check_source(NETWORK + text + TWO) == []


@pytest.mark.parametrize("text", named(MADE))
def test_groups(text: str) -> None:
    assert check_source(NETWORK + text) == []


@pytest.mark.parametrize("text", [*(text + TWO for text in DIVIDED.values()), *MADE.values()], ids=[*DIVIDED, *MADE])
def test_they_are_right(text: str) -> None:
    pytest.importorskip("torch")
    names: dict[str, Any] = {}
    exec(compile(NETWORK + text, "<program>", "exec"), names)
    decays = {id(p): group["weight_decay"] for group in names["opt"].param_groups for p in group["params"]}
    assert {p.ndim > 1: decays[id(p)] > 0 for p in names["net"].parameters()} == {True: True, False: False}
