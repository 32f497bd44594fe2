"""A selection's answer is Python's own where all is known, and holds for every instance where it isn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wdlint.facts import Evidence, Kind, Parameter, Ternary, Witness
from wdlint.source.selections.atoms import Context
from wdlint.source.selections.description import words
from wdlint.source.selections.membership import admits, jointly, members, outcomes, pattern_matches, patterns
from wdlint.source.selections.predicates import (
    Always,
    AncestorIs,
    And,
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
    Not,
    Opaque,
    Or,
    OwnerIs,
    OwnerName,
    OwnerType,
    Prefixed,
    Replaced,
    Segment,
    Selector,
    Size,
    StartsWith,
    Text,
    Trainable,
    Upper,
    Within,
    both,
    either,
    negation,
)

YES, NO, UNKNOWN = Ternary.YES, Ternary.NO, Ternary.UNKNOWN
NAME = FullName()


def parameter(name: str, **known: Any) -> Parameter:
    return Parameter(name, Kind.UNKNOWN, Evidence(Witness.NAME, ""), **known)


# ---- Python's own evaluation: every selection as the code it was read from


class Module:
    pass


class LayerNorm(Module):
    pass


class RMSNorm(Module):
    pass


class GemmaNorm(RMSNorm):
    pass


class Linear(Module):
    pass


CLASSES: dict[str, type] = {f"project.{cls.__name__}": cls for cls in (Module, LayerNorm, RMSNorm, GemmaNorm, Linear)}
BASES = {
    path: frozenset(p for p, base in CLASSES.items() if issubclass(cls, base) and base is not cls)
    for path, cls in CLASSES.items()
}


@dataclass(frozen=True)
class Concrete:
    """One parameter of which everything is known."""

    name: str
    shape: tuple[int, ...]
    owner: str
    trainable: bool
    flags: frozenset[str]
    opaque: Mapping[str, bool] = field(default_factory=dict)
    around: str = "project.Module"  # the class of every module above the owner

    def described(self) -> Parameter:
        trainable = Ternary.of(self.trainable)
        return parameter(
            self.name,
            ndim=len(self.shape),
            shape=self.shape,
            owner=self.owner,
            trainable=trainable,
            ancestors=(self.around,) * self.name.count("."),
        )

    def context(self) -> Context:
        return Context(
            ancestry=BASES.get,
            flags={flag: frozenset({self.name}) for flag in self.flags},
        )


def text_code(text: Text) -> str:
    match text:
        case FullName():
            return "name"
        case OwnerName():
            return "name.rpartition('.')[0]"
        case Leaf():
            return "name.rpartition('.')[2]"
        case OwnerType():
            return "type(owner).__name__"
        case Lower(inner):
            return f"{text_code(inner)}.lower()"
        case Upper(inner):
            return f"{text_code(inner)}.upper()"
        case Segment(inner, index):
            return f"({text_code(inner)}).split('.')[{index}]"
        case Replaced(inner, old, new):
            return f"({text_code(inner)}).replace({old!r}, {new!r})"
        case Prefixed(prefix, inner):
            return f"({prefix!r} + {text_code(inner)})"
    raise AssertionError(text)


def class_code(classes: frozenset[str]) -> str:
    return f"({''.join(path.removeprefix('project.') + ',' for path in sorted(classes))})"


def code(selector: Selector) -> str:
    match selector:
        case Contains(text, needle):
            return f"{needle!r} in {text_code(text)}"
        case StartsWith(text, needle):
            return f"{text_code(text)}.startswith({needle!r})"
        case EndsWith(text, needle):
            return f"{text_code(text)}.endswith({needle!r})"
        case Equals(text, value):
            return f"{text_code(text)} == {value!r}"
        case Within(text, haystack):
            return f"{text_code(text)} in {haystack!r}"
        case InNames(text, names):
            return f"{text_code(text)} in {names!r}"
        case Matches(text, pattern, mode, flags):
            return f"re.{mode}({pattern!r}, {text_code(text)}, {flags}) is not None"
        case Dims(op, number):
            return f"len(shape) {op} {number}"
        case Size(None, op, number):
            return f"math.prod(shape) {op} {number}"
        case Size(axis, op, number):
            return f"shape[{axis}] {op} {number}"
        case OwnerIs(classes):
            return f"isinstance(owner, {class_code(classes)})"
        case AncestorIs(classes):
            return f"any(isinstance(module, {class_code(classes)}) for module in path)"
        case Trainable():
            return "trainable"
        case HasFlag(name):
            return f"{name!r} in flags"
        case Opaque(key):
            return f"opaque[{key!r}]"
        case Always(value):
            return str(value)
        case And(parts):
            return " and ".join(f"({code(part)})" for part in parts) or "True"
        case Or(parts):
            return " or ".join(f"({code(part)})" for part in parts) or "False"
        case Not(part):
            return f"not ({code(part)})"
    raise AssertionError(selector)


def python_says(selector: Selector, one: Concrete) -> bool:
    """What Python makes of the code; an example in which it would raise is left out."""
    import math

    scope = {cls.__name__: cls for cls in CLASSES.values()}
    scope |= {"re": re, "math": math, "name": one.name, "shape": one.shape, "owner": CLASSES[one.owner]()}
    scope["path"] = [CLASSES[one.owner](), *(CLASSES[one.around]() for _ in range(one.name.count(".")))]
    scope |= {"trainable": one.trainable, "flags": one.flags, "opaque": one.opaque}
    try:
        return bool(eval(code(selector), scope))
    except IndexError:
        assume(False)
        raise


# ---- what is drawn

PARTS = ["layers", "0", "1", "12", "norm", "norm1", "LayerNorm", "bn1", "ln_f", "attn", "proj", "bias", "weight"]
NEEDLES = [
    *PARTS,
    "bias",
    ".",
    ".bias",
    "s.1",
    "s.12.n",
    "1.",
    ".0.norm",
    "norm.weight",
    "module.",
    "layers.1",
    "",
    "2",
]
REGEXES = [
    r"bias",
    r"\.bias$",
    r"(^|\.)norm($|\.)",
    r"layers\.\d+\.",
    r"layers\.(0|1)\.",
    r"(?i)layernorm|_norm",
    r"^(?!.*bias).*$",
    r"norm\d",
    r"\bnorm\b",
    r"(?<!attn\.)bias",
    r"[^.]+\.weight",
    r"ln_\w|bn[0-9]+",
    r"1+",
    r"(.)\1",
    r"(\w+\.)+norm",
]

names = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map(".".join)
comparisons = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
needles = st.sampled_from(NEEDLES)
class_sets = st.frozensets(st.sampled_from(sorted(CLASSES)), min_size=1, max_size=3)
texts = st.recursive(
    st.sampled_from([FullName(), FullName(), OwnerName(), Leaf(), OwnerType()]),
    lambda inner: st.one_of(
        st.builds(Lower, inner),
        st.builds(Upper, inner),
        st.builds(Segment, inner, st.integers(-3, 2)),
        st.builds(Replaced, inner, needles.filter(bool), st.sampled_from(["", "module.", "x"])),
        st.builds(Prefixed, st.sampled_from(["module.", "model.", "1"]), inner),
    ),
    max_leaves=2,
)
text_conditions = st.one_of(
    st.builds(Contains, texts, needles),
    st.builds(StartsWith, texts, needles),
    st.builds(EndsWith, texts, needles),
    st.builds(Equals, texts, st.one_of(needles, names)),
    st.builds(Within, texts, st.sampled_from(["bias", "layers.1.norm.weight", "0123", ""])),
    st.builds(InNames, texts, st.lists(st.one_of(needles, names), max_size=4).map(tuple)),
    st.builds(
        Matches,
        texts,
        st.sampled_from(REGEXES),
        st.sampled_from(["search", "match", "fullmatch"]),
        st.sampled_from([0, re.IGNORECASE.value]),
    ),
)
conditions = st.one_of(
    text_conditions,
    text_conditions,
    st.builds(Dims, comparisons, st.integers(-1, 4)),
    st.builds(Size, st.sampled_from([None, 0, 1, -1]), comparisons, st.integers(0, 4)),
    st.builds(OwnerIs, class_sets),
    st.builds(AncestorIs, class_sets),
    st.just(Trainable()),
    st.builds(HasFlag, st.sampled_from(["_no_weight_decay", "is_bias"])),
    st.builds(Opaque, st.sampled_from("pq")),
    st.builds(Always, st.booleans()),
)
selectors = st.recursive(
    conditions,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Not, inner),
        st.lists(inner, max_size=3).map(lambda parts: both(*parts)),
        st.lists(inner, max_size=3).map(lambda parts: either(*parts)),
        inner.map(negation),
    ),
    max_leaves=6,
)
concretes = st.builds(
    Concrete,
    names,
    st.lists(st.integers(0, 3), max_size=3).map(tuple),
    st.sampled_from(sorted(CLASSES)),
    st.booleans(),
    st.frozensets(st.sampled_from(["_no_weight_decay", "is_bias"])),
    st.fixed_dictionaries({"p": st.booleans(), "q": st.booleans()}),
    st.sampled_from(sorted(CLASSES)),
)

# Holes of a name, and what may stand there: numbers and paths near to what the conditions look for.
INDICES = st.sampled_from(["0", "1", "2", "7", "10", "12", "120"])
PIECES = st.text("abnorm.bias_01LN", min_size=1, max_size=6).filter(lambda s: all(s.split(".")))
PATHS = st.one_of(
    st.just(""), names.map("{}.".format), PIECES.map("{}.".format), st.sampled_from([f"{p}." for p in PARTS])
)
WORDS = st.one_of(st.sampled_from(PARTS), st.text("abnorm_01LN", min_size=1, max_size=5))
patterned = st.tuples(
    st.sampled_from(["", "", "?."]),
    st.lists(st.sampled_from([*PARTS, "*", "*", "weight_ih_l*", "?", "bias_?"]), min_size=1, max_size=4).map(".".join),
).map("".join)


@st.composite
def instances(draw: st.DrawFn) -> tuple[Parameter, Context, Concrete]:
    """A parameter of which only part is known, and one of those that it may be."""
    pattern = draw(patterned)
    rest = pattern.removeprefix("?.") if pattern != "?" else pattern
    start = draw(PATHS) if rest != pattern else ""
    filled = re.sub(r"[*?]", lambda hole: draw(INDICES if hole[0] == "*" else WORDS), rest)
    one = replace(draw(concretes), name=start + filled)
    known = {key: draw(st.booleans()) for key in ("ndim", "shape", "owner", "trainable", "bases", "around")}
    shape = tuple(draw(st.sampled_from([size, None])) for size in one.shape)
    described = parameter(
        pattern,
        ndim=len(one.shape) if known["ndim"] else None,
        shape=shape if known["shape"] else None,
        owner=one.owner if known["owner"] else "",
        trainable=Ternary.of(one.trainable if known["trainable"] else None),
        ancestors=(one.around,) * rest.count(".") if known["around"] else (),
    )
    flags = {flag: frozenset({pattern}) for flag in one.flags}
    return described, Context(BASES.get if known["bases"] else lambda owner: None, flags), one


# ---- the laws


@given(selectors, concretes)
def test_where_all_is_known_the_answer_is_pythons(selector: Selector, one: Concrete) -> None:
    told = told_of(selector, one.opaque)
    assert admits(told, one.described(), one.context()) is Ternary.of(python_says(selector, one))


def told_of(selector: Selector, opaque: Mapping[str, bool]) -> Selector:
    """The selection once the conditions that can't be told are told."""
    match selector:
        case Opaque(key):
            return Always(opaque[key])
        case And(parts) | Or(parts):
            return type(selector)(tuple(told_of(part, opaque) for part in parts))
        case Not(part):
            return Not(told_of(part, opaque))
    return selector


@settings(max_examples=500)
@given(selectors, instances())
def test_yes_and_no_hold_for_every_instance(selector: Selector, drawn: tuple[Parameter, Context, Concrete]) -> None:
    described, context, one = drawn
    for answer in (admits(selector, described, context), jointly(selector, described, context)):
        assert answer in (UNKNOWN, Ternary.of(python_says(selector, one)))


@settings(max_examples=500)
@given(text_conditions, instances())
def test_yes_and_no_on_a_text_hold_for_every_instance(
    selector: Selector, drawn: tuple[Parameter, Context, Concrete]
) -> None:
    described, context, one = drawn
    assert admits(selector, described, context) in (UNKNOWN, Ternary.of(python_says(selector, one)))


@given(st.lists(selectors, min_size=1, max_size=4), instances())
def test_what_happens_is_among_the_cases(chosen: list[Selector], drawn: tuple[Parameter, Context, Concrete]) -> None:
    described, context, one = drawn
    found = outcomes(chosen, described, context)
    real = tuple(python_says(selector, one) for selector in chosen)
    assert not found.cases or real in found.cases
    for answer, truth in zip(found.answers, real, strict=True):
        assert answer in (UNKNOWN, Ternary.of(truth))
    assert found.nowhere in (UNKNOWN, Ternary.of(not any(real)))
    assert found.twice in (UNKNOWN, Ternary.of(sum(real) > 1))


@given(selectors, selectors, instances())
def test_kleenes_laws(one: Selector, two: Selector, drawn: tuple[Parameter, Context, Concrete]) -> None:
    described, context, _ = drawn

    def ask(selector: Selector) -> Ternary:
        return admits(selector, described, context)

    a, b = ask(one), ask(two)
    assert ask(Not(one)) is ~a
    assert ask(And((one, two))) is a & b is ask(And((two, one)))
    assert ask(Or((one, two))) is a | b is ask(Or((two, one)))
    assert ask(Not(And((one, two)))) is ask(Or((Not(one), Not(two))))
    assert ask(And((one, Or((one, two))))) is a


@given(st.lists(selectors, max_size=3), instances())
def test_simplified_trees_say_the_same_or_more(
    parts: list[Selector], drawn: tuple[Parameter, Context, Concrete]
) -> None:
    described, context, _ = drawn
    for plain, simplified in (
        (And(tuple(parts)), both(*parts)),
        (Or(tuple(parts)), either(*parts)),
        (Not(Or(tuple(parts))), negation(either(*parts))),
    ):
        assert admits(plain, described, context) in (UNKNOWN, admits(simplified, described, context))
        assert jointly(plain, described, context) is jointly(simplified, described, context)


@given(selectors, instances())
def test_deciding_jointly_only_sharpens(selector: Selector, drawn: tuple[Parameter, Context, Concrete]) -> None:
    described, context, _ = drawn
    alone = admits(selector, described, context)
    together = jointly(selector, described, context)
    assert alone in (UNKNOWN, together)
    assert members(selector, [described, described], context) == (together, together)


@given(selectors, instances())
def test_a_selection_and_its_opposite_divide_every_parameter(
    selector: Selector, drawn: tuple[Parameter, Context, Concrete]
) -> None:
    described, context, _ = drawn
    found = outcomes([selector, negation(selector)], described, context)
    if found.cases:
        assert (found.nowhere, found.twice) == (NO, NO)
        assert jointly(either(selector, negation(selector)), described, context) is YES


@given(
    st.sampled_from([Contains, StartsWith, EndsWith, Equals]),
    st.tuples(*(st.sampled_from(options) for options in (["", "a.", "0."], ["*"], [".", "a", ".b."], ["", "*", "1"]))),
    st.text("ab.01", min_size=1, max_size=3),
)
def test_an_index_is_never_needlessly_unknown(kind: Any, pieces: tuple[str, ...], needle: str) -> None:
    condition, name = kind(NAME, needle), "".join(pieces)
    numbers = ["0", "2", *(f"1{''.join(rest)}" for length in range(4) for rest in product("01", repeat=length))]
    fillings = product(*(numbers if piece == "*" else [piece] for piece in pieces))
    truths = {admits(condition, parameter("".join(filling))) for filling in fillings}
    assert admits(condition, parameter(name)) is (UNKNOWN if len(truths) > 1 else truths.pop())


@given(selectors, concretes)
def test_every_selection_has_words_and_patterns(selector: Selector, one: Concrete) -> None:
    assert words(selector)
    for text, node in patterns(selector):
        assert repr(text) in code(selector)
        assert pattern_matches(node, one.described(), one.context()) in (UNKNOWN, Ternary.of(python_says(node, one)))


# ---- by example


@pytest.mark.parametrize(
    ("condition", "name", "answer"),
    [
        (Contains(NAME, "bias"), "layers.*.attn.bias", YES),
        (Contains(NAME, "norm"), "layers.*.attn.bias", NO),
        (StartsWith(NAME, "layers.1"), "layers.*.attn.bias", UNKNOWN),
        (StartsWith(NAME, "layers."), "layers.*.attn.bias", YES),
        (Contains(NAME, "bn1"), "layers.*.bn*.bias", UNKNOWN),
        (InNames(NAME, ("layers.0.bias", "layers.1.bias")), "layers.*.bias", UNKNOWN),
        (InNames(NAME, ("layers.00.bias",)), "layers.*.bias", NO),
        (Contains(NAME, "bias"), "?.weight", UNKNOWN),
        (EndsWith(NAME, ".weight"), "?.weight", UNKNOWN),
        (EndsWith(NAME, "weight"), "?.weight", YES),
        (EndsWith(NAME, "bias"), "?.weight", NO),
        (Equals(Leaf(), "weight"), "?.weight", YES),
        (Equals(Segment(NAME, -1), "bias"), "?.weight", NO),
        (Equals(Segment(NAME, 0), "head"), "?.weight", UNKNOWN),
        (Contains(OwnerName(), "norm"), "?.norm.weight", YES),
        (Contains(NAME, "LayerNorm.weight"), "?.norm.weight", UNKNOWN),
        (Contains(Lower(NAME), "LayerNorm"), "?.norm.weight", NO),
        (Contains(Upper(NAME), "norm"), "?.norm.weight", NO),
        (Equals(Replaced(NAME, "layers.", ""), "0.weight"), "layers.*.weight", UNKNOWN),
        (EndsWith(Replaced(NAME, "module.", ""), "weight"), "?.weight", YES),
        (EndsWith(Replaced(NAME, "module.wei", ""), "weight"), "?.weight", UNKNOWN),
        (StartsWith(Prefixed("module.", NAME), "module.layers"), "layers.*.weight", YES),
        (InNames(NAME, ("encoder.relative_position_bias_table",)), "encoder.layers.*.relative_position_bias_table", NO),
        (Contains(NAME, "norm"), "heads.?.weight", UNKNOWN),
        (Contains(NAME, "s.norm.x"), "heads.?.weight", NO),
        (Matches(NAME, r"\.\d+\."), "layers.*.weight", YES),
        (Matches(NAME, r"layers\.[0-9]\."), "layers.*.weight", UNKNOWN),
        (Matches(NAME, r"/kernel$"), "?.weight", NO),
        (Matches(NAME, r"weight$"), "?.weight", YES),
        (Matches(NAME, r"(^|\.)norm($|\.)"), "layers.*.norm.bias", YES),
        (Matches(NAME, r"(a)\1"), "layers.*.weight", UNKNOWN),
        (Matches(NAME, r"(a"), "layers.0.weight", UNKNOWN),
    ],
)  # fmt: skip
def test_names_of_which_parts_are_unknown(condition: Selector, name: str, answer: Ternary) -> None:
    assert admits(condition, parameter(name)) is answer


@pytest.mark.parametrize(
    ("condition", "known", "answer"),
    [
        (Dims("<", 2), {"ndim": 0}, YES),
        (Dims("==", 1), {"ndim": 0}, NO),
        (Dims(">=", 2), {"shape": (None, 4)}, YES),
        (Dims("<", 2), {}, UNKNOWN),
        (Dims(">=", 0), {}, YES),
        (Size(0, "==", 1), {"shape": (1, None)}, YES),
        (Size(-1, "==", 1), {"shape": (1, None)}, UNKNOWN),
        (Size(2, "==", 1), {"shape": (1, None)}, UNKNOWN),
        (Size(None, "==", 1), {"ndim": 0}, YES),
        (Size(None, ">", 1), {"shape": (4, None)}, UNKNOWN),
        (Size(None, "==", 12), {"shape": (4, 3)}, YES),
        (Trainable(), {"trainable": NO}, NO),
    ],
)
def test_shapes_and_flags(condition: Selector, known: dict[str, Any], answer: Ternary) -> None:
    assert admits(condition, parameter("a.weight", **known)) is answer


def test_classes_are_found_through_their_bases_and_under_both_of_torchs_paths() -> None:
    batch_norm = parameter("bn.weight", owner="torch.nn.modules.batchnorm.BatchNorm2d")
    bases = frozenset({"torch.nn.modules.batchnorm._BatchNorm", "torch.nn.modules.module.Module"})
    context = Context(ancestry=lambda owner: bases)
    assert admits(OwnerIs(frozenset({"torch.nn.BatchNorm2d"})), batch_norm) is YES
    assert admits(OwnerIs(frozenset({"torch.nn.modules.batchnorm._BatchNorm"})), batch_norm) is UNKNOWN
    assert admits(OwnerIs(frozenset({"torch.nn.modules.batchnorm._BatchNorm"})), batch_norm, context) is YES
    assert admits(OwnerIs(frozenset({"torch.nn.LayerNorm"})), batch_norm, context) is NO
    assert admits(OwnerIs(frozenset({"torch.nn.Module"})), parameter("a")) is YES
    partly = Context(ancestry=lambda owner: frozenset({"project.Base", "?"}))
    assert admits(OwnerIs(frozenset({"project.Base"})), batch_norm, partly) is YES
    assert admits(OwnerIs(frozenset({"torch.nn.LayerNorm"})), batch_norm, partly) is UNKNOWN


def test_a_module_further_up_is_known_only_with_its_class() -> None:
    head, tail = AncestorIs(frozenset({"project.Head"})), AncestorIs(frozenset({"project.Tail"}))
    context = Context(ancestry=lambda owner: frozenset())
    weight = parameter("head.proj.weight", owner="torch.nn.Linear")
    assert admits(head, weight, context) is UNKNOWN
    assert admits(AncestorIs(frozenset({"torch.nn.Linear"})), weight, context) is YES
    whole = replace(weight, ancestors=("project.Net", "project.Head"))
    assert (admits(head, whole, context), admits(tail, whole, context)) == (YES, NO)
    deeper = replace(weight, name="net.head.proj.weight", ancestors=("project.Head", "project.Block"))
    assert (admits(head, deeper, context), admits(tail, deeper, context)) == (YES, UNKNOWN)
    partly = replace(weight, ancestors=("project.Head",))
    assert (admits(head, partly, context), admits(tail, partly, context)) == (YES, UNKNOWN)


def test_modules_around_the_one_that_is_asked_do_not_count() -> None:
    inside = parameter("proj.weight", owner="torch.nn.Linear", ancestors=("project.Net", "project.Head"))
    context = Context(ancestry=lambda owner: frozenset())
    assert admits(AncestorIs(frozenset({"project.Head"})), inside, context) is YES
    assert admits(AncestorIs(frozenset({"project.Net"})), inside, context) is NO


def test_an_attribute_is_absent_unless_it_is_listed() -> None:
    context = Context(flags={"_no_weight_decay": frozenset({"mixer.A_log"})})
    assert admits(HasFlag("_no_weight_decay"), parameter("mixer.A_log"), context) is YES
    assert admits(HasFlag("_no_weight_decay"), parameter("mixer.D"), context) is NO


def test_one_unknown_condition_has_one_answer() -> None:
    frozen = Opaque("train.py:3", "args.freeze")
    again = Opaque("train.py:3", "said otherwise")
    anything = parameter("a.weight")
    assert jointly(either(both(frozen, Contains(NAME, "weight")), negation(again)), anything) is YES
    assert jointly(either(frozen, negation(Opaque("train.py:9"))), anything) is UNKNOWN


def test_one_number_of_dimensions_is_one_number() -> None:
    anything = parameter("a.weight")
    assert outcomes([Dims("<", 2), Dims(">=", 2)], anything).nowhere is NO
    assert outcomes([Dims("==", 1), Dims(">", 1)], anything).nowhere is UNKNOWN
    assert outcomes([Dims("==", 0), Dims("==", 1), Dims(">", 1)], anything).nowhere is NO
    assert outcomes([Dims("<=", 1), Dims("==", 1)], anything).twice is UNKNOWN
    assert outcomes([Size(0, "<", 8), Size(0, ">", 8)], anything).twice is NO


def test_one_group_a_layer_holds_each_layer_once() -> None:
    layers = [StartsWith(NAME, f"layers.{index}.") for index in range(24)]
    groups = [part for each in layers for part in (both(each, Dims("<", 2)), both(each, Dims(">=", 2)))]
    rest = negation(either(*layers))
    found = outcomes([*groups, rest], parameter("layers.*.norm.weight", ndim=1))
    assert (found.nowhere, found.twice) == (NO, NO)
    assert found.answers == (UNKNOWN, NO) * 24 + (UNKNOWN,)
    assert len(found.cases) == 25


def test_too_many_unknown_conditions_are_decided_one_by_one() -> None:
    unknown = [Opaque(str(index)) for index in range(7)]
    found = outcomes([either(*unknown), Always(True), both(*unknown[:1], Always(False))], parameter("a"))
    assert found.answers == (UNKNOWN, YES, NO)
    assert (found.nowhere, found.twice, found.cases) == (NO, UNKNOWN, ())


def test_patterns_are_those_of_names() -> None:
    exempt = either(
        Contains(NAME, "bias"),
        both(EndsWith(Lower(NAME), "norm.weight"), Dims("<", 2)),
        negation(InNames(NAME, ("cls_token", "pos_embed"))),
        Contains(OwnerType(), "Norm"),
        Matches(NAME, r"ln_\d"),
        Contains(NAME, "bias"),
    )
    assert [text for text, _ in patterns(exempt)] == ["bias", "norm.weight", "cls_token", "pos_embed", r"ln_\d"]
    assert [pattern_matches(node, parameter("h.*.ln_1.bias")) for _, node in patterns(exempt)] == [YES, NO, NO, NO, YES]


def test_a_pattern_that_would_take_python_forever_is_decided_all_the_same() -> None:
    condition = Matches(NAME, r"^(\w+\.?)+!$")
    assert admits(condition, parameter("encoder." * 12 + "weight")) is NO
    assert admits(condition, parameter("encoder.*." * 12 + "weight")) is NO
