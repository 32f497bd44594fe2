"""Which rules a run judges by: codes, prefixes of codes and names, from settings to rules.

What a rule is stands in `wdlint.judging.rule`. A more specific selector wins over a less specific one, and
among equals `ignore` wins: `select = ["WD1"], ignore = ["WD103"]` leaves WD103 out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from wdlint.complaint import Complaint
from wdlint.facts import Severity
from wdlint.judging.rule import Rule, built_in, from_folder
from wdlint.settings.catalogue import Settings
from wdlint.settings.config import keys, selectors_of
from wdlint.suggest import suggestion

ENTRY_POINTS = "wdlint.rules"
"""The entry-point group through which an installed package brings rules: each names a module."""


class UnknownRule(Complaint):
    """A selector that names no rule; the message says which, and what is near."""


def available(settings: Settings) -> tuple[Rule, ...]:
    """Every rule: those of wdlint, of the user's `rule-paths`, and of installed packages, by code.

    Raises:
        BrokenRule: a file of the user's is no rule, or its code is taken.
    """
    return _available(tuple(os.path.join(settings.root, folder) for folder in settings.rule_paths))


@cache
def _available(folders: tuple[str, ...]) -> tuple[Rule, ...]:
    from wdlint.judging.rule import BrokenRule

    rules = {rule.code: rule for rule in built_in()}
    for rule in (*_installed(), *(rule for folder in folders for rule in from_folder(Path(folder)))):
        if rule.code in rules:
            raise BrokenRule(f"rule {rule.name}: the code {rule.code} is taken by {rules[rule.code].name}")
        rules[rule.code] = rule
    for rule in rules.values():
        for other in rules.values():
            if other is not rule and any(other.called(word) for word in rule.formerly):
                raise BrokenRule(f"rule {rule.name}: a name that it had before is one of {other.name}'s")
    return tuple(sorted(rules.values(), key=lambda rule: rule.code))


def _installed() -> Iterable[Rule]:
    from importlib.metadata import entry_points

    from wdlint.judging.rule import BrokenRule, rule_of

    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            yield rule_of(entry.load())
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule(f"rule {entry.name} ({entry.value}): {type(error).__name__}: {error}") from error


def find(word: str, rules: Sequence[Rule]) -> Rule:
    """The one rule of a code or name.

    Raises:
        UnknownRule: there is none.
    """
    for rule in rules:
        if rule.called(word):
            return rule
    several = [rule.code for rule in rules if word and rule.code.startswith(word.upper())]
    if several:
        raise UnknownRule(f"`{word}` stands for several rules: {', '.join(several)}")
    raise UnknownRule(f"no rule is called `{word}`{near(word, rules)}; `wdlint rules` lists them")


def matched(selector: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a code, a prefix of codes, a name or `ALL` stands for.

    Raises:
        UnknownRule: it stands for none.
    """
    word = selector.strip()
    if word.upper() == "ALL":
        return tuple(rules)
    chosen = tuple(rule for rule in rules if (word and rule.code.startswith(word.upper())) or rule.called(word))
    if not chosen:
        raise UnknownRule(f"no rule is called `{selector}`{near(word, rules)}; `wdlint rules` lists them")
    return chosen


def near(word: str, rules: Sequence[Rule]) -> str:
    """A clause with the code or name that may have been meant, or nothing."""
    known = [name for rule in rules for name in (rule.code, rule.name)]
    return suggestion(word.upper(), known) or suggestion(word.lower().replace("_", "-"), known)


def selected(settings: Settings) -> tuple[Rule, ...]:
    """The rules that the settings select, with the severity that they give them, by code.

    Raises:
        UnknownRule: a selector stands for no rule.
        BrokenRule: a rule of the user's can't be read.
    """
    return _selected(settings)


@cache
def _selected(settings: Settings) -> tuple[Rule, ...]:
    rules = available(settings)
    if settings.withheld_rules:
        settings = _without_unknown(settings, rules)
    _all_known(settings, rules)
    wanted = _specificity((*settings.select, *settings.extend_select), rules)
    unwanted = _specificity(settings.ignore, rules)
    severities: dict[str, Severity] = {}
    for selector, level in sorted(settings.severity, key=lambda item: len(item[0])):
        severities.update((rule.code, Severity(level)) for rule in matched(selector, rules))
    chosen = []
    for rule in rules:
        strength = wanted.get(rule.code, 0 if rule.default and not settings.select else -1)
        severity = severities.get(rule.code, rule.severity)
        if strength >= 0 and unwanted.get(rule.code, -1) < strength and severity is not Severity.OFF:
            chosen.append(replace(rule, severity=severity) if severity is not rule.severity else rule)
    return tuple(chosen)


def _without_unknown(settings: Settings, rules: Sequence[Rule]) -> Settings:
    """The settings without selectors that stand for no rule: they may stand for one of those that are not run."""

    def known(selector: str) -> bool:
        try:
            return bool(matched(selector, rules))
        except UnknownRule:
            return False

    def left(selectors: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(selector for selector in selectors if known(selector))

    changes: dict[str, Any] = {}
    for member in keys(Settings).values():
        value = getattr(settings, member.name)
        if member.metadata["form"] == "rules":
            changes[member.name] = left(value)
    if settings.select and not changes["select"]:  # it selects none of ours: that is no reason to run them all
        changes["ignore"] = ("ALL",)
    severity = tuple(item for item in settings.severity if known(item[0]))
    ignores = tuple((glob, left(selectors)) for glob, selectors in settings.per_file_ignores)
    return replace(settings, severity=severity, per_file_ignores=ignores, **changes)


def _all_known(settings: Settings, rules: Sequence[Rule]) -> None:
    """Complain of a selector that stands for no rule, wherever it is written."""
    for key, selectors in selectors_of(settings):
        for selector in selectors:
            try:
                matched(selector, rules)
            except UnknownRule as unknown:
                raise UnknownRule(f"`{key}`: {unknown}") from None


def _specificity(selectors: Iterable[str], rules: Sequence[Rule]) -> dict[str, int]:
    """How closely the closest selector describes each rule: 1 for ALL, up to 6 and more for the rule itself."""
    found: dict[str, int] = {}
    for selector in selectors:
        word = selector.strip()
        for rule in matched(word, rules):
            exact = rule.called(word) or (word.upper() != "ALL" and not rule.code.startswith(word.upper()))
            closeness = 1 if word.upper() == "ALL" else 99 if exact else len(word)
            found[rule.code] = max(found.get(rule.code, -1), closeness)
    return found


def codes(selectors: Iterable[str], settings: Settings) -> frozenset[str]:
    """The codes of all rules that some selectors stand for.

    Raises:
        UnknownRule: a selector stands for no rule.
    """
    return frozenset(rule.code for selector in selectors for rule in matched(selector, available(settings)))
