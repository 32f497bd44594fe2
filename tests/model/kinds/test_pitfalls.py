"""Parameters whose shape, name or class says one thing and whose use another: each case defeats a rule in use."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from wdlint.facts import Kind
from wdlint.model.kinds.classify import classify

W, G, B, E, O = Kind.WEIGHT, Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER  # noqa: E741
P = nn.Parameter


class Layer(nn.Module):
    """A linear layer, then what a case adds."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(8, 8, bias=False)


class VideoNorm(Layer):
    """An RMS norm for video: a gain of four dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = P(torch.ones(8, 1, 1, 1))

    def forward(self, x):
        x = self.mix(x).reshape(-1, 8, 1, 1, 1)
        return F.normalize(x, dim=1) * self.gamma


class Gates(Layer):
    """Squashed gates, one row a branch."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = P(torch.zeros(4, 8))

    def forward(self, x):
        x = self.mix(x)
        return sum(torch.sigmoid(self.gate[i]) * x for i in range(4))


class Temperature(Layer):
    """One temperature a head."""

    def __init__(self) -> None:
        super().__init__()
        self.temperature = P(torch.ones(2, 1, 1))

    def forward(self, x):
        heads = self.mix(x).view(-1, 2, 4).transpose(0, 1)
        return (heads @ heads.transpose(1, 2) * self.temperature).softmax(-1) @ heads


class RelativeProduct(Layer):
    """Relative positions that meet the queries in a product: by the operation alone, a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.rel_pos_h = P(torch.zeros(7, 8))

    def forward(self, x):
        return torch.einsum("bc,kc->bk", self.mix(x), self.rel_pos_h)


class TimeMixing(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.time_mix_key = P(torch.ones(1, 1, 8))

    def forward(self, x):
        x = self.mix(x).unsqueeze(0)
        past = F.pad(x, (0, 0, 1, -1))
        return x * self.time_mix_key + past * (1 - self.time_mix_key)


class Modulated(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.scale_shift_table = P(torch.zeros(2, 8))

    def forward(self, x):
        shift, scale = (self.scale_shift_table[None] + self.mix(x)[:, None]).unbind(1)
        return x * (1 + scale) + shift


class NamedB1(Layer):
    """A bias of three dimensions that is not called so."""

    def __init__(self) -> None:
        super().__init__()
        self.w1 = P(torch.zeros(8, 8))
        self.b1 = P(torch.zeros(1, 8, 1))

    def forward(self, x):
        return torch.einsum("oc,bct->bot", self.w1, self.mix(x).unsqueeze(-1)) + self.b1


class QueryBias(Layer):
    """Transformer-XL's: a row a head, added to the queries."""

    def __init__(self) -> None:
        super().__init__()
        self.bias_u = P(torch.zeros(2, 4))

    def forward(self, x):
        heads = self.mix(x).view(-1, 2, 4)
        return (heads + self.bias_u) @ heads.transpose(1, 2)


class MultipliedBias(Layer):
    """Called a bias, and multiplies."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = P(torch.zeros(8))

    def forward(self, x):
        return self.mix(x) * self.bias


class IndexedLinear(Layer):
    """A linear layer's weight, looked up as a table."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Linear(8, 5, bias=False)

    def forward(self, x):
        ids = torch.zeros(x.shape[0], dtype=torch.long)
        return self.mix(x) + F.embedding(ids, self.table.weight)


class WholeTable(Layer):
    """An embedding whose rows are all added, without look-up."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Embedding(3, 8)

    def forward(self, x):
        return self.mix(x).unsqueeze(1) + self.positions.weight


class Misnamed(Layer):
    """Weights below modules called norm and bias."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.ModuleDict({"linear": nn.Linear(8, 8)})
        self.bias_conv = nn.Linear(8, 8)

    def forward(self, x):
        return self.bias_conv(self.norm["linear"](self.mix(x)))


class Pooled(Layer):
    """A token that is the query of an attention, with no projection before it: contracted, and no weight."""

    def __init__(self) -> None:
        super().__init__()
        self.seed = P(torch.zeros(1, 1, 8))
        self.cls_token = P(torch.zeros(4, 8))

    def forward(self, x):
        keys = self.mix(x).unsqueeze(0)
        one = F.scaled_dot_product_attention(self.seed.expand(keys.shape[0], -1, -1), keys, keys)
        return one + (self.cls_token @ keys.transpose(1, 2)).softmax(-1) @ keys


class Separator(Layer):
    """A separator between images that another class puts into the sequence: here it is only held."""

    def __init__(self) -> None:
        super().__init__()
        self.image_sep = P(torch.zeros(8))

    def forward(self, x):
        return self.mix(x)


class ManySkips(Layer):
    """A state-space skip of two dimensions, beside `A_log`."""

    def __init__(self) -> None:
        super().__init__()
        self.A_log = P(torch.zeros(4, 2))
        self.D = P(torch.ones(2, 4))

    def forward(self, x):
        x = self.mix(x).view(-1, 2, 4)
        return x * self.D - (x.unsqueeze(-1) * torch.exp(self.A_log)).sum(-1)


CASES: dict[type[Layer], dict[str, Kind]] = {
    VideoNorm: {"gamma": G},
    Gates: {"gate": G},
    Temperature: {"temperature": O},
    RelativeProduct: {"rel_pos_h": O},
    TimeMixing: {"time_mix_key": G},
    Modulated: {"scale_shift_table": O},
    NamedB1: {"w1": W, "b1": B},
    QueryBias: {"bias_u": B},
    MultipliedBias: {"bias": G},
    IndexedLinear: {"table.weight": E},
    WholeTable: {"positions.weight": E},
    Misnamed: {"norm.linear.weight": W, "norm.linear.bias": B, "bias_conv.weight": W, "bias_conv.bias": B},
    Pooled: {"seed": E, "cls_token": E},
    Separator: {"image_sep": E},
    ManySkips: {"A_log": O, "D": O},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_use_decides(case: type[Layer]) -> None:
    for given in ({}, {"example_inputs": (torch.zeros(3, 8),)}):
        found = {c.parameter.name: c.parameter.kind for c in classify(case(), **given).parameters}  # type: ignore[arg-type]
        if case is IndexedLinear and not given:
            continue  # known layers are believed until a pass is asked for
        assert found == {"mix.weight": W, **CASES[case]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_source_alone_tells_what_is_decayed(case: type[Layer]) -> None:
    found = {c.parameter.name: c.parameter.kind for c in classify(case(), watch=False).parameters}
    wrong = {n: k for n, k in CASES[case].items() if (found[n] is W) is not (k is W)}
    assert wrong == ({"table.weight": E} if case is IndexedLinear else {})  # by its class, it is a weight
