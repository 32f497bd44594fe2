"""A regular expression's language is what Python's own matcher accepts, and names with holes are decided by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wdlint.source.selections.regex import language, matcher

MODES = ["search", "match", "fullmatch"]

characters = st.sampled_from(["a", "b", "_", "0", ".", "A"])
atoms = st.one_of(
    characters.map(re.escape),
    st.sampled_from([r"\w", r"\d", r"\W", r"[ab]", r"[^a]", r"[a-b0]", r"[^\w.]", ".", r"\.", ""]),
)
anchors = st.sampled_from(["^", "$", r"\b", r"\A", r"\Z"])
repeats = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??", "{0,2}?", "{2,}"])
bodies = st.recursive(
    st.one_of(atoms, atoms, atoms, anchors),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner.map("(?:{})".format), repeats).map("".join),
        st.tuples(st.sampled_from(["(?={})", "(?!{})", "(?<={})", "(?<!{})", "(?i:{})", "(?s:{})"]), inner).map(
            lambda pair: pair[0].format(pair[1])
        ),
    ),
    max_leaves=6,
)
subjects = st.lists(characters, max_size=6).map("".join)


@settings(max_examples=1000)
@given(bodies, st.sampled_from(MODES), st.sampled_from([0, re.IGNORECASE.value, re.ASCII.value]), st.lists(subjects))
def test_a_language_is_what_python_matches(pattern: str, mode: str, flags: int, texts: list[str]) -> None:
    try:
        compiled = re.compile(pattern, flags)
    except re.error:  # a look-behind of no fixed length
        assert language(pattern, mode, flags) is None
        return
    accepted = language(pattern, mode, flags)
    for text in texts:
        real = getattr(compiled, mode)(text) is not None
        assert accepted is None or accepted.holds(text) is real
        function = matcher(pattern, mode, flags)
        assert function is None or bool(function(text)) is real


@pytest.mark.parametrize(
    "pattern",
    [
        r"bias|LayerNorm\.weight",
        r"(^|\.)norm($|\.)",
        r"_norm(?:$|\.)",
        r"\bnorm\b",
        r"\b(ln|bn)_?\d*\b",
        r"^(?!.*bias).*$",
        r"^(?!.*(?:bias|norm)).*weight$",
        r"^(?!.*bias).*(?<!norm)$",
        r"(?<!attn\.)bias$",
        r"norm(?!al)",
        r"(?<=m)^norm",
        r"weight$(?=x)",
        r"(?<=\.)\w*(?<=s)\.\d",
        r"(?<=r)\.\w+(?<!n)\.\w+(?=\.w|\.b)\.\w+(?!b).$",
        r"(?i)layer_?norm",
        r"layers\.(?P<index>\d+)\.",
        r"(?x) \. bias $  # at the end",
        r"^encoder\.(?:layers|blocks)\.[0-9]{1,2}\.",
        r".*\.(?:scale|gamma)",
        r"[^\W\d]+norm\d+",
        r"é|[α-ω]",
        "",
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_patterns_of_hand_made_splits_are_understood(pattern: str, mode: str) -> None:
    accepted = language(pattern, mode, 0)
    assert accepted is not None
    for text in [
        "bias",
        "encoder.layers.0.LayerNorm.weight",
        "encoder.layers.12.attn.bias",
        "norm",
        "model.norm.weight",
        "h.3.ln_1.bias",
        "bn1",
        "normalizer.weight",
        "head.layer_norm",
        "block.LAYERNORM.scale",
        "stage.bn.3.scale",
        "γ.weight",
        "",
    ]:
        assert accepted.holds(text) is (getattr(re, mode)(pattern, text) is not None)


@pytest.mark.parametrize(
    "pattern", [r"(a)\1", r"(a)?(?(1)b|c)", r"(?:\ba)*", r"a{1000}", r"(?=.*a).*(?<=b)c", "(", "[", r"(?<=a*)b"]
)
def test_others_have_no_language(pattern: str) -> None:
    assert language(pattern, "search", 0) is None


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "a{2,1}", "*", "(?P<n>a)(?P<n>b)"])
def test_what_python_rejects_is_never_asked(pattern: str) -> None:
    assert matcher(pattern, "search", 0) is None


def test_python_is_not_trusted_with_patterns_that_can_take_it_forever() -> None:
    text = "encoder_" * 20
    for pattern in (r"^(\w+_?)+\.$", r"^(a|\w)*b*c*d*e*f*!$", r"^.*.*.*.*.*.*!$"):
        function = matcher(pattern, "search", 0)
        assert function is not None
        assert not function(text)
    assert matcher(r"(\w+_?)+(a)\2!$", "search", 0) is None
