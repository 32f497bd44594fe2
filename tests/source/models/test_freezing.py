"""Freezing in every spelling: only what is trained can be wrongly decayed."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

REACH = ("WD101", "WD102", "WD103", "WD104")

NET = """\
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear = nn.Linear(width, width)

    def forward(self, x):
        return x + self.linear(self.norm(x))


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.stem = nn.Conv1d(3, width, 3)
        self.bn = nn.BatchNorm1d(width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])
        self.head = nn.Linear(width, 2, bias=False)

    def forward(self, x):
        x = self.bn(self.stem(x)).mean(-1)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


"""

SILENT = {
    "an assignment of a test": """
model = Net()
for n, p in model.named_parameters():
    p.requires_grad = "head" in n
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a test on names, negated": """
model = Net()
for n, p in model.named_parameters():
    if not n.startswith("head."):
        p.requires_grad = False
optimizer = torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
""",
    "continue before freezing": """
model = Net()
for n, p in model.named_parameters():
    if "head" in n:
        continue
    p.requires_grad_(False)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a list of what stays": """
TRAINED = ["head"]
model = Net()
for n, p in model.named_parameters():
    p.requires_grad = any(key in n for key in TRAINED)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a helper": """
def freeze_all_but(network, kept):
    for name, parameter in network.named_parameters():
        if name.split(".")[0] != kept:
            parameter.requires_grad = False


def main():
    model = Net()
    freeze_all_but(model, "head")
    return torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a helper with a switch, called twice": """
def set_requires_grad(module, value):
    for parameter in module.parameters():
        parameter.requires_grad = value


def main():
    model = Net()
    set_requires_grad(model, False)
    set_requires_grad(model.head, True)
    return torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a helper in a helper": """
def freeze(module):
    for parameter in module.parameters():
        parameter.requires_grad = False


def only_head(model):
    for module in (model.stem, model.bn, model.blocks):
        freeze(module)


model = Net()
only_head(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "apply": """
def freeze(module):
    if isinstance(module, (nn.LayerNorm, nn.BatchNorm1d)):
        module.requires_grad_(False)
    elif getattr(module, "bias", None) is not None:
        module.bias.requires_grad = False


model = Net()
model.apply(freeze)
optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
""",
    "a loop over modules and another one over their parameters": """
model = Net()
for module in model.modules():
    if not isinstance(module, nn.Linear):
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
    elif module.bias is not None:
        module.bias.requires_grad = False
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "the weight and the bias of norms": """
model = Net()
for module in model.modules():
    if isinstance(module, (nn.LayerNorm, nn.BatchNorm1d)):
        module.weight.requires_grad = False
        module.bias.requires_grad = False
for name, p in model.named_parameters():
    if name.endswith("bias"):
        p.requires_grad = False
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a method of the model": """
class Frozen(Net):
    def freeze_body(self):
        for module in [self.stem, self.bn, self.blocks]:
            module.requires_grad_(False)


model = Frozen()
model.freeze_body()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "the constructor": """
class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Net()
        for name, parameter in self.body.named_parameters():
            parameter.requires_grad = "head" in name
        self.probe = nn.Linear(2, 2, bias=False)


optimizer = torch.optim.AdamW(Frozen().parameters(), lr=1e-3)
""",
    "the constructor opens the head again": """
class Probe(Net):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)
        self.head.requires_grad_(True)


optimizer = torch.optim.AdamW(Probe().parameters(), lr=1e-3)
""",
    "a local variable in the constructor": """
class Probe(nn.Module):
    def __init__(self):
        super().__init__()
        body = Net()
        for parameter in body.parameters():
            parameter.requires_grad = False
        self.body = body
        self.head = nn.Linear(2, 2, bias=False)


optimizer = torch.optim.AdamW(Probe().parameters(), lr=1e-3)
""",
    "frozen before it is wrapped": """
class Wrapper(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = body
        self.probe = nn.Linear(2, 2, bias=False)

    def forward(self, x):
        return self.probe(self.body(x))


body = Net()
body.requires_grad_(False)
model = Wrapper(body)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "frozen by the function that makes it": """
def build():
    net = Net()
    for parameter in net.parameters():
        parameter.requires_grad = False
    net.head = nn.Linear(8, 2, bias=False)
    return net


def main():
    model = build()
    return torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "the gain of a weight norm": """
class Last(nn.Module):
    def __init__(self, fixed=True):
        super().__init__()
        self.last = nn.utils.weight_norm(nn.Linear(8, 4, bias=False))
        self.last.weight_g.data.fill_(1)
        if fixed:
            self.last.weight_g.requires_grad = False


optimizer = torch.optim.AdamW(Last().parameters(), lr=1e-3)
""",
    "a comprehension": """
model = Net()
[p.requires_grad_(False) for n, p in model.named_parameters() if "head" not in n]
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "setattr": """
model = Net()
for n, p in model.named_parameters():
    setattr(p, "requires_grad", n == "head.weight")
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
""",
    "a trainer's method": """
class Trainer:
    def __init__(self):
        self.model = Net()
        self.freeze()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)

    def freeze(self):
        for name, p in self.model.named_parameters():
            if not name.startswith("head"):
                p.requires_grad = False
""",
    "a model that can't be seen": """
def probe(model, lr):
    for name, p in model.named_parameters():
        if not name.startswith("head"):
            p.requires_grad = False
    model.head.reset_parameters()
    return torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=lr)
""",
    "an unseen model, all frozen but adapters": """
def tune(model, lr):
    for name, p in model.named_parameters():
        p.requires_grad = "adapter_down" in name or "adapter_up.weight" in name
    return torch.optim.AdamW(model.parameters(), lr=lr)
""",
    "a generator of what is trained": """
model = Net()
model.requires_grad_(False)
for p in model.head.parameters():
    p.requires_grad = True
trained = (p for p in model.parameters() if p.requires_grad)
optimizer = torch.optim.AdamW(trained, lr=1e-3)
""",
}

FLAGGED = {
    "one of two models rests while the other one trains": """
def fit(first, second, batches):
    one = torch.optim.AdamW(first.parameters(), weight_decay=0.1)  # WD103
    other = torch.optim.AdamW(filter(lambda p: p.requires_grad, second.parameters()), weight_decay=0.1)  # WD103
    for batch in batches:
        for p in second.parameters():
            p.requires_grad = False
        first(batch).mean().backward()
        one.step()
        for p in second.parameters():
            p.requires_grad = True
        second(batch).mean().backward()
        other.step()
""",
    "what is trained depends on an option": """
def main(args):
    model = Net()
    for n, p in model.named_parameters():
        if args.layers not in n:
            p.requires_grad = False
    trained = [p for p in model.parameters() if p.requires_grad]
    return torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.1)  # WD101, WD102
""",
    "only biases are trained": """
model = Net()
for n, p in model.named_parameters():
    p.requires_grad = n.endswith(".bias")
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD101
""",
    "a new head with a bias": """
model = Net()
for p in model.parameters():
    p.requires_grad = False
model.head = nn.Linear(8, 3)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD101
""",
    "a head that is put on before all is frozen and opened again": """
model = Net()
model.head = nn.Linear(8, 3)
model.requires_grad_(False)
model.head.requires_grad_(True)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD101
""",
    "norms stay open": """
model = Net()
for n, p in model.named_parameters():
    if "norm" not in n:
        p.requires_grad = False
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD101, WD102
""",
    "opened again by its own method": """
class Net2(Net):
    def unfreeze(self):
        for p in self.parameters():
            p.requires_grad = True


model = Net2()
model.requires_grad_(False)
model.unfreeze()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)  # WD101, WD102
""",
    "the other model is frozen": """
teacher, student = Net(), Net()
for p in teacher.parameters():
    p.requires_grad = False
optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3, weight_decay=0.1)  # WD101, WD102
""",
    "another call of the same helper": """
def freeze(module):
    for p in module.parameters():
        p.requires_grad = False


def main():
    teacher, student = Net(), Net()
    freeze(teacher)
    return torch.optim.AdamW(student.parameters(), lr=1e-3, weight_decay=0.1)  # WD101, WD102
""",
}


def _told(example: str) -> list[str]:
    files = {"example.py": NET + example.lstrip("\n")}
    findings, errors = lint_files(files, {"select": REACH})
    assert errors == []
    return differences(findings, marks_of(files))


@pytest.mark.parametrize("example", SILENT.values(), ids=SILENT)
def test_what_is_frozen_is_not_reported(example: str) -> None:
    assert _told(example) == []


@pytest.mark.parametrize("example", FLAGGED.values(), ids=FLAGGED)
def test_what_is_trained_is_reported(example: str) -> None:
    assert _told(example) == []


def test_counts_and_examples_are_of_what_is_trained() -> None:
    example = """
model = Net()
for p in model.parameters():
    p.requires_grad = False
for p in model.blocks[1].parameters():
    p.requires_grad = True
for p in model.bn.parameters():
    p.requires_grad = True
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
    findings, _ = lint_files({"example.py": NET + example}, {"select": ("WD102",)})
    assert [finding.parameters for finding in findings] == [("bn.weight",)]  # which of the blocks is open can't be told
