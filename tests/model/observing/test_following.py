"""What a parameter becomes before it meets the data decides its kind, not the first operation that it enters."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from wdlint.facts import Kind
from wdlint.model.kinds.classify import classify

W, G, B, E, O, U = Kind.WEIGHT, Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER, Kind.UNKNOWN  # noqa: E741
P = nn.Parameter


class Layer(nn.Module):
    """A linear layer, then what a case adds."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(8, 8, bias=False)


class Lists(Layer):
    """Two lists with equal indices: one scales, one is contracted."""

    def __init__(self) -> None:
        super().__init__()
        self.scales = nn.ParameterList([P(torch.rand(8, 8)) for _ in range(2)])
        self.maps = nn.ParameterList([P(torch.rand(8, 8)) for _ in range(2)])

    def forward(self, x):
        x = self.mix(x)
        for scale, part in zip(self.scales, self.maps, strict=True):
            x = (x.unsqueeze(1) * scale).mean(1) @ part
        return x


class Chosen(nn.Module):
    """One class whose option decides what its parameter does."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.p = P(torch.rand(8, 8))

    def forward(self, x):
        return x @ self.p if self.mode == "mix" else x * self.p


class Options(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Chosen("mix"), Chosen("scale")

    def forward(self, x):
        return self.two(self.one(self.mix(x)).unsqueeze(1))


class Numbered(nn.Module):
    """The same with a number, and with a part that may be missing."""

    def __init__(self, mode: int, activate: nn.Module | None) -> None:
        super().__init__()
        self.mode, self.activate = mode, activate
        self.p, self.q = P(torch.rand(8, 8)), P(torch.rand(8, 8))

    def forward(self, x):
        x = x @ self.p if self.mode > 0 else (x.unsqueeze(1) * self.p).amax(1)
        return (x.unsqueeze(1) * self.q).amax(1) if self.activate is None else self.activate(x @ self.q)


class Numbers(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Numbered(1, nn.ReLU()), Numbered(0, None)

    def forward(self, x):
        return self.two(self.one(self.mix(x)))


class Distances(Layer):
    """Centres of a radial basis: they meet the data in distances, and what comes of these is mixed."""

    def __init__(self) -> None:
        super().__init__()
        self.centres = P(torch.rand(5, 8))
        self.out = P(torch.rand(5, 8))

    def forward(self, x):
        return torch.exp(-torch.cdist(self.mix(x), self.centres)) @ self.out


class Dictionary(Layer):
    """A dictionary whose keys tell nothing, and one of them is `default`."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ParameterDict({"default": P(torch.rand(8, 8)), "other": P(torch.rand(8, 8))})

    def forward(self, x):
        return (self.mix(x) @ self.parts["default"]).unsqueeze(1) * self.parts["other"]


class Merged(Layer):
    """A low-rank update that is added to the weight before it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.base = P(torch.rand(8, 8))
        self.A = P(torch.rand(2, 8))
        self.B = P(torch.zeros(8, 2))

    def forward(self, x):
        return F.linear(self.mix(x), self.base + self.B @ self.A * 0.5)


class LowRank(nn.Module):
    """The same as a parametrization."""

    def __init__(self) -> None:
        super().__init__()
        self.A = P(torch.rand(2, 8))
        self.B = P(torch.zeros(8, 2))

    def forward(self, weight):
        return weight + self.B @ self.A


def parametrized() -> nn.Module:
    layer = nn.Linear(8, 8, bias=False)
    nn.utils.parametrize.register_parametrization(layer, "weight", LowRank())
    return nn.Sequential(nn.Linear(8, 8, bias=False), layer)


class ConvUpdate(nn.Module):
    """loralib's convolution: the update is reshaped to the kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, bias=False)
        self.low_a = P(torch.rand(2 * 3, 4 * 3))
        self.low_b = P(torch.zeros(4 * 3, 2 * 3))

    def forward(self, x):
        return F.conv2d(x, self.conv.weight + (self.low_b @ self.low_a).view(4, 4, 3, 3) * 0.5)


class Hyper(Layer):
    """A weight, raw and of a layer, to which another network adds a share that depends on the data."""

    def __init__(self) -> None:
        super().__init__()
        self.base = P(torch.rand(8, 8))
        self.inner = nn.Linear(8, 8, bias=False)
        self.make = nn.Linear(8, 64)

    def forward(self, x):
        x = self.mix(x)
        delta = self.make(x.mean(0)).view(8, 8)
        return F.linear(F.linear(x, self.base + delta), self.inner.weight + delta)


class Modulated(nn.Module):
    """A kernel scaled by a style for each input, then used by one grouped convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.style = nn.Linear(4, 4)
        self.weight = P(torch.rand(1, 4, 4, 3, 3))
        self.activate = P(torch.zeros(1, 4, 1, 1))

    def forward(self, x):
        b = x.shape[0]
        style = self.style(x.mean((2, 3))).view(b, 1, 4, 1, 1)
        weight = 0.1 * self.weight * style
        weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4]) + 1e-8).view(b, 4, 1, 1, 1)
        out = F.conv2d(x.reshape(1, b * 4, *x.shape[2:]), weight.view(b * 4, 4, 3, 3), groups=b)
        return out.view(b, 4, *out.shape[2:]) + self.activate


class Magnitude(Layer):
    """DoRA: a magnitude times a direction, which holds a low-rank update."""

    def __init__(self) -> None:
        super().__init__()
        self.base = P(torch.rand(8, 8))
        self.A = P(torch.rand(2, 8))
        self.B = P(torch.zeros(8, 2))
        self.m = P(torch.ones(8, 1))

    def forward(self, x):
        whole = self.base + self.B @ self.A
        return F.linear(self.mix(x), self.m * whole / whole.norm(dim=1, keepdim=True))


class Kronecker(Layer):
    """A weight as a Kronecker product: neither factor scales the other."""

    def __init__(self) -> None:
        super().__init__()
        self.small = P(torch.rand(2, 2))
        self.large = P(torch.rand(4, 4))

    def forward(self, x):
        return self.mix(x) @ torch.kron(self.small, self.large)


class Rescaled(Layer):
    """A weight scaled row by row before its use: the vector is a gain."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = P(torch.rand(8, 8))
        self.rows = P(torch.ones(8, 1))

    def forward(self, x):
        return F.linear(self.mix(x), self.kernel * self.rows)


class Sinc(nn.Module):
    """A filter worked out from two numbers a channel: constants of a function, and no kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.low_hz_ = P(torch.linspace(30, 3000, 8).view(-1, 1))
        self.band_hz_ = P(torch.linspace(30, 300, 8).view(-1, 1))
        self.register_buffer("n_", torch.linspace(-1, 1, 7).view(1, -1))
        self.after = nn.Conv1d(8, 4, 3)

    def forward(self, x):
        low = 50 + self.low_hz_.abs()
        high = low + self.band_hz_.abs()
        kernel = (torch.sin(high @ self.n_) - torch.sin(low @ self.n_)) / self.n_
        return self.after(F.conv1d(x, kernel.unsqueeze(1)))


class Gabor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mu = P(torch.rand(4, 1))
        self.sigma = P(torch.ones(4, 1))
        self.register_buffer("t", torch.linspace(-1, 1, 9).view(1, -1))
        self.after = nn.Conv1d(4, 4, 3)

    def forward(self, x):
        kernel = torch.exp(-(self.t**2) / (2 * self.sigma**2)) * torch.cos(self.mu * self.t)
        return self.after(F.conv1d(x, kernel.unsqueeze(1)))


class Beside(Layer):
    """Stacked with one that goes through `exp`: that says nothing of the other."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = P(torch.rand(4, 8))
        self.logged = P(torch.rand(4, 8))

    def forward(self, x):
        return F.linear(self.mix(x), torch.cat([self.plain, self.logged.exp()]))


class Rows(Layer):
    """A table reached by `[ids]`, and one by `F.embedding`: the same thing."""

    def __init__(self) -> None:
        super().__init__()
        self.first = P(torch.rand(10, 8))
        self.second = P(torch.rand(10, 8))
        self.third = nn.Linear(8, 10, bias=False)

    def forward(self, x):
        ids = (x[..., 0] > 0).long()
        return self.mix(x) + self.first[ids] + F.embedding(ids, self.second) + self.third.weight[ids]


class Experts(Layer):
    """Whole matrices picked by the data are weights all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.bank = P(torch.rand(3, 8, 8))

    def forward(self, x):
        x = self.mix(x)
        return torch.bmm(x.unsqueeze(1), self.bank[(x[..., 0] > 0).long()])


class Basis(Layer):
    """A fixed matrix mixes a weight before its use."""

    def __init__(self) -> None:
        super().__init__()
        self.shape = P(torch.rand(8, 3))
        self.register_buffer("fixed", torch.rand(3, 8))

    def forward(self, x):
        return self.mix(x) @ (self.shape @ self.fixed)


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], dict[str, Kind]]] = {
    "two lists": (Lists, (3, 8), {"mix.weight": W, "scales.0": G, "scales.1": G, "maps.0": W, "maps.1": W}),
    "an option": (Options, (3, 8), {"mix.weight": W, "one.p": W, "two.p": G}),
    "a number, a missing part": (
        Numbers,
        (3, 8),
        {"mix.weight": W, "one.p": W, "one.q": W, "two.p": G, "two.q": G},
    ),
    "distances": (Distances, (3, 8), {"mix.weight": W, "centres": O, "out": W}),
    "a dictionary": (Dictionary, (3, 8), {"mix.weight": W, "parts.default": W, "parts.other": G}),
    "merged": (Merged, (3, 8), {"mix.weight": W, "base": W, "A": W, "B": W}),
    "parametrized": (
        parametrized,
        (3, 8),
        {
            "0.weight": W,
            "1.parametrizations.weight.original": W,
            "1.parametrizations.weight.0.A": W,
            "1.parametrizations.weight.0.B": W,
        },
    ),
    "update of a kernel": (ConvUpdate, (2, 4, 9, 9), {"conv.weight": W, "low_a": W, "low_b": W}),
    "hypernetwork": (
        Hyper,
        (3, 8),
        {"mix.weight": W, "base": W, "inner.weight": W, "make.weight": W, "make.bias": B},
    ),
    "modulated": (Modulated, (2, 4, 9, 9), {"style.weight": W, "style.bias": B, "weight": W, "activate": B}),
    "magnitude": (Magnitude, (3, 8), {"mix.weight": W, "base": W, "A": W, "B": W, "m": G}),
    "Kronecker": (Kronecker, (3, 8), {"mix.weight": W, "small": W, "large": W}),
    "rows scaled": (Rescaled, (3, 8), {"mix.weight": W, "kernel": W, "rows": G}),
    "sinc": (Sinc, (2, 1, 40), {"low_hz_": O, "band_hz_": O, "after.weight": W, "after.bias": B}),
    "Gabor": (Gabor, (2, 1, 40), {"mu": O, "sigma": O, "after.weight": W, "after.bias": B}),
    "beside": (Beside, (3, 8), {"mix.weight": W, "plain": W, "logged": O}),
    "rows": (Rows, (3, 8), {"mix.weight": W, "first": E, "second": E, "third.weight": E}),
    "experts": (Experts, (3, 8), {"mix.weight": W, "bank": W}),
    "basis": (Basis, (3, 8), {"mix.weight": W, "shape": W}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_it_becomes_decides(case: str) -> None:
    make, sizes, expected = CASES[case]
    seen = classify(make(), example_inputs=(torch.zeros(sizes),))
    assert seen.observed == "complete"
    assert {c.parameter.name: c.parameter.kind for c in seen.parameters} == expected


# What the source alone does not tell, and why.
LIMITS = {
    "an option": "one reading of a class can't tell what an option chooses",
    "a number, a missing part": "one reading of a class can't tell what an option chooses",
    "rows": "by its class it is a weight, and only a pass sees how it is used",
    "experts": "rows of a table and matrices of a bank are chosen alike",
    "basis": "a fixed matrix mixes the rows of a table in the same way",
}


def changes_decay(make: Callable[[], nn.Module], expected: dict[str, Kind], watch: bool) -> dict[str, Kind]:
    """What would be decayed, or exempted, and should not."""
    found = {c.parameter.name: c.parameter.kind for c in classify(make(), watch=watch).parameters}
    return {n: found[n] for n, k in expected.items() if found[n] is not U and (found[n] is W) is not (k is W)}


@pytest.mark.parametrize("case", CASES)
def test_made_inputs_decay_no_gain_and_exempt_no_weight(case: str) -> None:
    make, _, expected = CASES[case]
    assert changes_decay(make, expected, watch=True) == {}


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.xfail(reason=LIMITS[c])) if c in LIMITS else c for c in CASES]
)
def test_source_alone_decays_no_gain_and_exempts_no_weight(case: str) -> None:
    make, _, expected = CASES[case]
    assert changes_decay(make, expected, watch=False) == {}


@pytest.mark.parametrize("case", ["rows"])
def test_tables_are_told_apart_from_what_is_added(case: str) -> None:
    seen = classify(Rows(), example_inputs=(torch.zeros(3, 8),))
    assert {c.parameter.name for c in seen.parameters if c.table} == {"first", "second", "third.weight"}
