"""Laws that hold for every optimizer use, whatever it is made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from wdlint.facts import (
    Amount,
    Confidence,
    Coupling,
    Division,
    Evidence,
    Group,
    Inventory,
    Kind,
    OptimizerClass,
    OptimizerUse,
    Origin,
    Parameter,
    Pattern,
    Place,
    Ternary,
    Witness,
)
from wdlint.judging.rule import built_in

RULES = [rule for rule in built_in() if rule.subject is OptimizerUse]
DECAY_RULES = [rule for rule in RULES if rule.code.startswith(("WD1", "WD2"))]
HERE = Place("train.py", 9, 1, 9, 40)

ternaries = st.sampled_from(Ternary)
divisions = st.builds(Division, ternaries, ternaries, ternaries)
amounts = st.builds(
    Amount,
    st.sampled_from([None, 0.0, 1e-4, 0.05, 2.0]),
    st.sampled_from(Origin),
    st.sampled_from(["", "wd", "0.05"]),
    st.sampled_from([None, HERE]),
    st.booleans(),
)
kinds = st.sampled_from(Kind)
parameters = st.lists(
    st.builds(
        lambda name, kind, witness, ndim, present, trainable: Parameter(
            name, kind, Evidence(witness, "a table"), ndim, present=present, trainable=trainable
        ),
        st.sampled_from(["a.weight", "a.bias", "norm.weight", "layers.*.b", "token", "x"]),
        kinds,
        st.sampled_from(Witness),
        st.sampled_from([None, 0, 1, 2]),
        ternaries,
        ternaries,
    ),
    min_size=1,
    max_size=5,
)
classes = st.builds(
    OptimizerClass,
    st.sampled_from(["torch.optim.AdamW", "torch.optim.Adam", "mine.Optimizer"]),
    st.sampled_from(Coupling),
    reads=st.sampled_from([(), ("lr", "weight_decay")]),
    exempts=st.one_of(st.none(), divisions),
)


@st.composite
def uses(draw: st.DrawFn) -> OptimizerUse:
    inventory = draw(
        st.one_of(st.none(), st.builds(Inventory, st.just("Net"), parameters.map(tuple), st.booleans(), st.booleans()))
    )
    count = len(inventory.parameters) if inventory else 0
    answers = st.lists(ternaries, min_size=count, max_size=count).map(tuple)
    patterns = st.lists(
        st.builds(Pattern, st.sampled_from(["bias", "norm", "LayerNorm.weight", "x"]), st.booleans(), answers),
        max_size=2,
    ).map(tuple)
    groups = st.lists(
        st.builds(
            Group,
            st.just("parameters"),
            amounts,
            st.just(HERE),
            answers,
            divisions,
            st.sampled_from([(), ("params", "weight_decay"), ("params", "wd")]),
            st.one_of(st.none(), amounts),
            st.booleans(),
            patterns,
        ),
        max_size=3,
    ).map(tuple)
    return OptimizerUse(
        classes=tuple(draw(st.lists(classes, min_size=1, max_size=2))),
        groups=draw(groups),
        place=HERE,
        callee="AdamW",
        inventory=inventory,
        model=draw(st.sampled_from(["", "model"])),
        divided=draw(st.booleans()),
        complete=draw(st.booleans()),
        declared=draw(st.sampled_from([(), ("token",)])),
        honours_declared=draw(ternaries),
        unused_split=draw(st.sampled_from([None, HERE])),
        empty=draw(st.sampled_from([(), ("rest",)])),
    )


@given(uses())
def test_one_site_gives_one_finding_a_fault(use: OptimizerUse) -> None:
    counts = Counter(f.code for rule in RULES for f in rule.judge(use))
    keys = sum(1 for g in use.groups if "wd" in g.options)
    assert all(count == 1 for code, count in counts.items() if code != "WD401")
    assert counts["WD401"] <= keys


@given(uses())
def test_findings_are_whole(use: OptimizerUse) -> None:
    for rule in RULES:
        for finding in rule.judge(use):
            assert finding.code == rule.code
            assert finding.message
            assert finding.help
            assert finding.subject


@given(uses())
def test_without_decay_nothing_decays_wrongly(use: OptimizerUse) -> None:
    zero = Amount(0.0, Origin.WRITTEN, "0.0")
    still = replace(use, groups=tuple(replace(g, amount=zero) for g in use.groups))
    assert not [f for rule in DECAY_RULES for f in rule.judge(still)]


@given(uses())
def test_the_order_of_groups_does_not_matter(use: OptimizerUse) -> None:
    turned = replace(use, groups=use.groups[::-1])
    assert {f.code for r in RULES for f in r.judge(use)} == {f.code for r in RULES for f in r.judge(turned)}


@given(uses())
def test_an_unknown_never_proves_a_fault(use: OptimizerUse) -> None:
    """With every membership and division unknown, no rule finds a gain, a bias or a weight in the wrong place.

    Where all of several groups decay, it makes no difference which of them holds it; that is assumed.
    """
    blind = replace(
        use,
        unused_split=None,
        groups=tuple(
            replace(g, members=(Ternary.UNKNOWN,) * len(g.members), division=Division(), patterns=())
            for g in use.groups
        ),
    )
    reach = [r for r in RULES if r.code.startswith(("WD1", "WD3"))]
    found = [f for r in reach for f in r.judge(blind) if f.code != "WD303"]  # a consumed iterator needs no member
    if len(blind.groups) > 1 and all(g.amount.decays or g.amount.latent for g in blind.groups):
        assert all(f.confidence is Confidence.ASSUMED for f in found)
    else:
        assert found == []


@given(uses())
def test_knowing_more_of_membership_never_hides_a_decayed_gain(use: OptimizerUse) -> None:
    """Turning a `no` or `can't tell` of a decayed group into a `yes` keeps WD102 where it was."""
    assume(use.inventory is not None)
    gain = next(r for r in RULES if r.code == "WD102")
    before = list(gain.judge(use))
    wider = replace(use, groups=tuple(replace(g, members=(Ternary.YES,) * len(g.members)) for g in use.groups))
    assert len(list(gain.judge(wider))) >= len(before)


@given(uses())
def test_an_assumed_model_proves_nothing_about_its_parameters(use: OptimizerUse) -> None:
    assume(use.inventory is not None)
    assert use.inventory is not None
    use = replace(use, inventory=replace(use.inventory, assumed=True))
    for rule in RULES:
        for finding in rule.judge(use):
            if finding.parameters:
                assert finding.confidence is Confidence.ASSUMED
