"""What is said of rules outside of reports: the page of one rule, the catalogue of all.

Everything is derived from the rule modules; nothing of a rule is written here.
"""

from __future__ import annotations

import json
import os

from wdlint.complaint import warn
from wdlint.judging.rule import Rule
from wdlint.judging.selection import available, find
from wdlint.report.address import page_address
from wdlint.report.rule_page import as_object, rule_page
from wdlint.settings.config import Configuration
from wdlint.settings.trust import said


def _rules(trust_rules: bool) -> tuple[Rule, ...]:
    configuration = Configuration(trust_rules=trust_rules)
    settings = configuration(os.getcwd())
    if configuration.withheld:
        warn(said(configuration.withheld))
    return available(settings)


def page(word: str, trust_rules: bool = False) -> str:
    """The page of the rule of a code or name, as Markdown, and its address where there is one.

    Raises:
        UnknownRule: there is no such rule.
        BrokenRule, ConfigurationError: the user's rules or settings can't be read.
    """
    rule = find(word, _rules(trust_rules))
    address = page_address(rule.code, rule.name)
    return rule_page(rule) + (f"\n{address}\n" if address else "")


def catalogue(form: str, trust_rules: bool = False) -> str:
    """All rules by code: a table to read, or JSON.

    Raises:
        BrokenRule, ConfigurationError: the user's rules or settings can't be read.
    """
    rules = _rules(trust_rules)
    if form == "json":
        return json.dumps([as_object(rule) for rule in rules], indent=2) + "\n"
    width = max(len(rule.name) for rule in rules)
    return "".join(
        f"{rule.code}  {rule.name:<{width}}  {'on ' if rule.default else 'off'}  {rule.summary}\n" for rule in rules
    )
