"""What makes a kernel together with others, or is mixed before it acts: which is a weight, which only goes into one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from wdlint.facts import Kind
from wdlint.model.kinds.classify import classify

W, G, B, E, O = Kind.WEIGHT, Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER  # noqa: E741
P = nn.Parameter


class Normalised(nn.Module):
    """Weight normalisation by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.v = P(torch.rand(5, 6))
        self.g = P(torch.ones(5, 1))

    def forward(self, x):
        return F.linear(x, self.g * F.normalize(self.v, dim=1))


class Canonical(nn.Module):
    """A kernel of rank two: the scale of each rank, and the factors."""

    def __init__(self) -> None:
        super().__init__()
        self.size = P(torch.ones(2))
        self.out, self.into = P(torch.rand(6, 2)), P(torch.rand(4, 2))

    def forward(self, x):
        return F.linear(x, torch.einsum("r,or,ir->oi", self.size, self.out, self.into))


class RankOne(nn.Module):
    """A low-rank update of rank one: its factors are vectors, and weights."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 5, bias=False)
        self.down, self.up = P(torch.rand(1, 6)), P(torch.zeros(5, 1))

    def forward(self, x):
        return F.linear(x, self.base.weight + self.up @ self.down)


class Multiplied(nn.Module):
    """A low-rank product that multiplies a weight is as large as it, and no gain of it."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 5, bias=False)
        self.down, self.up = P(torch.rand(2, 6)), P(torch.rand(5, 2))
        self.shift = P(torch.zeros(5))

    def forward(self, x):
        weight = self.base.weight
        return F.linear(x, weight + weight * (self.up @ self.down), self.shift)


class Styled(nn.Module):
    """A constant is convolved with a kernel that a style scales, whose shift is a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.style_map = P(torch.rand(4, 6))
        self.style_shift = P(torch.ones(4))
        self.kernel = P(torch.rand(1, 3, 4, 3, 3))
        self.start = P(torch.rand(1, 4, 7, 7))

    def forward(self, w):
        n = w.shape[0]
        style = w @ self.style_map.t() + self.style_shift
        kernel = self.kernel * style.view(n, 1, 4, 1, 1)
        kernel = kernel * torch.rsqrt(kernel.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8)
        start = self.start.repeat(n, 1, 1, 1).reshape(1, -1, 7, 7)
        return F.conv2d(start, kernel.reshape(-1, 4, 3, 3), groups=n).view(n, 3, 5, 5)


class Generated(nn.Module):
    """A base and what a hypernetwork makes of a code."""

    def __init__(self) -> None:
        super().__init__()
        self.code = P(torch.rand(4))
        self.make = nn.Linear(4, 30)
        self.base = P(torch.rand(5, 6))

    def forward(self, x):
        return F.linear(x, self.base + self.make(self.code).view(5, 6))


class Chosen(nn.Module):
    """Kernels and shifts among which attention chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.choose = nn.Linear(4, 3)
        self.kernels = P(torch.rand(3, 5, 4, 3, 3))
        self.shifts = P(torch.zeros(3, 5))

    def forward(self, x):
        n = len(x)
        shares = self.choose(x.mean((2, 3))).softmax(-1)
        kernel = torch.mm(shares, self.kernels.view(3, -1)).view(-1, 4, 3, 3)
        shift = torch.mm(shares, self.shifts).view(-1)
        return F.conv2d(x.reshape(1, -1, *x.shape[2:]), kernel, shift, groups=n)


class NamedShift(nn.Module):
    """The same as a sum of products, where the name tells."""

    def __init__(self) -> None:
        super().__init__()
        self.choose = nn.Linear(4, 3)
        self.banks = P(torch.rand(3, 5, 4))
        self.bank_bias = P(torch.zeros(3, 5))

    def forward(self, x):
        shares = self.choose(x).sigmoid()
        return torch.einsum("bk,koi,bi->bo", shares, self.banks, x) + torch.einsum("bk,ko->bo", shares, self.bank_bias)


class Keyed(nn.Module):
    """A memory of keys and values, added to what asks it: the values are weights, whatever is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.keys, self.values = P(torch.rand(9, 4)), P(torch.rand(9, 4))

    def forward(self, x):
        return x + (x @ self.keys.t()).softmax(-1) @ self.values


class Nearest(nn.Module):
    """A codebook: compared whole, then looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.inward = nn.Linear(8, 8)
        self.book = P(torch.rand(10, 8))

    def forward(self, x):
        z = self.inward(x)
        far = z.pow(2).sum(-1, keepdim=True) - 2 * z @ self.book.t() + self.book.pow(2).sum(-1)
        return z + (self.book[far.argmin(-1)] - z).detach()


class Spectrum(nn.Module):
    """A long convolution by the Fourier transform: its kernel is a weight, what decays along it is none."""

    def __init__(self) -> None:
        super().__init__()
        self.taps = P(torch.rand(4, 16))
        self.fall = P(torch.rand(4, 1))
        self.skip = P(torch.ones(4, 1))

    def forward(self, x):
        kernel = self.taps * torch.exp(-self.fall * torch.arange(16, device=x.device))
        spectrum = torch.fft.rfft(kernel, n=32) * torch.fft.rfft(x, n=32)
        return torch.fft.irfft(spectrum, n=32)[..., :16] + x * self.skip


class Halves(nn.Module):
    """A complex weight, kept as two."""

    def __init__(self) -> None:
        super().__init__()
        self.re, self.im = P(torch.rand(5, 6)), P(torch.rand(5, 6))

    def forward(self, x):
        return (x.to(torch.complex64) @ torch.complex(self.re, self.im).T).real


class Equation(nn.Module):
    """Low-rank factors, of which torch multiplies some with data before it sums over the ranks."""

    def __init__(self) -> None:
        super().__init__()
        self.rows, self.columns = P(torch.rand(16, 3)), P(torch.rand(8, 3))
        self.gate = P(torch.rand(16, 8))

    def forward(self, x):
        scaled = torch.einsum("bnc,nc->bnc", x, self.gate)
        return torch.einsum("bnc,nr,cr->bn", scaled, self.rows, self.columns), scaled


class Splines(nn.Module):
    """Nothing but layers written by hand, whose first tells what goes in."""

    class Part(nn.Module):
        def __init__(self, into: int, out: int) -> None:
            super().__init__()
            self.grid = nn.Parameter(torch.linspace(-1, 1, 5), requires_grad=False)
            self.coef = P(torch.rand(into, out, 5))
            self.size = P(torch.ones(into, out))

        def forward(self, x):
            near = torch.exp(-((x[..., None] - self.grid) ** 2))
            return (self.size * torch.einsum("bik,iok->bio", near, self.coef)).mean(1)

        def subset(self, ids):
            return self.coef[ids]

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.Sequential(self.Part(6, 4), self.Part(4, 2))

    def forward(self, x):
        return self.parts(x)


SPLINE = {"grid": B, "coef": W, "size": G}  # knots are subtracted
CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], dict[str, Kind]]] = {
    "weight norm": (Normalised, (3, 6), {"v": W, "g": G}),
    "canonical": (Canonical, (3, 4), {"size": G, "out": W, "into": W}),
    "rank one": (RankOne, (3, 6), {"base.weight": W, "down": W, "up": W}),
    "multiplied": (Multiplied, (3, 6), {"base.weight": W, "down": W, "up": W, "shift": B}),
    "styled": (Styled, (2, 6), {"style_map": W, "style_shift": B, "kernel": W, "start": E}),
    "generated": (Generated, (3, 6), {"code": E, "make.weight": W, "make.bias": B, "base": W}),
    "chosen": (Chosen, (2, 4, 6, 6), {"choose.weight": W, "choose.bias": B, "kernels": W, "shifts": B}),
    "named": (NamedShift, (2, 4), {"choose.weight": W, "choose.bias": B, "banks": W, "bank_bias": B}),
    "memory": (Keyed, (3, 4), {"keys": W, "values": W}),
    "codebook": (Nearest, (3, 8), {"inward.weight": W, "inward.bias": B, "book": E}),
    "spectrum": (Spectrum, (2, 4, 16), {"taps": W, "fall": O, "skip": G}),
    "equation": (Equation, (2, 16, 8), {"rows": W, "columns": W, "gate": G}),
    "splines": (Splines, (3, 6), {f"parts.{i}.{n}": kind for i in range(2) for n, kind in SPLINE.items()}),
    "halves": (Halves, (3, 6), {"re": W, "im": W}),
}
LIMITS = {
    "codebook": "to a reader, a table that is compared whole is contracted",
    "chosen": "to a reader, a mean of shifts is a product like any other",
}


def differing(seen, expected: dict[str, Kind], exact: bool) -> dict[str, Kind]:
    """The kinds that are not as expected; without `exact`, those that change what decays."""
    found = {c.parameter.name: c.parameter.kind for c in seen.parameters}
    wrong = {n: k for n, k in found.items() if k is not expected[n]}
    return wrong if exact else {n: k for n, k in wrong.items() if (k is W) is not (expected[n] is W)}


@pytest.mark.parametrize("case", CASES)
def test_a_pass_tells_the_parts_apart(case: str) -> None:
    make, sizes, expected = CASES[case]
    seen = classify(make(), example_inputs=(torch.zeros(sizes),))
    assert seen.observed == "complete"
    assert differing(seen, expected, exact=True) == {}


@pytest.mark.parametrize("case", CASES)
def test_made_inputs_tell_what_decays(case: str) -> None:
    make, _, expected = CASES[case]
    assert differing(classify(make()), expected, exact=False) == {}


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.xfail(reason=LIMITS[c])) if c in LIMITS else c for c in CASES]
)
def test_the_source_tells_what_decays(case: str) -> None:
    make, _, expected = CASES[case]
    assert differing(classify(make(), watch=False), expected, exact=False) == {}
