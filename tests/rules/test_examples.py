"""Each rule's own examples, through the real way from source to findings, and what every rule must have."""

from __future__ import annotations

import ast

import pytest

from wdlint.judging.rule import HEADINGS, Rule, built_in
from wdlint.linting.examples import files_of, problems

RULES = built_in()
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_examples_behave_as_they_say(rule: Rule) -> None:
    assert problems(rule) == []


@each_rule
def test_a_rule_shows_both_sides(rule: Rule) -> None:
    assert rule.flagged
    assert rule.passed


@each_rule
def test_examples_are_python(rule: Rule) -> None:
    if rule.code == "WD901":
        pytest.skip("its examples are the ones that are none")
    for example in (*rule.flagged, *rule.passed):
        for text in files_of(example).values():
            ast.parse(text)


@each_rule
def test_a_page_has_text_under_every_heading(rule: Rule) -> None:
    assert list(rule.sections) == list(HEADINGS)
    assert all(text.strip() for text in rule.sections.values())
    assert len(rule.summary) < 100
    assert not rule.summary.endswith(".")


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES) == len({rule.name for rule in RULES})
    for rule in RULES:
        assert rule.code.startswith("WD")
        assert rule.code[2:].isdigit()
        assert len(rule.code) == 5
