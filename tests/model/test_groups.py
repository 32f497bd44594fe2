"""Correct groups for any model: weights decay, gains and biases don't, each trainable parameter once."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from wdlint import decay_groups

BLOCKS = st.sampled_from([
    lambda: nn.Linear(4, 4), lambda: nn.LayerNorm(4), lambda: nn.BatchNorm1d(4), lambda: nn.Embedding(3, 4),
    lambda: nn.GRUCell(4, 4), lambda: nn.PReLU(4), lambda: nn.Conv2d(4, 4, 1), lambda: nn.MultiheadAttention(4, 2),
    lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)),
])  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(BLOCKS, max_size=6), st.sets(st.integers(0, 20)), st.booleans(), st.booleans())
def test_every_trainable_parameter_is_in_exactly_one_group(blocks, frozen, tie, tables) -> None:
    model = nn.Sequential(*(make() for make in blocks))
    if tie and len(model):
        model.append(model[0])
    for number, parameter in enumerate(model.parameters()):
        parameter.requires_grad_(number not in frozen)
    groups = decay_groups(model, 0.1, decay_embeddings=tables)
    members = [id(p) for group in groups for p in group["params"]]
    assert sorted(members) == sorted(id(p) for p in model.parameters() if p.requires_grad)
    assert all(group["params"] for group in groups)
    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    for module in model.modules():
        if isinstance(module, (nn.LayerNorm, nn.BatchNorm1d, nn.PReLU)):
            assert not decayed & {id(p) for p in module.parameters()}
        if type(module) in (nn.Conv2d, nn.Linear) and module.weight.requires_grad:
            assert id(module.weight) in decayed
            assert id(module.bias) not in decayed
        if isinstance(module, nn.Embedding) and module.weight.requires_grad:
            assert (id(module.weight) in decayed) is tables
    if groups:
        torch.optim.AdamW(groups)


def net() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3), nn.Linear(3, 1))


def test_rates_by_name_share_groups() -> None:
    groups = decay_groups(net(), 0.1, lr=lambda name: 1e-4 if name.startswith("2.") else 1e-3)
    assert [(g["lr"], g["weight_decay"], len(g["params"])) for g in groups] == [
        (1e-3, 0.1, 1), (1e-4, 0.1, 1), (1e-3, 0.0, 3), (1e-4, 0.0, 1),
    ]  # fmt: skip


def test_further_exemptions() -> None:
    model = net()
    groups = decay_groups(model, 0.1, exempt=["2.weight"])
    assert [id(p) for p in groups[0]["params"]] == [id(model[0].weight)]
    with pytest.raises(ValueError, match="matches no parameter"):
        decay_groups(model, 0.1, exempt=["nothing.*"])


def test_wrappers_change_nothing() -> None:
    model = net()
    plain = decay_groups(model, 0.1, named=True)
    wrapped = nn.Module()
    wrapped.module = model
    assert [g["param_names"] for g in decay_groups(wrapped, 0.1, named=True)] == [g["param_names"] for g in plain]
    compiled = decay_groups(torch.compile(model), 0.1, named=True)
    assert [g["param_names"] for g in compiled] == [g["param_names"] for g in plain]


def test_marked_parameters_and_declared_names_are_spared() -> None:
    class Declaring(nn.Sequential):
        def no_weight_decay(self) -> set[str]:
            return {"0.weight"}

    model = Declaring(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight._no_weight_decay = True
    (only,) = decay_groups(model, 0.1)
    assert only["weight_decay"] == 0.0
    assert len(decay_groups(model, 0.1, declared=False)[0]["params"]) == 2


def test_bad_input_is_explained() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        decay_groups(net(), -1.0)

    class Mute(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.thing = nn.Parameter(torch.tensor([1.0, 2.0]))

    with pytest.raises(ValueError, match=r"`thing` of .*Mute does can't be told: write .*decay=\[\"thing\"\]"):
        decay_groups(Mute(), 0.1)
    assert decay_groups(Mute(), 0.1, exempt=["thing"])[0]["weight_decay"] == 0
    assert decay_groups(Mute(), 0.1, decay=["thing"])[0]["weight_decay"] == 0.1
    with pytest.raises(ValueError, match="`decay` names `nothing`"):
        decay_groups(net(), 0.1, decay=["nothing"])


class Opaque(nn.Module):
    """What it does with its weight, another program knows."""

    def __init__(self) -> None:
        super().__init__()
        self._compiled_main = torch.jit.script(nn.ReLU())
        self.first = nn.Linear(4, 4)
        self.stuff = nn.Parameter(torch.rand(40, 4))

    def forward(self, x):
        return self._compiled_main(self.first(x), self.stuff)


def test_an_unknown_callee_is_no_embedding() -> None:
    with pytest.raises(ValueError, match="`stuff` of"):
        decay_groups(Opaque(), 0.1)
    assert len(decay_groups(Opaque(), 0.1, decay=["stuff"])[0]["params"]) == 2


def test_where_most_is_exempt_it_is_said() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mix = nn.Linear(4, 4)
            self.pos_embed = nn.Parameter(torch.zeros(1, 50, 4))

        def forward(self, x):
            return self.mix(x).unsqueeze(1) + self.pos_embed

    with pytest.warns(UserWarning, match="93 % of all trained elements are exempt from decay, most of them in `pos_e"):
        decay_groups(Positions(), 0.1)


@pytest.mark.parametrize(
    ("error", "words", "wrong"),
    [
        (TypeError, "the model itself is wanted", lambda net: decay_groups(net.parameters(), 0.1)),
        (TypeError, "not the class Linear", lambda net: decay_groups(nn.Linear, 0.1)),
        (TypeError, "weight_decay is a number, not '0.1'", lambda net: decay_groups(net, "0.1")),
        (ValueError, "must be 0 or more, not nan", lambda net: decay_groups(net, float("nan"))),
        (TypeError, "a function from a parameter's name", lambda net: decay_groups(net, 0.1, lr=[1e-3])),
        (TypeError, "write `(x,)` for one", lambda net: decay_groups(net, 0.1, example_inputs=torch.zeros(2, 4))),
        (ValueError, "`exempt` names `0.weigh`", lambda net: decay_groups(net, 0.1, exempt="0.weigh")),
    ],
)
def test_what_is_of_no_use_is_said_in_words_of_the_call(error, words: str, wrong) -> None:
    with pytest.raises(error) as caught:
        wrong(nn.Sequential(nn.Linear(4, 4)))
    assert words in str(caught.value)


def test_one_name_need_be_no_list() -> None:
    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    decayed, spared = decay_groups(net, 0.1, exempt="0.weight")
    assert decayed["params"] == [net[1].weight]
    assert spared["weight_decay"] == 0.0
