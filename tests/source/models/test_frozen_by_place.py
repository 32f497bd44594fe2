"""Parameters that are frozen by their place: slices of all of them, counters, children by their number."""

from __future__ import annotations

import pytest

from wdlint.api import check_source
from wdlint.facts import Confidence

NET = """\
import torch
from itertools import islice
from torch import nn


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.scale = 2.0
        self.conv1 = nn.Conv2d(3, width, 3)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.body = nn.Sequential(nn.Conv2d(width, width, 3), nn.ReLU(), nn.GroupNorm(2, width))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(width, 10, bias=False)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        return self.head(self.pool(self.body(x)).flatten(1))


net = Net()
"""
# parameters: 0 conv1.weight, 1 conv1.bias, 2 bn1.weight, 3 bn1.bias, 4 body.0.weight, 5 body.0.bias, 6 body.2.weight,
# 7 body.2.bias, 8 head.weight; children: conv1, bn1, relu, body, pool, head
OPTIMIZER = (
    "\nopt = torch.optim.AdamW(filter(lambda p: p.requires_grad, net.parameters()), lr=1e-3, weight_decay=0.1)\n"
)

SILENT = {
    "all but the last": """
for p in list(net.parameters())[:-1]:
    p.requires_grad = False
""",
    "in a list with a name": """
parameters = [p for p in net.parameters()]
for p in parameters[:8]:
    p.requires_grad_(False)
""",
    "names in a slice": """
names = [n for n, _ in net.named_parameters()][:-1]
for n, p in net.named_parameters():
    if n in names:
        p.requires_grad = False
""",
    "pairs in a slice": """
for n, p in list(net.named_parameters())[:8]:
    p.requires_grad = False
""",
    "enumerated": """
for i, p in enumerate(net.parameters()):
    if i < 8:
        p.requires_grad = False
""",
    "enumerated from one, with names": """
for i, (n, p) in enumerate(net.named_parameters(), start=1):
    p.requires_grad = i >= 9
""",
    "all opened that come late": """
for p in net.parameters():
    p.requires_grad = False
for i, p in enumerate(net.parameters()):
    if not i < len(list(net.parameters())) - 1:
        p.requires_grad = True
""",
    "the last one opened": """
for p in net.parameters():
    p.requires_grad = False
for p in list(net.parameters())[-1:]:
    p.requires_grad = True
""",
    "the last one opened by its number": """
net.requires_grad_(False)
list(net.parameters())[-1].requires_grad = True
""",
    "numbers that are listed": """
for i, p in enumerate(net.parameters()):
    if i in (0, 1, 2, 3, 4, 5, 6, 7):
        p.requires_grad = False
""",
    "a loop that is left": """
for i, p in enumerate(net.parameters()):
    if i == 8:
        break
    p.requires_grad = False
""",
    "islice": """
for p in islice(net.parameters(), 8):
    p.requires_grad = False
""",
    "a range of numbers": """
parameters = list(net.parameters())
for i in range(len(parameters) - 1):
    parameters[i].requires_grad = False
""",
    "a range with an end": """
parameters = list(net.parameters())
for i in range(0, 8):
    parameters[i].requires_grad = False
""",
    "children in a slice": """
for child in list(net.children())[:5]:
    for p in child.parameters():
        p.requires_grad = False
""",
    "children as a whole": """
for child in list(net.children())[:-1]:
    child.requires_grad_(False)
""",
    "children by their numbers": """
for i in range(5):
    for p in list(net.children())[i].parameters():
        p.requires_grad = False
""",
    "one child after the other": """
children = list(net.children())
children[0].requires_grad_(False)
children[1].requires_grad_(False)
children[3].requires_grad_(False)
""",
    "children with their names": """
for i, (name, child) in enumerate(net.named_children()):
    if i <= 3:
        for p in child.parameters():
            p.requires_grad = False
""",
    "children counted by hand": """
ct = 0
for child in net.children():
    ct += 1
    if ct < 6:
        for p in child.parameters():
            p.requires_grad = False
""",
    "children counted at the end of a turn": """
def freeze(model, limit=4):
    count = 0
    for child in model.children():
        if count < limit:
            for p in child.parameters():
                p.requires_grad = False
        count = count + 1
freeze(net)
""",
    "by an option's default": """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--frozen", type=int, default=8)
args = parser.parse_args()
for i, p in enumerate(net.parameters()):
    if i < args.frozen:
        p.requires_grad = False
""",
    "layers of a part": """
for p in list(net.parameters())[:4]:
    p.requires_grad = False
for layer in net.body[:3]:
    for p in layer.parameters():
        p.requires_grad = False
""",
}

FLAGGED = {
    "all but the last three": ("for p in list(net.parameters())[:-3]:\n    p.requires_grad = False\n", "body.2"),
    "the first two": ("for p in list(net.parameters())[:2]:\n    p.requires_grad = False\n", "bn1 body.0 body.2"),
    "enumerated": (
        "for i, p in enumerate(net.parameters()):\n    if i < 4:\n        p.requires_grad = False\n",
        "body.0 body.2",
    ),
    "opened late": (
        "net.requires_grad_(False)\nfor p in list(net.parameters())[-3:]:\n    p.requires_grad = True\n",
        "body.2",
    ),
    "a loop that is left": (
        "for i, p in enumerate(net.parameters()):\n    if i == 6:\n        break\n    p.requires_grad = False\n",
        "body.2",
    ),
    "islice": ("for p in islice(net.parameters(), 6):\n    p.requires_grad = False\n", "body.2"),
    "a range": (
        "ps = list(net.parameters())\nfor i in range(len(ps) - 3):\n    ps[i].requires_grad = False\n",
        "body.2",
    ),
    "children": (
        "for child in list(net.children())[:3]:\n    for p in child.parameters():\n        p.requires_grad = False\n",
        "body.0 body.2",
    ),
    "children as a whole": (
        "for child in list(net.children())[:2]:\n    child.requires_grad_(False)\n",
        "body.0 body.2",
    ),
    "children counted by hand": (
        "ct = 0\nfor child in net.children():\n    ct += 1\n    if ct < 3:\n        child.requires_grad_(False)\n",
        "body.0 body.2",
    ),
    "layers of a part": (
        "for p in list(net.parameters())[:4]:\n    p.requires_grad = False\n"
        "for layer in net.body[:2]:\n    for p in layer.parameters():\n        p.requires_grad = False\n",
        "body.2",
    ),
    "nothing, since a module has no such switch": (
        "for child in net.children():\n    child.requires_grad = False\nnet.body.requires_grad = False\n",
        "conv1 bn1 body.0 body.2",
    ),
    "nothing by an option's default": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--n', type=int, default=0)\n"
        "args = parser.parse_args()\nfor p in list(net.parameters())[:args.n]:\n    p.requires_grad = False\n",
        "conv1 bn1 body.0 body.2",
    ),
}

OPEN = {
    "in another order": "for p in list(reversed(list(net.parameters())))[:8]:\n    p.requires_grad = False\n",
    "a number that can't be told": "import sys\nfor p in list(net.parameters())[: len(sys.argv)]:\n"
    "    p.requires_grad = False\n",
    "of those that are open": "ps = [p for p in net.parameters() if p.ndim > 1]\nfor p in ps[:2]:\n"
    "    p.requires_grad = False\nfor p in list(net.parameters())[: len(ps)]:\n    p.requires_grad = False\n",
    "layers of a library's model, some of them": "import torchvision\nnet = torchvision.models.vgg16()\n"
    "net.classifier = nn.Linear(2, 2, bias=False)\n"
    "for i, layer in enumerate(net.features):\n    if i < 5:\n        for p in layer.parameters():\n"
    "            p.requires_grad = False\n",
    "from something that can't be told": "import sys\nfrom pieces import some\nfor p in some(net):\n"
    "    p.requires_grad = False\n",
}


@pytest.mark.parametrize("code", SILENT.values(), ids=SILENT)
def test_what_is_frozen_by_its_place_does_not_decay(code: str) -> None:
    assert check_source(NET + code + OPTIMIZER) == []


@pytest.mark.parametrize(("code", "layers"), FLAGGED.values(), ids=FLAGGED)
def test_what_keeps_its_place_and_is_trained_is_found(code: str, layers: str) -> None:
    findings = check_source(NET + code + OPTIMIZER)
    assert {finding.rule for finding in findings} == {"decayed-bias", "decayed-gain"}
    assert {finding.confidence for finding in findings} == {Confidence.PROVEN}
    reached = {name for finding in findings for name in finding.parameters}
    assert {name.rpartition(".")[0] for name in reached} == set(layers.split())


@pytest.mark.parametrize("code", OPEN.values(), ids=OPEN)
def test_what_cannot_be_told_is_never_said_to_be_proven(code: str) -> None:
    findings = check_source(NET + code + OPTIMIZER)
    assert all(finding.confidence is Confidence.ASSUMED for finding in findings)


TORCHVISION = """\
import torch
import torchvision
from torch import nn

net = torchvision.models.resnet18()
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("for child in list(net.children())[:7]:\n    child.requires_grad_(False)\n", {"layer4"}),
        ("ct = 0\nfor child in net.children():\n    ct += 1\n    if ct < 8:\n"
         "        for p in child.parameters():\n            p.requires_grad = False\n", {"layer4"}),
        ("for child in list(net.children())[:8]:\n    child.requires_grad_(False)\n", set()),
        ("net.conv1 = nn.Conv2d(1, 64, 7, bias=False)\nfor p in list(net.parameters())[:-2]:\n"
         "    p.requires_grad = False\n", {"layer4"}),
        ("for i, child in enumerate(net.children()):\n    if i > 4:\n        child.requires_grad_(False)\n",
         {"bn1", "layer1"}),
    ],
)  # fmt: skip
def test_children_of_library_models_have_their_places(code: str, expected: set[str]) -> None:
    bare = "net.fc = nn.Linear(512, 10, bias=False)\n"
    findings = check_source(TORCHVISION + bare + code + OPTIMIZER)
    assert {name.partition(".")[0] for finding in findings for name in finding.parameters} == expected
