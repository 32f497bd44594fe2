"""A page a rule and an index of them, made from the rule modules: what `wdlint explain` prints, and the examples."""

from __future__ import annotations

import re

from wdlint.judging.rule import Rule, built_in
from wdlint.linting.examples import marks_of
from wdlint.report.rule_page import markdown_table, rule_page

MADE = "<!-- made by `python docs/make` from {source}: change that -->\n\n"

_CODE = re.compile(r"(?<![\w`\[])WD\d{3}\b")
_FENCED = re.compile(r"(^```.*?^```$|`[^`\n]*`)", re.MULTILINE | re.DOTALL)


def pages() -> dict[str, str]:
    """The pages by file name."""
    rules = built_in()
    by_code = {rule.code: rule for rule in rules}
    head = MADE.format(source="the modules in rules/")
    index = f"{head}# Rules\n\n{_INTRODUCTION}\n{markdown_table(rules, '')}"
    return {"README.md": index, **{f"{rule.name}.md": _page(rule, by_code) for rule in rules}}


_INTRODUCTION = """\
Each page is what `wdlint explain CODE` prints, with the examples that the rule must and must not flag. The examples
are run as tests. Where a rule is named, on the command line, in settings and in comments, its code and its name will
both do. On the command line and in settings, a prefix such as `WD1` stands for all codes that begin with it.

WD1 is about what decay reaches, WD2 about how it acts, WD3 about splits made by hand, WD4 about the numbers and keys
that an optimizer is given, WD9 about the linted files themselves.
"""


def _page(rule: Rule, by_code: dict[str, Rule]) -> str:
    source = f"rules/{rule.name.replace('-', '_')}.py"
    text = _linked(rule_page(rule), rule, by_code)
    examples = [_examples("What is flagged", rule.flagged), _examples("What is not", rule.passed)]
    foot = f"[All rules](README.md) · [{source}](../../{source})\n"
    return MADE.format(source=source) + "\n".join((text, *examples, foot))


def _linked(text: str, rule: Rule, by_code: dict[str, Rule]) -> str:
    """The text with every other rule's code leading to that rule's page."""

    def link(found: re.Match[str]) -> str:
        other = by_code.get(found[0])
        return found[0] if other is None or other is rule else f"[{other.code}]({other.name}.md)"

    parts = _FENCED.split(text)
    return "".join(part if n % 2 else _CODE.sub(link, part) for n, part in enumerate(parts))


def _examples(title: str, examples: tuple[str, ...]) -> str:
    blocks = "\n".join(f"```python\n{example.strip()}\n```\n" for example in examples)
    known = " `todo` marks what is known to be judged wrongly." if any(_todo(example) for example in examples) else ""
    marked = " A comment marks the lines." if title == "What is flagged" else ""
    return f"## {title}\n\nRun as tests.{marked}{known}\n\n{blocks}"


def _todo(example: str) -> bool:
    return any(mark.todo for mark in marks_of({"example": example}))
