"""What an editor shows where the pointer rests: a finding's rule, and what an optimizer decays.

The rule's page and the account of an optimizer are made elsewhere; here it is decided which of them is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from wdlint.facts import Finding, OptimizerUse, Place
from wdlint.harmless import harmless
from wdlint.judging.selection import available, find
from wdlint.report.rule_page import rule_page
from wdlint.report.site import described
from wdlint.server.linting import Seen

_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MOST = 60  # lines of one account: a hover is no place to scroll in


def hover(seen: Seen, others: Iterable[Seen], text: str, line: int, column: int, cell: int | None) -> str:
    """Markdown on what stands at a line and column of a document's text; empty where there is nothing to say.

    `others` are the other open documents: a model's class is asked about where it is trained elsewhere.
    """
    findings = [f for f in seen.findings if _covers(f.place, line, column, cell)]
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    name = _name_at(rows[line - 1], column) if line <= len(rows) else ""
    uses = [use for use in _uses(seen) if _covers(use.place, line, column, cell) or _names(use, name)]
    if not uses and name:
        path = seen.document.path
        elsewhere = (use for other in others if path in other.rests_on for use in _uses(other))
        uses = [use for use in elsewhere if _is_written_in(path, use, name)]
    accounts = list(dict.fromkeys(map(_account, uses)))
    return "\n\n---\n\n".join([*accounts, *(_page(finding, seen) for finding in _one_a_rule(findings))])


def _uses(seen: Seen) -> tuple[OptimizerUse, ...]:
    return seen.facts.uses if seen.facts is not None else ()


def _covers(place: Place, line: int, column: int, cell: int | None) -> bool:
    return place.cell == cell and (place.line, place.column) <= (line, column) <= (place.end_line, place.end_column)


def _name_at(row: str, column: int) -> str:
    """The dotted name that a column of a line is in, up to the part that it is in."""
    for found in _NAME.finditer(row):
        if found.start() <= column - 1 <= found.end():
            end = row.find(".", column - 1, found.end())
            return row[found.start() : end if end >= 0 else found.end()]
    return ""


def _names(use: OptimizerUse, name: str) -> bool:
    """Whether a name is that of a use's model: as the optimizer is given it, or its class."""
    if not name:
        return False
    cls = use.inventory.model.rpartition(".")[2] if use.inventory is not None else ""
    return name == use.model or name.rpartition(".")[2] == cls


def _is_written_in(path: str, use: OptimizerUse, name: str) -> bool:
    """Whether a name in a file is the class of a use's model."""
    module, _, cls = use.inventory.model.rpartition(".") if use.inventory is not None else ("", "", "")
    stem = os.path.splitext(os.path.basename(path))[0]
    return name == cls and stem == module.rpartition(".")[2]


def _account(use: OptimizerUse) -> str:
    lines = described(use).splitlines()
    if len(lines) > _MOST:
        lines[_MOST:] = [f"  and {len(lines) - _MOST} more lines: `wdlint explain-site` shows them all"]
    return "\n".join(("```text", *lines, "```"))


def _one_a_rule(findings: Iterable[Finding]) -> Iterator[Finding]:
    yield from {finding.code: finding for finding in findings}.values()


def _page(finding: Finding, seen: Seen) -> str:
    """The finding's own remarks, then all that there is to say of its rule."""
    page = rule_page(find(finding.code, available(seen.settings)))
    notes = "".join(f"- {harmless(note.text)}\n" for note in finding.notes)
    return f"{notes}\n{page}".strip()
