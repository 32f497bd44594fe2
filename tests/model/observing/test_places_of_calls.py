"""What stands where in a call, and what is made of a parameter on the way, tells weights from the rest."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from wdlint.model.kinds.classify import classify  # noqa: E402


class Latents(nn.Module):
    """Learned queries, compared with keys as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = nn.Parameter(torch.randn(5, 16))
        self.project = nn.Parameter(torch.randn(32, 16))

    def forward(self, x):
        keys, values = functional.linear(x, self.project).chunk(2, -1)
        queries = self.slots.expand(x.shape[0], -1, -1)
        return functional.scaled_dot_product_attention(queries, keys, values)


class Memory(nn.Module):
    """Learned keys and values beside what is attended to."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = nn.Parameter(torch.randn(8, 16))
        self.held = nn.Parameter(torch.randn(8, 16))
        self.project = nn.Parameter(torch.randn(16, 16))

    def forward(self, x):
        keys, values = (p.expand(x.shape[0], -1, -1) for p in (self.keys, self.held))
        return functional.scaled_dot_product_attention(x @ self.project, keys, value=values)


class Projected(nn.Module):
    """Queries made of two parameters: one of them is a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = nn.Parameter(torch.randn(5, 16))
        self.project = nn.Parameter(torch.randn(16, 16))

    def forward(self, x):
        queries = (self.slots @ self.project).expand(x.shape[0], -1, -1)
        return functional.scaled_dot_product_attention(queries, x, x)


class Uncertain(nn.Module):
    """Weights drawn anew from a mean and a spread each time."""

    def __init__(self) -> None:
        super().__init__()
        self.middle = nn.Parameter(torch.randn(16, 16))
        self.spread = nn.Parameter(torch.zeros(16, 16))

    def forward(self, x):
        noise = torch.randn_like(self.middle)
        return functional.linear(x, self.middle + functional.softplus(self.spread) * noise)


class Scoring(nn.Module):
    """One score a row: a vector, and its length, by which the score is divided."""

    def __init__(self) -> None:
        super().__init__()
        self.aim = nn.Parameter(torch.randn(1, 16))

    def forward(self, x):
        score = (x * self.aim).sum(dim=-1) / self.aim.norm(p=2, dim=-1)
        return x * torch.tanh(score).unsqueeze(-1)


class Lazy(nn.Module):
    """A layer whose shape is not known yet beside a parameter of the module's own."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LazyLinear(4)
        self.strength = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.layer(x) * self.strength


ROWS = (torch.zeros(2, 7, 16),)
KINDS = [
    (Latents, {"slots": "embedding", "project": "weight"}),
    (Memory, {"keys": "embedding", "held": "embedding", "project": "weight"}),
    (Uncertain, {"middle": "weight", "spread": "other"}),
    (Scoring, {"aim": "weight"}),
    (Lazy, {"layer.weight": "weight", "layer.bias": "bias", "strength": "gain"}),
]


@pytest.mark.parametrize(("make", "kinds"), KINDS)
def test_its_kind_is_seen(make: type[nn.Module], kinds: dict[str, str]) -> None:
    found = {c.parameter.name: c.parameter.kind.value for c in classify(make(), example_inputs=ROWS).parameters}
    assert found == kinds


def test_of_a_product_of_parameters_one_is_a_weight() -> None:
    found = {c.parameter.name: c.parameter.kind.value for c in classify(Projected(), example_inputs=ROWS).parameters}
    assert found["project"] == "weight"


def test_a_spread_is_read_in_the_source_too() -> None:
    found = {c.parameter.name: c.parameter.kind.value for c in classify(Uncertain(), watch=False).parameters}
    assert found == {"middle": "weight", "spread": "other"}
