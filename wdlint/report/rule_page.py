"""A rule as pages, tables and JSON show it; nothing of a rule is written here."""

from __future__ import annotations

from collections.abc import Sequence

from wdlint.judging.rule import Rule


def rule_page(rule: Rule) -> str:
    """A rule's page, as Markdown."""
    title, _, rest = rule.documentation.partition("\n")
    default = "on by default" if rule.default else "off by default"
    head = f"# {rule.code} {rule.name}\n\n{title.strip()}\n\n*{default} · {rule.severity.value}*\n"
    return f"{head}\n{rest.strip()}\n"


def as_object(rule: Rule) -> dict[str, object]:
    """A rule as JSON shows it."""
    return {
        "code": rule.code,
        "name": rule.name,
        "summary": rule.summary,
        "severity": rule.severity.value,
        "default": rule.default,
        "explanation": rule.documentation,
        "flagged": list(rule.flagged),
        "passed": list(rule.passed),
    }


def markdown_table(rules: Sequence[Rule], folder: str = "docs/rules/") -> str:
    """The table of rules that the README and the rules' index show; `folder` is where their pages are from there."""
    rows = [
        f"| {rule.code} | [{rule.name}]({folder}{rule.name}.md) | "
        f"{'on' if rule.default else 'off'} | {rule.summary} |\n"
        for rule in rules
    ]
    return "| code | name | default | what it says |\n|---|---|---|---|\n" + "".join(rows)
