"""Which rules the settings select."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.facts import Severity
from wdlint.judging.rule import BrokenRule, built_in
from wdlint.judging.selection import UnknownRule, available, find, selected
from wdlint.settings.catalogue import Settings


def codes(**settings: object) -> set[str]:
    return {rule.code for rule in selected(Settings(**settings))}  # type: ignore[arg-type]


DEFAULT = {rule.code for rule in built_in() if rule.default}
ALL = {rule.code for rule in built_in()}


def test_without_settings_the_default_rules_are_selected() -> None:
    assert codes() == DEFAULT
    assert "WD205" not in DEFAULT


def test_codes_prefixes_and_names_are_interchangeable() -> None:
    assert codes(select=("WD101", "decayed-gain", "wd4")) == {"WD101", "WD102", "WD401", "WD402", "WD403", "WD404"}
    assert codes(select=("decayed_bias",)) == {"WD101"}
    assert codes(select=("ALL",)) == ALL


def test_what_is_off_by_default_is_on_where_it_is_selected() -> None:
    assert codes(extend_select=("sgd-l2",)) == DEFAULT | {"WD205"}


def test_the_more_specific_selector_wins_and_ignore_among_equals() -> None:
    assert "WD103" not in codes(select=("WD1",), ignore=("WD103",))
    assert codes(select=("WD103",), ignore=("WD1",)) == {"WD103"}
    assert codes(select=("WD103",), ignore=("undivided-parameters",)) == set()
    assert codes(ignore=("WD2",)) == {code for code in DEFAULT if not code.startswith("WD2")}


def test_severities_are_by_rule_and_the_closest_counts() -> None:
    rules = selected(Settings(severity=(("WD101", "error"), ("WD1", "off"), ("WD2", "warning"))))
    by_code = {rule.code: rule.severity for rule in rules}
    assert by_code["WD101"] is Severity.ERROR
    assert "WD102" not in by_code
    assert by_code["WD201"] is Severity.WARNING


@pytest.mark.parametrize(
    ("word", "near"), [("WD9O1", "WD901"), ("decayed-bais", "decayed-bias"), ("l2-penalti", "l2-penalty")]
)
def test_an_unknown_rule_is_an_error_with_the_nearest_name(word: str, near: str) -> None:
    for settings in (Settings(select=(word,)), Settings(ignore=(word,)), Settings(per_file_ignores=(("*", (word,)),))):
        with pytest.raises(UnknownRule, match=near):
            selected(settings)
    with pytest.raises(UnknownRule, match=near):
        find(word, built_in())


def test_an_empty_word_is_no_prefix() -> None:
    with pytest.raises(UnknownRule):
        codes(select=("",))


RULE = '''"""A rule of somebody's.

## What it does
x
## Why is this bad?
x
## Example
x
## Use instead
x
## When not to use
x
## Fix safety
x
## References
x
"""
from wdlint.facts import OptimizerUse, Finding
code = "{code}"
FLAGGED = ()
PASSED = ()
def judge(use: OptimizerUse):
    yield Finding(code, use.place, "mine")
'''


def test_a_folder_of_the_users_brings_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "my_rule.py").write_text(RULE.format(code="XY001"))
    held = Settings(root=str(tmp_path), rule_paths=("rules",))
    assert find("my-rule", available(held)).code == "XY001"
    assert "XY001" in {rule.code for rule in selected(held)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RULE.format(code="WD101"), "the code WD101 is taken by decayed-bias"),
        ("x = 1\n", "lacks"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("def (:\n", "SyntaxError"),
    ],
)
def test_a_file_there_that_is_no_rule_is_an_error(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(BrokenRule, match=says):
        available(Settings(root=str(tmp_path), rule_paths=(".",)))
