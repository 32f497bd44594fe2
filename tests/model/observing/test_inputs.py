"""Inputs that are made for a model: what it says of itself leads to a pass that goes through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from wdlint.facts import Kind
from wdlint.model.kinds.classify import classify


class Scaled(nn.Module):
    """A raw parameter, so that a pass is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.ones(1))


class Graph(Scaled):
    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(6, 4)

    def forward(self, x, edge_index, edge_weight):
        row, col = edge_index
        return self.p * torch.zeros(len(x), 4).index_add(0, row, self.lin(x)[col] * edge_weight[:, None])


class Field(Scaled):
    """Pointwise layers over a plane, written as one-dimensional; two channels are added inside."""

    def __init__(self) -> None:
        super().__init__()
        self.in_channels = 3
        self.lift = nn.Conv1d(5, 4, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        x = torch.cat([x, x.new_zeros(b, 2, h, w)], 1)
        return self.p * self.lift(x.flatten(2)).view(b, 4, h, w)


class Diffusion(Scaled):
    def __init__(self) -> None:
        super().__init__()
        self.config = {"in_channels": 4, "sample_size": 8, "cross_attention_dim": 12}
        self.conv = nn.Conv2d(4, 4, 3)
        self.cross = nn.Linear(12, 4)

    def forward(self, sample, timestep, encoder_hidden_states):
        x = self.conv(sample) + self.cross(encoder_hidden_states).mean(1)[:, :, None, None]
        return self.p * x * timestep[:, None, None, None]


class Patches(Scaled):
    """Cuts an image into patches itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3 * 16 * 16, 8)

    def forward(self, x):
        return self.p * self.embed(F.unfold(x, 16, stride=16).transpose(1, 2))


class Timed(Scaled):
    """A network of a diffusion model that takes the times by a short name, and images of one size only."""

    def __init__(self) -> None:
        super().__init__()
        self.image_size = 32
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x, t):
        assert x.shape[-2:] == (32, 32)
        return self.p * self.conv(x) * t[:, None, None, None]


class Codes(Scaled):
    """Vector quantization: no layer says what it takes, but its width does. The codes are a table."""

    def __init__(self) -> None:
        super().__init__()
        self.dim = 6
        self.codes = nn.Parameter(torch.rand(9, 6))

    def forward(self, x):
        near = torch.einsum("bnd,cd->bnc", x, self.codes).argmax(-1)
        return self.p * F.embedding(near, self.codes)


def test_codes_are_a_table() -> None:
    (codes,) = [c for c in classify(Codes()).parameters if c.parameter.name == "codes"]
    assert codes.parameter.kind is Kind.EMBEDDING
    assert codes.table


@pytest.mark.parametrize("make", [Graph, Field, Diffusion, Patches, Timed, Codes])
def test_a_pass_goes_through(make: Callable[[], nn.Module]) -> None:
    seen = classify(make())
    assert seen.observed in ("complete", "as far as needed")
    assert {c.parameter.kind for c in seen.parameters if c.parameter.name == "p"} == {Kind.GAIN}


def test_where_a_value_is_asked_for_no_other_input_is_tried() -> None:
    tried: list[int] = []

    class Failing(Scaled):
        def __init__(self) -> None:
            super().__init__()
            self.lift = nn.Conv1d(3, 4, 1)

        def forward(self, x):
            tried.append(x.ndim)
            return x * x.sum().item()

    assert classify(Failing()).observed == "stopped early: RuntimeError: Tensor.item() cannot be called on meta tensors"
    assert tried == [3]
