"""Containers that are made of another model's children: all of them, or a slice."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

HEAD = """\
import torch
import torchvision
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, bias=False)
        self.act = nn.ReLU()
        self.norm = nn.GroupNorm(2, 8)
        self.body = nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8))
        self.head = nn.Linear(8, 2)


net = Net()
resnet = torchvision.models.resnet18()
"""
ENCODER = """
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        resnet = torchvision.models.resnet101(pretrained=True)
        modules = list(resnet.children())[:-2]
        self.resnet = nn.Sequential(*modules)
        self.pool = nn.AdaptiveAvgPool2d((14, 14))
        self.fine_tune()

    def fine_tune(self, on=SWITCH):
        for p in self.resnet.parameters():
            p.requires_grad = False
        for child in list(self.resnet.children())[7:]:
            for p in child.parameters():
                p.requires_grad = on

    def forward(self, images):
        return self.pool(self.resnet(images))


model = Encoder()
"""
OPTIMIZER = "\nopt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.1)\n"

# what is made, and the modules whose gains or biases must be reported
PROGRAMS = {
    "all": ("model = nn.Sequential(*net.children())", "2 3.1 4"),
    "all but the last": ("model = nn.Sequential(*list(net.children())[:-1])", "2 3.1"),
    "a list, by its name": ("layers = list(net.children())[:3]\nmodel = nn.Sequential(*layers)", "2"),
    "from the second on": ("model = nn.ModuleList(list(net.children())[2:])", "0 1.1 2"),
    "nothing that is wrong": ("model = nn.Sequential(*list(net.children())[:2])", ""),
    "of a library's model": ("model = nn.Sequential(*list(resnet.children())[:2])", "1"),
    "frozen before": (
        "net.requires_grad_(False)\nmodel = nn.Sequential(*list(net.children())[:-1])",
        "",
    ),
    "frozen in a library's model": (
        "for p in resnet.parameters():\n    p.requires_grad = False\n"
        "model = nn.Sequential(*list(resnet.children())[:-1])",
        "",
    ),
    "frozen afterwards": (
        "model = nn.Sequential(*list(resnet.children())[:-1])\n"
        "for p in model.parameters():\n    p.requires_grad = False",
        "",
    ),
    "kept by a model, the last of them opened": (
        ENCODER.replace("SWITCH", "True"),
        "resnet.7.*.bn1 resnet.7.*.bn2 resnet.7.*.bn3 resnet.7.*.downsample.1",
    ),
    "kept by a model and frozen": (ENCODER.replace("SWITCH", "False"), ""),
    "frozen by their numbers": (
        "model = nn.Sequential(*list(net.children())[:-1])\nfor layer in list(model.children())[:3]:\n"
        "    layer.requires_grad_(False)",
        "3.1",
    ),
}


@pytest.mark.parametrize(("made", "layers"), PROGRAMS.values(), ids=PROGRAMS)
def test_children_under_new_numbers(made: str, layers: str) -> None:
    findings = check_source(HEAD + made + OPTIMIZER)
    reached = {name.rpartition(".")[0] for finding in findings for name in finding.parameters}
    assert reached == set(layers.split())
    assert not any("every parameter" in finding.message for finding in findings)
