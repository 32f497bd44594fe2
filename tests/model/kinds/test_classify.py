"""What every parameter is: the hard cases, one module each, with the kinds that they must have."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from wdlint.facts import Kind, Witness
from wdlint.model.kinds.classify import classify

W, G, B, E, O = Kind.WEIGHT, Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER  # noqa: E741


def kinds(model: nn.Module, **options: object) -> dict[str, Kind]:
    return {c.parameter.name: c.parameter.kind for c in classify(model, **options).parameters}  # type: ignore[arg-type]


class LayerScale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.factor = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x):
        return self.conv(x) * self.factor


class GlobalResponse(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(6, 8)
        self.p = nn.Parameter(torch.zeros(1, 1, 1, 8))
        self.q = nn.Parameter(torch.zeros(1, 1, 1, 8))

    def forward(self, x):
        x = self.mix(x)
        norm = x.norm(dim=(1, 2), keepdim=True)
        return self.p * (x * norm / norm.mean(-1, keepdim=True)) + self.q + x


class ZeroCentredNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 8, bias=False)
        self.w = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        x = self.inner(x)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * (1.0 + self.w)


class StandardisedConv(nn.Conv2d):
    """NFNet's: the weight is standardised, and a gain (O,1,1,1) scales it."""

    def __init__(self) -> None:
        super().__init__(3, 8, 3)
        self.g = nn.Parameter(torch.ones(8, 1, 1, 1))

    def forward(self, x):
        flat = self.weight.reshape(1, 8, -1)
        weight = F.batch_norm(flat, None, None, weight=(self.g * 0.1).view(-1), training=True).reshape_as(self.weight)
        return F.conv2d(x, weight, self.bias)


class Experts(nn.Module):
    """Expert biases (E, C): named as what they are, added after a selection."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.up_proj = nn.Parameter(torch.empty(3, 4, 6))
        self.up_proj_bias = nn.Parameter(torch.zeros(3, 6))

    def forward(self, x):
        x = self.first(x)
        return sum(x @ self.up_proj[i] + self.up_proj_bias[i] for i in range(3))


class StateSpace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 8)
        self.A_log = nn.Parameter(torch.zeros(8, 2))
        self.D = nn.Parameter(torch.ones(8))
        self.dt_bias = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        x = self.inner(x)
        step = F.softplus(x + self.dt_bias)
        return (step.unsqueeze(-1) * -torch.exp(self.A_log)).sum(-1) + self.D * x


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 8)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.where = nn.Parameter(torch.zeros(1, 17, 8))
        self.logit_scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        x = self.embed(x).unsqueeze(1).expand(-1, 16, -1)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.where
        return x * self.logit_scale.exp()


class RelativePositions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(4, 4)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(31, 2))
        self.register_buffer("index", torch.zeros(256, dtype=torch.long))

    def forward(self, x):
        q = self.query(x).view(-1, 1, 1, 4).expand(-1, 2, 16, 4)
        bias = self.relative_position_bias_table[self.index].view(16, 16, 2).permute(2, 0, 1)
        return (q @ q.transpose(-1, -2) + bias).softmax(-1)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.norm = nn.Sequential(nn.Linear(4, 4))  # a weight with "norm" in its path
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.table.weight

    def forward(self, ids):
        return self.head(self.norm(self.table(ids)))


class Queries(nn.Module):
    """A learned query flows through parameters only before it meets data."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = nn.Linear(4, 8, bias=False)
        self.project = nn.Linear(8, 8, bias=False)
        self.latent = nn.Parameter(torch.zeros(1, 5, 8))

    def forward(self, x):
        keys = self.keys(x).unsqueeze(1)
        return (self.project(self.latent) @ keys.transpose(-1, -2)).softmax(-1) @ keys


class Snake(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.alpha = nn.Parameter(torch.ones(1, 4, 1))

    def forward(self, x):
        x = self.conv(x)
        return x + (self.alpha + 1e-9).reciprocal() * torch.sin(self.alpha * x).pow(2)


class LogSnake(nn.Module):
    """Frequency and strength kept as logarithms, as audio decoders have them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3)
        self.one = nn.Parameter(torch.zeros(4))
        self.two = nn.Parameter(torch.zeros(4))

    def forward(self, x):
        x = self.conv(x)
        one, two = self.one.exp().view(1, -1, 1), self.two.exp().view(1, -1, 1)
        return x + (two + 1e-9).reciprocal() * torch.sin(one * x).pow(2)


class TypedNorm(nn.Module):
    """A gain a type (types, C), reached by index."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4, bias=False)
        self.weight = nn.Parameter(torch.ones(3, 4))

    def forward(self, x):
        kind = torch.zeros(x.shape[0], dtype=torch.long)
        return F.normalize(self.mix(x)) * self.weight[kind]


class AttentionVector(nn.Module):
    """A vector a head (1, H, C) scores by a product and a sum: a contraction, spelt out."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 8, bias=False)
        self.score = nn.Parameter(torch.ones(1, 2, 4))
        self.other = nn.Parameter(torch.ones(1, 2, 4))
        self.scale = nn.Parameter(torch.ones(2, 4))

    def forward(self, x):
        heads = self.mix(x).view(-1, 2, 4)
        scaled = heads * self.scale  # used as it is, too
        return torch.sum(heads * self.score, dim=-1) + (heads * self.other).sum(-1) + scaled.sum(-1) + scaled[..., 0]


class Interpolated(nn.Module):
    """`lerp` multiplies by its third argument and adds its second."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4, bias=False)
        self.share = nn.Parameter(torch.ones(4))
        self.end = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return torch.lerp(x, self.mix(x), self.share) + torch.lerp(x, self.end, 0.5)


class Flow(nn.Module):
    """A flow sums the logarithm of its scale over a mask, for the determinant."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4, bias=False)
        self.log_scale = nn.Parameter(torch.zeros(4, 1))

    def forward(self, x):
        padding_mask = (x > 0).float().unsqueeze(1)
        scaled = torch.exp(self.log_scale) * self.mix(x).unsqueeze(-1)
        return scaled * padding_mask, torch.sum(self.log_scale * padding_mask, [1, 2])


class Masked(nn.Module):
    """What is picked by a mask can't be told on meta; the pass goes on all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.q = nn.Parameter(torch.ones(1, 4))

    def forward(self, x):
        x = self.mix(x)
        return globals()["multiplied"](x[x.sum(-1) > 0], self)


def multiplied(x, module):
    return x * module.q


def weight_normed() -> nn.Module:
    return nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 8)), nn.ReLU())


def old_weight_normed() -> nn.Module:
    return nn.utils.weight_norm(nn.Conv1d(2, 4, 3))


CASES: dict[str, tuple[Callable[[], nn.Module], dict[str, Kind]]] = {
    "layer scale (C,1,1)": (LayerScale, {"conv.weight": W, "conv.bias": B, "factor": G}),
    "global response norm (1,1,1,C)": (GlobalResponse, {"mix.weight": W, "mix.bias": B, "p": G, "q": B}),
    "a norm that multiplies by 1 + w": (ZeroCentredNorm, {"inner.weight": W, "w": G}),
    "standardised convolution": (StandardisedConv, {"weight": W, "bias": B, "g": G}),
    "experts": (Experts, {"first.weight": W, "first.bias": B, "up_proj": W, "up_proj_bias": B}),
    "state space": (StateSpace, {"inner.weight": W, "inner.bias": B, "A_log": O, "D": O, "dt_bias": B}),
    "tokens, positions, temperature": (
        Tokens,
        {"embed.weight": W, "embed.bias": B, "cls_token": E, "where": E, "logit_scale": O},
    ),
    "relative positions": (
        RelativePositions,
        {"query.weight": W, "query.bias": B, "relative_position_bias_table": O},
    ),
    "tied table and head": (Tied, {"table.weight": E, "norm.0.weight": W, "norm.0.bias": B}),
    "learned query": (Queries, {"keys.weight": W, "project.weight": W, "latent": E}),
    "activation's constant": (Snake, {"conv.weight": W, "conv.bias": B, "alpha": O}),
    "attention vector": (AttentionVector, {"mix.weight": W, "score": W, "other": W, "scale": G}),
    "interpolated": (Interpolated, {"mix.weight": W, "share": G, "end": B}),
    "flow": (Flow, {"mix.weight": W, "log_scale": G}),
    "after a mask": (Masked, {"mix.weight": W, "mix.bias": B, "q": G}),
    "activation's logarithms": (LogSnake, {"conv.weight": W, "conv.bias": B, "one": O, "two": O}),
    "gain reached by index": (TypedNorm, {"mix.weight": W, "weight": G}),
    "weight norm": (
        weight_normed,
        {"0.bias": B, "0.parametrizations.weight.original0": G, "0.parametrizations.weight.original1": W},
    ),
    "weight norm, the older": (old_weight_normed, {"bias": B, "weight_g": G, "weight_v": W}),
    "spectral norm": (
        lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)),
        {"bias": B, "parametrizations.weight.original": W},
    ),
    "attention with bias_k": (
        lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True),
        {"in_proj_weight": W, "in_proj_bias": B, "bias_k": O, "bias_v": O, "out_proj.weight": W, "out_proj.bias": B},
    ),
    "recurrent with projection": (
        lambda: nn.LSTM(2, 4, proj_size=3),
        {"weight_ih_l0": W, "weight_hh_l0": W, "bias_ih_l0": B, "bias_hh_l0": B, "weight_hr_l0": W},
    ),
    "parametric activation": (
        lambda: nn.Sequential(nn.Linear(2, 2), nn.PReLU(2)), {"0.weight": W, "0.bias": B, "1.weight": O},
    ),
    "lazy": (
        lambda: nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d()),
        {"0.weight": W, "0.bias": B, "1.weight": G, "1.bias": B},
    ),
    "complex": (lambda: nn.Linear(2, 3, dtype=torch.complex64), {"weight": W, "bias": B}),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_kinds_by_every_witness(case: str) -> None:
    make, expected = CASES[case]
    assert kinds(make()) == expected


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [c for c in CASES if c != "lazy"])
def test_the_device_does_not_matter(case: str) -> None:
    make, expected = CASES[case]
    with torch.device("meta"):
        assert kinds(make()) == expected


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore")
def test_source_alone_never_confuses_weights_with_gains_and_biases(case: str) -> None:
    make, expected = CASES[case]
    found = kinds(make(), watch=False)
    for name, kind in expected.items():
        assert (found[name] is W) == (kind is W), (name, found[name])


def test_example_inputs_reach_what_can_not_be_guessed() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Parameter(torch.empty(4, 4))

        def forward(self, left, right):
            return left.matmul(self.a) + right

    seen = classify(Odd(), example_inputs=(torch.zeros(2, 4), torch.zeros(2, 4)))
    (only,) = seen.parameters
    assert only.parameter.kind is W
    assert only.parameter.evidence.witness is Witness.TRACE
    assert seen.observed == "complete"


def test_what_no_witness_knows_stays_unknown() -> None:
    class Mute(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.thing = nn.Parameter(torch.tensor([1.0, 2.0]))

    assert kinds(Mute()) == {"thing": Kind.UNKNOWN}


def test_tied_parameters_are_one_with_two_names() -> None:
    seen = classify(Tied())
    assert [c.held.aliases for c in seen.parameters if c.parameter.name == "table.weight"] == [("head.weight",)]


def test_a_parameter_list_belongs_to_its_parent() -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(3, 3, bias=False)
            self.scales = nn.ParameterList([nn.Parameter(torch.ones(3)) for _ in range(2)])

        def forward(self, x):
            x = self.first(x)
            for scale in self.scales:
                x = x * scale
            return x

    assert kinds(Holder()) == {"first.weight": W, "scales.0": G, "scales.1": G}
    assert kinds(Holder(), watch=False) == {"first.weight": W, "scales.0": G, "scales.1": G}


def test_witnesses_that_disagree_are_reported() -> None:
    class Table(nn.Linear):
        """A linear layer by class, a look-up table by use."""

        def forward(self, x):
            return F.embedding(x, self.weight)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ids = nn.Embedding(10, 4)
            self.table = Table(4, 10, bias=False)

        def forward(self, ids):
            return self.ids(ids) + self.table(ids)

    seen = classify(Model(), thorough=True)
    by_name = {c.parameter.name: c for c in seen.parameters}
    assert by_name["table.weight"].parameter.kind is E
    assert by_name["table.weight"].dissent
    assert not by_name["ids.weight"].dissent


def test_evidence_names_its_source() -> None:
    seen = {c.parameter.name: c.parameter.evidence for c in classify(LayerScale()).parameters}
    assert seen["conv.weight"].text == "`weight` of a torch.nn convolution"
    assert "aten.mul in LayerScale" in seen["factor"].text


class Leaky(nn.Module):
    """A model whose forward leaves traces: it counts, caches, draws numbers and updates a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.scale = nn.Parameter(torch.ones(4))
        self.calls = 0
        self.cache: dict[str, torch.Tensor] = {}
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        self.cache["last"] = x
        self.seen += 1
        return self.norm(self.mix(x)) * self.scale * random.random() * torch.rand(()).to(x.device)


def test_the_model_is_left_as_it_was() -> None:
    model = Leaky().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(3)
    random.seed(3)
    expected = torch.rand(2), random.random()
    torch.manual_seed(3)
    random.seed(3)
    assert kinds(model)["scale"] is G
    assert (torch.equal(torch.rand(2), expected[0]), random.random()) == (True, expected[1])
    assert (model.calls, model.cache, model.training, model.norm.training) == (0, {}, True, True)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_a_model_too_large_for_memory_is_classified_on_meta() -> None:
    with torch.device("meta"):
        model = nn.Sequential(*(nn.Linear(50_000, 50_000) for _ in range(40)), nn.RMSNorm(50_000))
    seen = classify(model)
    assert sum(c.size for c in seen.parameters) > 10**11
    assert [c.parameter.kind for c in seen.parameters][-1] is G


LAYERS: list[tuple[Callable[[], nn.Module], dict[str, Kind]]] = [
    (lambda: nn.Linear(3, 3), {"weight": W, "bias": B}),
    (lambda: nn.Linear(3, 3, bias=False), {"weight": W}),
    (lambda: nn.LayerNorm(3), {"weight": G, "bias": B}),
    (lambda: nn.GroupNorm(1, 3), {"weight": G, "bias": B}),
    (lambda: nn.Conv1d(3, 3, 1), {"weight": W, "bias": B}),
    (lambda: nn.Embedding(3, 3), {"weight": E}),
    (lambda: nn.BatchNorm2d(3), {"weight": G, "bias": B}),
    (lambda: nn.BatchNorm2d(3, affine=False), {}),
]
NAMES = st.sampled_from(
    ["norm", "bias", "ln_1", "weight_g", "embed", "scale", "proj", "gamma", "a", "pos_embed", "A_log"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(NAMES, st.integers(0, len(LAYERS) - 1)), max_size=8))
def test_names_never_matter_for_known_layers(plan: list[tuple[str, int]]) -> None:
    model = nn.Module()
    expected: dict[str, Kind] = {}
    for depth, (name, which) in enumerate(plan):
        make, parts = LAYERS[which]
        path = f"{name}_{depth}"
        model.add_module(path, make())
        expected |= {f"{path}.{leaf}": kind for leaf, kind in parts.items()}
    assert kinds(model, watch=False) == expected
