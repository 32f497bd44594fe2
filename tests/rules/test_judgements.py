"""What each rule says of facts made by hand. No engine takes part: no source is read, no model is built."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wdlint.facts import (
    Amount,
    Confidence,
    Coupling,
    Division,
    Evidence,
    Finding,
    Group,
    Inventory,
    Kind,
    OptimizerClass,
    OptimizerDefinition,
    OptimizerUse,
    Origin,
    Parameter,
    Pattern,
    Penalty,
    Place,
    Severity,
    Sink,
    Suppression,
    Ternary,
    Trouble,
    Witness,
)
from wdlint.judging.rule import built_in

YES, NO, UNKNOWN = Ternary.YES, Ternary.NO, Ternary.UNKNOWN
HERE = Place("train.py", 20, 13, 20, 60)
RULES = {rule.code: rule for rule in built_in()}


def judged(fact: object, *codes: str) -> list[Finding]:
    """The findings of these rules (all that take the fact, if none is named), by code."""
    rules = [RULES[c] for c in codes] or [r for r in RULES.values() if isinstance(fact, r.subject)]
    return sorted((f for r in rules for f in r.judge(fact)), key=lambda f: f.code)


def codes(fact: object) -> list[str]:
    """The codes that the rules which are on by default give this fact."""
    return [f.code for f in judged(fact) if RULES[f.code].default]


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1
    return findings[0]


def parameter(name: str, kind: Kind, ndim: int | None = None, **more: object) -> Parameter:
    known = Parameter(name, kind, Evidence(Witness.LAYER, "torch.nn layer"), ndim, attribute=name.rsplit(".", 1)[-1])
    return replace(known, **more)  # type: ignore[arg-type]


WEIGHT = parameter("fc.weight", Kind.WEIGHT, 2, owner="torch.nn.Linear")
BIAS = parameter("fc.bias", Kind.BIAS, 1, owner="torch.nn.Linear")
GAIN = parameter("norm.weight", Kind.GAIN, 1, owner="torch.nn.LayerNorm")
SHIFT = parameter("norm.bias", Kind.BIAS, 1, owner="torch.nn.LayerNorm")
TOKEN = parameter("token", Kind.OTHER, 3)
MODEL = (WEIGHT, BIAS, GAIN, SHIFT)

ADAMW = OptimizerClass("torch.optim.AdamW", Coupling.DECOUPLED, default_decay=0.01, reads=("lr", "weight_decay"))
ADAM = OptimizerClass("torch.optim.Adam", Coupling.COUPLED_ADAPTIVE, default_decay=0.0, reads=("lr", "weight_decay"))
SGD = OptimizerClass("torch.optim.SGD", Coupling.COUPLED_PLAIN, default_decay=0.0, reads=("lr", "weight_decay"))

WRITTEN = Amount(0.05, Origin.WRITTEN, "0.05")
ZERO = Amount(0.0, Origin.WRITTEN, "0.0")
SILENT = Amount(0.01, Origin.OPTIMIZER_DEFAULT)
LATENT = Amount(0.0, Origin.ARGUMENT_DEFAULT, "args.wd", Place("train.py", 4, 1, 4, 50))
HIDDEN = Amount(None, Origin.UNKNOWN, "wd")
EVERYTHING = Division(YES, YES, YES)


def inventory(*parameters: Parameter, complete: bool = True, assumed: bool = False) -> Inventory:
    return Inventory("train.Net", parameters, complete, assumed)


def group(amount: Amount, *members: Ternary, **more: object) -> Group:
    return replace(Group("model.parameters()", amount, HERE, members), **more)  # type: ignore[arg-type]


def undivided(amount: Amount = WRITTEN, *parameters: Parameter, known: OptimizerClass = ADAMW) -> OptimizerUse:
    """One group with every parameter."""
    parameters = parameters or MODEL
    everything = group(amount, *(YES for _ in parameters))
    return OptimizerUse((known,), (everything,), HERE, f"optim.{known.name}", inventory(*parameters), "model")


def unseen(amount: Amount = WRITTEN, known: OptimizerClass = ADAMW, division: Division = EVERYTHING) -> OptimizerUse:
    """One group with every parameter of a model that can't be seen."""
    return OptimizerUse((known,), (group(amount, division=division),), HERE, "AdamW", None, "model")


def split(decay: Amount, decayed: str, exempt: str, *parameters: Parameter, **more: object) -> OptimizerUse:
    """A hand-made split: a letter for each parameter, `y`es, `n`o or `?`, for either group."""
    answers = {"y": YES, "n": NO, "?": UNKNOWN}
    parameters = parameters or MODEL
    use = OptimizerUse(
        (ADAMW,),
        (group(decay, *(answers[a] for a in decayed)), group(ZERO, *(answers[a] for a in exempt))),
        HERE,
        "AdamW",
        inventory(*parameters),
        "model",
        divided=True,
    )
    return replace(use, **more)  # type: ignore[arg-type]


def test_few_rules_are_off() -> None:
    assert [r.code for r in built_in() if not r.default] == ["WD105", "WD205", "WD403", "WD902"]


class TestKnownModelInOneGroup:
    def test_biases_and_gains_are_two_faults(self) -> None:
        assert codes(undivided()) == ["WD101", "WD102"]

    def test_the_message_counts_kinds_and_names_the_amount(self) -> None:
        bias, gain = judged(undivided(), "WD101", "WD102")
        assert bias.message == "AdamW decays 2 biases (`fc.bias`, `norm.bias`) of `model` by 0.05"
        assert gain.message == "AdamW decays 1 gain (`norm.weight`) of `model` by 0.05"
        assert bias.parameters == ("fc.bias", "norm.bias")
        assert bias.confidence is Confidence.PROVEN
        assert bias.place == HERE

    def test_a_model_without_gains_and_biases_passes(self) -> None:
        assert codes(undivided(WRITTEN, WEIGHT)) == []

    def test_literal_zero_passes(self) -> None:
        assert codes(undivided(ZERO)) == []

    def test_visible_default_of_zero_is_latent(self) -> None:
        findings = judged(undivided(LATENT), "WD101", "WD102")
        assert [f.latent for f in findings] == [True, True]
        assert "`args.wd` (default 0, line 4)" in findings[0].message

    def test_unknown_amount_passed_on_purpose_is_assumed(self) -> None:
        finding = judged(undivided(HIDDEN), "WD101")[0]
        assert not finding.latent
        assert finding.confidence is Confidence.ASSUMED
        assert "`wd` (its value is not visible)" in finding.message

    def test_silent_default_is_one_fault(self) -> None:
        use = undivided(SILENT)
        assert codes(use) == ["WD104"]
        assert only(judged(use, "WD104")).message == (
            "no decay is written, and AdamW decays 1 gain (`norm.weight`) and 2 biases (`fc.bias`, `norm.bias`) "
            "of `model` by 0.01, AdamW's own default"
        )

    def test_frozen_parameters_are_passed_over(self) -> None:
        assert codes(undivided(WRITTEN, WEIGHT, replace(BIAS, trainable=NO))) == []

    def test_a_bias_that_may_not_exist_is_assumed(self) -> None:
        finding = only(judged(undivided(WRITTEN, WEIGHT, replace(BIAS, present=UNKNOWN)), "WD101"))
        assert finding.confidence is Confidence.ASSUMED

    def test_a_kind_known_by_its_name_alone_is_assumed(self) -> None:
        guessed = replace(GAIN, evidence=Evidence(Witness.NAME, "its name"))
        assert only(judged(undivided(WRITTEN, WEIGHT, guessed), "WD102")).confidence is Confidence.ASSUMED

    def test_a_model_that_is_one_of_several_is_assumed_and_named(self) -> None:
        use = undivided()
        finding = judged(replace(use, inventory=inventory(*MODEL, assumed=True)), "WD101")[0]
        assert finding.confidence is Confidence.ASSUMED
        assert any("train.Net" in note.text for note in finding.notes)

    def test_membership_that_cannot_be_told_is_silent(self) -> None:
        use = undivided()
        unsure = replace(use, groups=(group(WRITTEN, YES, UNKNOWN, UNKNOWN, UNKNOWN),))
        assert codes(unsure) == []

    def test_a_step_that_exempts_kinds_by_itself_passes(self) -> None:
        lars = OptimizerClass("lars.LARS", Coupling.DECOUPLED, exempts=Division(NO, YES, YES))
        assert codes(undivided(known=lars)) == []

    def test_an_optimizer_without_decay_passes(self) -> None:
        assert codes(undivided(known=OptimizerClass("torch.optim.Rprop", Coupling.NONE, None))) == []

    def test_a_class_that_may_not_decay_makes_it_assumed(self) -> None:
        rprop = OptimizerClass("torch.optim.Rprop", Coupling.NONE, None)
        use = replace(undivided(), classes=(ADAMW, rprop))
        assert {f.confidence for f in judged(use, "WD101", "WD102")} == {Confidence.ASSUMED}

    def test_two_learning_rates_are_one_fault_each_kind(self) -> None:
        use = undivided()
        groups = (group(WRITTEN, YES, YES, NO, NO), group(replace(WRITTEN, value=0.1, text="0.1"), NO, NO, YES, YES))
        findings = judged(replace(use, groups=groups))
        assert [f.code for f in findings] == ["WD101", "WD102"]
        assert "0.05 and 0.1" in findings[0].message

    def test_indices_make_a_lower_bound(self) -> None:
        many = parameter("layers.*.norm.weight", Kind.GAIN, 1)
        assert "1 or more gains (`layers.*.norm.weight`)" in only(judged(undivided(WRITTEN, WEIGHT, many))).message

    def test_dimensions_are_advised_only_where_they_are_exact(self) -> None:
        assert "p.ndim >= 2" in judged(undivided(), "WD101")[0].help
        scale = parameter("gamma", Kind.GAIN, 3)
        assert "decay_groups" in judged(undivided(WRITTEN, WEIGHT, BIAS, scale), "WD101")[0].help

    def test_special_parameters_are_judged_on_request(self) -> None:
        use = undivided(WRITTEN, WEIGHT, TOKEN)
        assert codes(use) == []
        assert only(judged(use, "WD105")).parameters == ("token",)


class TestUnseenModel:
    def test_everything_decayed_together_is_assumed_to_hold_both(self) -> None:
        assert codes(unseen()) == ["WD103"]
        assert only(judged(unseen(), "WD103")).confidence is Confidence.ASSUMED

    def test_silent_default_replaces_it(self) -> None:
        assert codes(unseen(SILENT)) == ["WD104"]

    def test_a_selection_that_cannot_be_told_is_silent(self) -> None:
        assert codes(unseen(division=Division(YES, UNKNOWN, YES))) == []

    def test_visible_default_of_zero_is_latent(self) -> None:
        assert only(judged(unseen(LATENT))).latent

    def test_an_incomplete_inventory_without_gains_and_biases_counts_as_unseen(self) -> None:
        use = replace(unseen(), inventory=inventory(WEIGHT, complete=False))
        assert codes(use) == ["WD103"]

    def test_what_is_seen_of_an_incomplete_inventory_is_judged_instead(self) -> None:
        use = undivided()
        partly = replace(
            use,
            inventory=inventory(*MODEL, complete=False),
            groups=(group(WRITTEN, YES, YES, YES, YES, division=EVERYTHING),),
        )
        assert codes(partly) == ["WD101", "WD102"]


class TestDeclaredExemptions:
    def test_what_the_model_declares_and_nobody_reads(self) -> None:
        use = replace(undivided(WRITTEN, WEIGHT, TOKEN), declared=("token",), honours_declared=NO)
        finding = only(judged(use, "WD106"))
        assert finding.parameters == ("token",)

    @pytest.mark.parametrize("honoured", [YES, UNKNOWN])
    def test_read_or_perhaps_read_passes(self, honoured: Ternary) -> None:
        use = replace(undivided(WRITTEN, WEIGHT, TOKEN), declared=("token",), honours_declared=honoured)
        assert codes(use) == []

    def test_declared_but_not_decayed_passes(self) -> None:
        use = split(WRITTEN, "yn", "ny", WEIGHT, TOKEN, declared=("token",), honours_declared=NO)
        assert codes(use) == []


class TestCoupledOptimizers:
    def test_adam_with_decay(self) -> None:
        finding = only(judged(undivided(WRITTEN, WEIGHT, known=ADAM)))
        assert finding.code == "WD201"
        assert finding.message == "Adam adds the decay of 0.05 to the gradient: it is coupled"
        assert "AdamW" in finding.help

    def test_adam_without_decay_passes(self) -> None:
        assert codes(undivided(Amount(0.0, Origin.OPTIMIZER_DEFAULT), known=ADAM)) == []

    def test_one_decayed_group_is_enough(self) -> None:
        assert codes(split(WRITTEN, "ynnn", "nyyy", classes=(ADAM,))) == ["WD201"]

    def test_the_first_of_several_classes_decides(self) -> None:
        some = replace(undivided(WRITTEN, WEIGHT), classes=(ADAM, SGD))
        assert only(judged(some, "WD201")).confidence is Confidence.ASSUMED
        assert judged(replace(some, classes=(SGD, ADAM)), "WD201") == []

    def test_latent(self) -> None:
        assert only(judged(undivided(LATENT, WEIGHT, known=ADAM), "WD201")).latent

    def test_sgd_is_conventional_and_judged_on_request(self) -> None:
        use = undivided(WRITTEN, WEIGHT, known=SGD)
        assert codes(use) == []
        assert only(judged(use, "WD205")).code == "WD205"

    @pytest.mark.parametrize(
        ("coupling", "carried", "flagged"),
        [
            (Coupling.COUPLED_ADAPTIVE, True, True),
            (Coupling.COUPLED_PLAIN, True, True),
            (Coupling.COUPLED_PLAIN, False, False),
            (Coupling.DECOUPLED, True, False),
            (Coupling.UNKNOWN, True, False),
        ],
    )
    def test_classes_written_here(self, coupling: Coupling, carried: bool, flagged: bool) -> None:
        assert bool(codes(OptimizerDefinition("optim.Mine", coupling, HERE, carried=carried))) is flagged

    def test_a_switch_is_named(self) -> None:
        mine = OptimizerDefinition("optim.Mine", Coupling.COUPLED_ADAPTIVE, HERE, switch="decoupled")
        assert "unless `decoupled` is set" in only(judged(mine)).message


class TestPenalties:
    PENALTY = Penalty("p.pow(2).sum()", Sink.LOSS, HERE, Amount(1e-4, Origin.WRITTEN, "1e-4"))

    def test_in_the_loss(self) -> None:
        assert codes(self.PENALTY) == ["WD202"]
        assert "the squared norm of the parameters, times 1e-4" in only(judged(self.PENALTY)).message

    def test_in_the_gradient(self) -> None:
        assert codes(replace(self.PENALTY, sink=Sink.GRADIENT)) == ["WD203"]

    def test_kinds_of_a_known_model_are_counted(self) -> None:
        over = replace(self.PENALTY, inventory=inventory(*MODEL), members=(YES, NO, YES, UNKNOWN))
        finding = only(judged(over))
        assert finding.parameters == ("fc.weight", "norm.weight")
        assert "1 weight (`fc.weight`) and 1 gain (`norm.weight`)" in finding.message

    def test_the_norm_itself_has_another_gradient(self) -> None:
        notes = " ".join(n.text for n in only(judged(replace(self.PENALTY, power=1))).notes)
        assert "c * w / ||w||" in notes

    def test_a_coefficient_of_zero_passes_and_a_default_of_zero_is_latent(self) -> None:
        assert codes(replace(self.PENALTY, coefficient=ZERO)) == []
        assert only(judged(replace(self.PENALTY, coefficient=LATENT))).latent

    def test_decayed_by_the_optimizer_too(self) -> None:
        twice = replace(self.PENALTY, decayed_by=Place("train.py", 5, 1, 5, 9), decayed_by_amount=WRITTEN)
        assert codes(twice) == ["WD202", "WD206"]
        assert "in the optimizer of line 5 by 0.05" in only(judged(twice, "WD206")).message

    def test_an_optimizer_without_decay_does_not_double_it(self) -> None:
        once = replace(self.PENALTY, decayed_by=Place("train.py", 5, 1, 5, 9), decayed_by_amount=ZERO)
        assert codes(once) == ["WD202"]


def patterns(*found: tuple[str, str]) -> tuple[Pattern, ...]:
    answers = {"y": YES, "n": NO, "?": UNKNOWN}
    return tuple(Pattern(text, True, tuple(answers[a] for a in matches), HERE) for text, matches in found)


def with_patterns(use: OptimizerUse, *found: tuple[str, str]) -> OptimizerUse:
    decayed, *others = use.groups
    return replace(use, groups=(replace(decayed, patterns=patterns(*found)), *others))


class TestHandMadeSplits:
    def test_a_right_split_passes(self) -> None:
        assert codes(split(WRITTEN, "ynnn", "nyyy")) == []

    def test_what_is_left_decayed_is_one_fault(self) -> None:
        use = split(WRITTEN, "yyny", "nnyn")
        assert codes(use) == ["WD301"]
        assert only(judged(use, "WD301")).parameters == ("fc.bias", "norm.bias")

    def test_it_is_reported_where_the_default_is_zero(self) -> None:
        finding = only(judged(split(LATENT, "yyny", "nnyn"), "WD301"))
        assert not finding.latent
        assert "the fault bites as soon as decay is set" in finding.message

    def test_a_group_that_is_zero_only_by_default_is_no_exemption(self) -> None:
        use = split(WRITTEN, "ynnn", "nyyy")
        decayed, other = use.groups
        assert codes(replace(use, groups=(decayed, replace(other, amount=LATENT)))) == []

    def test_a_literal_zero_everywhere_passes(self) -> None:
        assert codes(split(ZERO, "yyny", "nnyn")) == []

    def test_a_group_that_inherits_the_default_is_told(self) -> None:
        use = split(WRITTEN, "ynnn", "nyyy")
        decayed, exempt = use.groups
        use = replace(use, groups=(decayed, replace(exempt, amount=SILENT, amount_written=False)))
        notes = [n.text for n in only(judged(use, "WD301")).notes]
        assert any("inherits 0.01, AdamW's own default" in text for text in notes)

    def test_an_unseen_model_with_biases_let_through(self) -> None:
        use = replace(unseen(division=Division(YES, UNKNOWN, YES)), divided=True)
        finding = only(judged(use))
        assert (finding.code, finding.confidence) == ("WD301", Confidence.ASSUMED)

    def test_an_unseen_model_that_cannot_be_told_passes(self) -> None:
        assert codes(replace(unseen(division=Division(YES, UNKNOWN, NO)), divided=True)) == []

    def test_a_dead_pattern_explains_what_it_leaves(self) -> None:
        use = with_patterns(split(WRITTEN, "ynyn", "nyny"), ("bias", "nyny"), ("LayerNorm.weight", "nnnn"))
        assert codes(use) == ["WD302"]
        finding = only(judged(use, "WD302"))
        assert finding.parameters == ("norm.weight",)
        assert "`LayerNorm.weight` matches no parameter of `model`" in finding.message

    def test_a_dead_pattern_does_not_explain_another_kind(self) -> None:
        use = with_patterns(split(WRITTEN, "yyyy", "nnnn"), ("LayerNorm.weight", "nnnn"))
        assert codes(use) == ["WD301", "WD302"]
        assert judged(use, "WD301")[0].parameters == ("fc.bias", "norm.bias")

    def test_a_dead_pattern_that_leaves_nothing_passes(self) -> None:
        use = with_patterns(split(WRITTEN, "ynnn", "nyyy"), ("bias", "nyny"), ("norm", "nnyy"), ("LayerNorm", "nnnn"))
        assert codes(use) == []

    def test_a_pattern_that_may_match_is_not_dead(self) -> None:
        use = with_patterns(split(WRITTEN, "yn?n", "ny?y"), ("bias", "nyny"), ("norm_f", "nn?n"))
        assert codes(use) == []

    def test_a_dead_prefix_is_known_by_its_last_word(self) -> None:
        table = parameter("layers.relative_position_bias_table", Kind.OTHER, 2)
        use = split(WRITTEN, "yy", "nn", WEIGHT, table)
        use = with_patterns(use, ("encoder.relative_position_bias_table", "nn"))
        assert only(judged(use, "WD302")).parameters == (table.name,)

    def test_dropped_parameters(self) -> None:
        use = split(WRITTEN, "ynnn", "nnyy")
        assert codes(use) == ["WD303"]
        assert only(judged(use, "WD303")).parameters == ("fc.bias",)

    def test_parameters_of_another_optimizer_are_not_dropped(self) -> None:
        assert codes(split(WRITTEN, "ynnn", "nnyy", elsewhere=(NO, YES, NO, NO))) == []

    def test_dropped_parameters_of_a_use_that_was_not_read_whole_pass(self) -> None:
        assert codes(split(WRITTEN, "ynnn", "nnyy", complete=False)) == []

    def test_a_consumed_iterator(self) -> None:
        finding = only(judged(replace(unseen(division=Division()), empty=("no_decay",)), "WD303"))
        assert finding.message.startswith("`no_decay` is empty")

    def test_overlap(self) -> None:
        finding = only(judged(split(WRITTEN, "yynn", "nyyy"), "WD304"))
        assert finding.parameters == ("fc.bias",)
        assert finding.severity is Severity.ERROR

    def test_weights_in_the_exempt_group(self) -> None:
        subnet = parameter("subnet.weight", Kind.WEIGHT, 2)
        use = split(WRITTEN, "ynnnn", "nyyyy", *MODEL, subnet)
        use = with_patterns(use, ("bn", "nnnny"))
        finding = only(judged(use))
        assert (finding.code, finding.parameters) == ("WD305", ("subnet.weight",))
        assert any("`bn` matches `subnet.weight`" in n.text for n in finding.notes)

    def test_weights_that_the_model_declares_exempt_pass(self) -> None:
        head = parameter("head.weight", Kind.WEIGHT, 2)
        assert codes(split(WRITTEN, "ynnnn", "nyyyy", *MODEL, head, declared=("head",))) == []

    def test_an_inverted_split_is_told(self) -> None:
        use = split(WRITTEN, "nyyy", "ynnn")
        assert codes(use) == ["WD305"]
        assert "it is inverted" in only(judged(use, "WD305")).message

    def test_a_group_of_weights_alone_without_decay_is_a_choice(self) -> None:
        assert codes(split(WRITTEN, "yn", "ny", WEIGHT, parameter("head.weight", Kind.WEIGHT, 2))) == []

    def test_an_unused_split_is_the_one_fault(self) -> None:
        use = replace(undivided(), unused_split=Place("train.py", 12, 1, 12, 9))
        assert codes(use) == ["WD306"]


class TestOptions:
    @pytest.mark.parametrize("key", ["weight_dacay", "weight_deacy", "wd", "weightdecay", "l2", "weight_decay_rate"])
    def test_a_key_that_means_decay_and_is_not_read(self, key: str) -> None:
        use = replace(unseen(ZERO), groups=(group(ZERO, options=("params", key)),))
        finding = only(judged(use))
        assert (finding.code, finding.severity) == ("WD401", Severity.ERROR)
        assert finding.help == "write `weight_decay`"

    @pytest.mark.parametrize(
        "key", ["params", "lr", "name", "lr_scale", "initial_lr", "decay_mult", "betas", "layer_id"]
    )
    def test_other_keys_pass(self, key: str) -> None:
        use = replace(unseen(ZERO), groups=(group(ZERO, options=("params", key)),))
        assert codes(use) == []

    def test_an_optimizer_that_reads_another_name(self) -> None:
        bert = OptimizerClass("optim.Adam", Coupling.DECOUPLED, "weight_decay_rate", reads=("lr", "weight_decay_rate"))
        use = replace(unseen(ZERO, bert), groups=(group(ZERO, options=("params", "weight_decay")),))
        assert only(judged(use, "WD401")).help == "write `weight_decay_rate`"

    def test_what_an_optimizer_reads_must_be_known(self) -> None:
        unknown = replace(ADAMW, reads=())
        assert codes(replace(unseen(ZERO, unknown), groups=(group(ZERO, options=("params", "wd")),))) == []

    def test_groups_that_try_to_divide_are_a_split(self) -> None:
        use = undivided()
        groups = (group(WRITTEN, YES, NO, NO, NO), group(WRITTEN, NO, YES, YES, YES, options=("params", "wd")))
        assert codes(replace(use, groups=groups)) == ["WD301", "WD401"]

    def test_weights_whose_decay_is_misspelt_do_not_decay(self) -> None:
        still = Amount(0.0, Origin.OPTIMIZER_DEFAULT)
        groups = (group(still, YES, NO, options=("params", "weight_dacay")), group(still, NO, YES, options=("params",)))
        use = OptimizerUse((SGD,), groups, HERE, "SGD", inventory(WEIGHT, BIAS), "net")
        assert codes(use) == ["WD305", "WD401"]
        assert "`weight_dacay`" in judged(use, "WD305")[0].message

    def test_a_note_beside_the_right_key_passes(self) -> None:
        use = replace(unseen(ZERO), groups=(group(ZERO, options=("params", "weight_decay", "wd")),))
        assert codes(use) == []

    def test_the_place_is_the_key_where_it_is_known(self) -> None:
        key = Place("train.py", 8, 30, 8, 34)
        use = replace(unseen(ZERO), groups=(group(ZERO, options=("wd",), option_places=(key,)),))
        assert only(judged(use)).place == key


class TestImplausibleDecay:
    def rate(self, decay: float, rate: float | None, known: OptimizerClass = ADAMW) -> list[Finding]:
        learning_rate = None if rate is None else Amount(rate, Origin.WRITTEN, str(rate))
        one = group(Amount(decay, Origin.WRITTEN, str(decay)), YES, learning_rate=learning_rate)
        return judged(OptimizerUse((known,), (one,), HERE, "AdamW", inventory(WEIGHT), "model"), "WD402")

    def test_more_than_a_tenth_a_step(self) -> None:
        assert "shrinks weights by 15 % a step" in only(self.rate(0.3, 0.5)).message

    def test_one_or_more_whatever_the_learning_rate(self) -> None:
        assert self.rate(1.0, None)

    @pytest.mark.parametrize(("decay", "rate"), [(0.3, 1e-3), (5e-4, 0.5), (0.1, 1.0), (0.3, None)])
    def test_usual_numbers_pass(self, decay: float, rate: float | None) -> None:
        assert self.rate(decay, rate) == []

    def test_an_adaptive_coupled_optimizer_does_not_multiply_them(self) -> None:
        assert self.rate(0.3, 0.5, ADAM) == []


class TestFilesAndComments:
    def test_trouble(self) -> None:
        finding = only(judged(Trouble("expected an expression", HERE)))
        assert (finding.code, finding.severity) == ("WD901", Severity.ERROR)

    def test_a_suppression_that_is_used_passes(self) -> None:
        assert judged(Suppression(("WD101",), ("WD101",), HERE)) == []
        assert judged(Suppression((), ("WD101",), HERE)) == []

    def test_a_suppression_that_hides_nothing(self) -> None:
        assert "`WD102`" in only(judged(Suppression(("WD101", "WD102"), ("WD101",), HERE))).message
        assert only(judged(Suppression((), (), HERE))).help == "remove it"


def test_every_finding_names_its_site_and_says_why_and_what_to_write() -> None:
    facts = [undivided(), undivided(SILENT), unseen(), undivided(known=ADAM), split(WRITTEN, "yyny", "nnyn")]
    for finding in (f for fact in facts for f in judged(fact)):
        assert finding.subject
        assert finding.help
        assert finding.notes
        assert not finding.message.endswith(".")
