"""What a split does with the ordinary parameters of a model that can't be seen."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wdlint.facts import Division, Evidence, Kind, Parameter, Ternary, Witness
from wdlint.source.selections.atoms import Context
from wdlint.source.selections.membership import admits
from wdlint.source.selections.ordinary_parameters import division
from wdlint.source.selections.predicates import (
    Always,
    AncestorIs,
    Contains,
    Dims,
    EndsWith,
    Equals,
    FullName,
    HasFlag,
    InNames,
    Leaf,
    Lower,
    Matches,
    Opaque,
    OwnerIs,
    OwnerType,
    Segment,
    Selector,
    StartsWith,
    Trainable,
    both,
    either,
    negation,
)

YES, NO, UNKNOWN = Ternary.YES, Ternary.NO, Ternary.UNKNOWN
NAME = FullName()


def any_in(*needles: str, text: FullName | Lower = NAME) -> Selector:
    return either(*(Contains(text, needle) for needle in needles))


def owner_is(*classes: str) -> Selector:
    return OwnerIs(frozenset(f"torch.nn.{name}" if "." not in name else name for name in classes))


COMMON = ("LayerNorm", "RMSNorm", "GroupNorm", "torch.nn.modules.batchnorm._BatchNorm")


@pytest.mark.parametrize(
    ("selector", "weights", "gains", "biases"),
    [
        (Always(True), YES, YES, YES),
        (Trainable(), YES, YES, YES),
        (Opaque("a condition"), UNKNOWN, UNKNOWN, UNKNOWN),
        (any_in("bias"), NO, NO, YES),
        (any_in("bias", "LayerNorm.weight"), NO, UNKNOWN, YES),
        (negation(any_in("bias", "LayerNorm.weight")), YES, UNKNOWN, NO),
        (any_in("bias", "norm", text=Lower(NAME)), NO, UNKNOWN, YES),
        (any_in("bias", "LayerNorm", text=Lower(NAME)), NO, NO, YES),
        (any_in("bn", "ln"), UNKNOWN, UNKNOWN, UNKNOWN),
        (Dims("<", 2), NO, YES, YES),
        (Dims("==", 1), NO, YES, YES),
        (negation(Dims("<", 2)), YES, NO, NO),
        (either(Dims("<=", 1), EndsWith(NAME, ".bias"), InNames(NAME, ("pos_embed", "cls_token"))), NO, YES, YES),
        (Equals(Leaf(), "bias"), NO, NO, YES),
        (Equals(Segment(NAME, -1), "bias"), NO, NO, YES),
        (InNames(NAME, ("bias",)), NO, NO, NO),
        (Matches(NAME, r"/kernel$"), NO, NO, NO),
        (Matches(NAME, r"\.bias$"), NO, NO, YES),
        (Matches(NAME, r"(^|\.)norm($|\.)"), NO, UNKNOWN, UNKNOWN),
        (StartsWith(NAME, "backbone."), UNKNOWN, UNKNOWN, UNKNOWN),
        (HasFlag("_no_weight_decay"), NO, NO, NO),
        (owner_is(*COMMON), NO, YES, UNKNOWN),
        (both(owner_is(*COMMON), Equals(Leaf(), "weight")), NO, YES, NO),
        (owner_is("LayerNorm", "GroupNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"), NO, UNKNOWN, UNKNOWN),
        (owner_is("LayerNorm"), NO, UNKNOWN, UNKNOWN),
        (owner_is("Linear"), UNKNOWN, NO, UNKNOWN),
        (owner_is("Linear", "Conv2d"), YES, NO, UNKNOWN),
        (owner_is("Embedding"), NO, NO, NO),
        (owner_is("project.RMSNorm"), UNKNOWN, UNKNOWN, UNKNOWN),
        (owner_is(*COMMON, "project.RMSNorm"), UNKNOWN, YES, UNKNOWN),
        (owner_is("Module"), YES, YES, YES),
        (AncestorIs(frozenset({"torch.nn.Embedding"})), UNKNOWN, UNKNOWN, UNKNOWN),
        (Contains(Lower(OwnerType()), "norm"), NO, YES, UNKNOWN),
        (Contains(OwnerType(), "Norm"), NO, YES, UNKNOWN),
        (Equals(OwnerType(), "LayerNorm"), NO, UNKNOWN, UNKNOWN),
    ],
)
def test_splits_seen_in_real_code(selector: Selector, weights: Ternary, gains: Ternary, biases: Ternary) -> None:
    assert division(selector) == Division(weights, gains, biases)


NORMS = {"LayerNorm": (), "RMSNorm": (), "GroupNorm": (), "BatchNorm2d": ("_BatchNorm",), "MyNorm": ()}
OTHERS = {"Linear": (), "Conv2d": ("_ConvNd",)}
WORDS = ["encoder", "layers", "0", "12", "norm", "LayerNorm", "ln_f", "bn1", "attn", "head", "fc"]
needles = st.sampled_from(["bias", "weight", "norm", "LayerNorm.weight", "ln", "bn", "layers.1", ".", "0", ".bias"])
conditions = st.one_of(
    st.builds(Contains, st.sampled_from([NAME, Lower(NAME), OwnerType(), Segment(NAME, -2)]), needles),
    st.builds(EndsWith, st.just(NAME), needles),
    st.builds(StartsWith, st.just(NAME), needles),
    st.builds(Dims, st.sampled_from(["<", "==", ">="]), st.integers(0, 4)),
    st.builds(owner_is, st.sampled_from([*NORMS, *OTHERS]), st.sampled_from([*NORMS, *OTHERS])),
)
selectors = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(both, inner, inner), st.builds(either, inner, inner), inner.map(negation)
    ),
    max_leaves=5,
)  # fmt: skip


@settings(max_examples=400)
@given(
    selectors,
    st.sampled_from([Kind.WEIGHT, Kind.GAIN, Kind.BIAS]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.sampled_from([*NORMS, *OTHERS]),
)
def test_what_is_said_holds_for_every_ordinary_parameter(
    selector: Selector, kind: Kind, path: list[str], owner: str
) -> None:
    assume((owner in NORMS) is (kind is Kind.GAIN) or kind is Kind.BIAS)
    assume(kind is not Kind.WEIGHT or not any("norm" in word.lower() for word in path))
    ndim = 1 if kind is not Kind.WEIGHT else 4 if owner == "Conv2d" else 2
    leaf = "bias" if kind is Kind.BIAS else "weight"
    module = "project" if owner == "MyNorm" else "torch.nn"
    one = Parameter(
        ".".join([*path, leaf]), kind, Evidence(Witness.NAME, ""), ndim=ndim, owner=f"{module}.{owner}", attribute=leaf
    )
    bases = frozenset(f"torch.nn.{base}" for base in (NORMS | OTHERS)[owner])
    if owner == "MyNorm":
        assume("torch.nn.MyNorm" not in repr(selector))
        # It is derived from no layer of torch; a list that covers those of torch is taken to cover it.
        assume("OwnerIs" not in repr(selector))
    said = division(selector)
    answer = {Kind.WEIGHT: said.weights, Kind.GAIN: said.gains, Kind.BIAS: said.biases}[kind]
    assert answer in (UNKNOWN, admits(selector, one, Context(ancestry=lambda _: bases)))
