"""Containers in the ways in which models are written; read from the source and built by torch in the tests."""

from collections import OrderedDict
from copy import deepcopy

import torch
import torch.nn as nn


class Literal(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 1))
        self.heads = nn.ModuleDict({"a": nn.Linear(8, 2), "b": nn.Sequential(nn.Linear(8, 4), nn.Linear(4, 2))})
        self.named = nn.Sequential(OrderedDict([("fc", nn.Linear(2, 2)), ("norm", nn.LayerNorm(2))]))
        self.scales = nn.ParameterList([nn.Parameter(torch.ones(8)), nn.Parameter(torch.ones(8))])
        self.tables = nn.ParameterDict({"left": nn.Parameter(torch.randn(4, 8))})

    def forward(self, x):
        x = self.body(x).mean((2, 3))
        for scale in self.scales:
            x = x * scale
        return x @ self.tables["left"].t()


class Comprehension(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(4, 4) for _ in range(depth)])
        self.norms = nn.ModuleList(nn.LayerNorm(4) for _ in range(depth))
        self.chain = nn.Sequential(*[nn.Linear(4, 4, bias=False) for _ in range(depth)])
        self.table = nn.ModuleDict({name: nn.Embedding(5, 4) for name in ("x", "y")})


class Appended(nn.Module):
    def __init__(self, widths=(4, 8, 16)):
        super().__init__()
        layers = [nn.Linear(2, 4)]
        for width in widths:
            layers.append(nn.BatchNorm1d(4))
            layers += [nn.Linear(4, 4), nn.ReLU()]
        self.net = nn.Sequential(*layers)
        self.steps = nn.ModuleList()
        for width in widths:
            self.steps.append(nn.Conv1d(width, width, 1))
        self.pairs = nn.ModuleList([nn.ModuleList([nn.Linear(2, 2), nn.LayerNorm(2)]) for _ in range(2)])


def stages(depth):
    return [(f"stage{i}", nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))) for i in range(depth)]


class Computed(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        for i in range(depth):
            self.add_module(f"layer{i}", nn.Linear(3, 3))
            setattr(self, "norm%d" % i, nn.LayerNorm(3))
        for name in ("query", "key"):
            setattr(self, name + "_proj", nn.Linear(3, 3, bias=False))
        for stage in stages(depth):
            self.add_module(*stage)


class Stage(nn.Sequential):
    def __init__(self, width, depth):
        layers = [nn.Conv2d(width, width, 3) for _ in range(depth)]
        super().__init__(*layers, nn.GroupNorm(2, width))


def stack(width, depth):
    layers = []
    for _ in range(depth):
        layers.append(nn.Linear(width, width))
        layers.append(nn.LayerNorm(width))
    return nn.Sequential(*layers)


def clones(module, count):
    return nn.ModuleList([deepcopy(module) for _ in range(count)])


class Made(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage = Stage(4, 2)
        self.tower = stack(4, 2)
        self.copies = clones(nn.Linear(4, 4), 3)
        layer = nn.TransformerEncoderLayer(8, 2, 16)
        self.encoder = nn.TransformerEncoder(layer, 2)


class Gathered(nn.Module):
    """A list of layers that takes the place of itself."""

    def __init__(self):
        super().__init__()
        self.layers = []
        for _ in range(2):
            self.layers.append(nn.Linear(3, 3))
        self.layers = nn.ModuleList(self.layers)
