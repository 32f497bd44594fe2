"""Layers by hand, switches, inheritance and layer classes as arguments; read from the source and built by torch."""

from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn import Parameter


class Scale(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.gamma = nn.Parameter(1e-6 * torch.ones(dim, 1, 1))
        self.beta = Parameter(torch.zeros(1, dim, 1, 1))

    def forward(self, x):
        return x * self.gamma + self.beta


class Projection(nn.Module):
    def __init__(self, n_in, n_out, bias=True):
        super().__init__()
        self.weight = torch.nn.parameter.Parameter(torch.empty(n_out, n_in))
        if bias:
            self.bias = nn.Parameter(torch.empty(n_out))
        else:
            self.register_parameter("bias", None)
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Raw(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = Scale(4)
        self.project = Projection(4, 4)
        self.plain = Projection(4, 4, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(0.07))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 4))
        self.frozen = nn.Parameter(torch.randn(2, 3), requires_grad=False)
        self.not_a_parameter = torch.zeros(3)

    def forward(self, x):
        x = torch.cat([self.cls_token, self.project(self.scale(x))], 1)
        return self.plain(x) * self.logit_scale.exp() @ self.frozen


class Switches(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, bias=False)
        self.bare_norm = nn.LayerNorm(4, elementwise_affine=False)
        self.instance = nn.InstanceNorm2d(4)
        self.affine = nn.InstanceNorm2d(4, affine=True)
        self.attention = nn.MultiheadAttention(8, 2, bias=False)
        self.rnn = nn.LSTM(4, 8, num_layers=2, bidirectional=True)
        self.cell = nn.GRUCell(4, 4, bias=False)
        self.act = nn.PReLU()
        self.old = nn.utils.weight_norm(nn.Conv1d(2, 2, 3))
        self.new = nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
        self.spectral = nn.utils.spectral_norm(nn.Linear(3, 3))
        self.late = nn.Conv1d(2, 2, 1)
        nn.utils.weight_norm(self.late)


class Base(nn.Module):
    def __init__(self, dim, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm1d
        self.norm = norm_layer(dim)
        self.fc = nn.Linear(dim, dim)
        self._extra(dim)

    def _extra(self, dim):
        self.extra = nn.Linear(dim, 1)


class Mixin:
    def add_head(self, dim):
        self.head = nn.Linear(dim, 2)


class Derived(Mixin, Base):
    def __init__(self, dim=4):
        super().__init__(dim, norm_layer=partial(nn.LayerNorm, eps=1e-6))
        self.add_head(dim)
        self.fc = nn.Identity()

    def _extra(self, dim):
        self.extra = nn.Linear(dim, 1, bias=False)


class Scaled(nn.Linear):
    def __init__(self, n):
        super().__init__(n, n, bias=False)
        self.gain = nn.Parameter(torch.ones(n))

    def forward(self, x):
        return super().forward(x) * self.gain


class Chosen(nn.Module):
    def __init__(self, use_norm=False, deep=True, act=nn.ReLU):
        super().__init__()
        if use_norm:
            self.norm = nn.LayerNorm(4)
        self.first = nn.Linear(4, 4) if deep else nn.Identity()
        self.second = nn.LayerNorm(4) if use_norm else nn.Identity()
        self.act = act()
        if deep:
            self.third = Scaled(4)
        else:
            self.third = nn.Linear(4, 4)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 4)
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embedding.weight
        self.again = self.body


class Reads(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.table = table
        self.out = nn.Linear(4, 4)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.left = Reads(self.table)
        self.right = Reads(self.table)


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
        for p in self.backbone.parameters():
            p.requires_grad = False
        self.neck = nn.Linear(4, 4)
        self.neck.requires_grad_(False)
        self.head = nn.Linear(4, 2)
        self.head.bias.requires_grad = False
