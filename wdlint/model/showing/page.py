"""A described model as one self-contained page: tree, search, and colours by kind and by decay.

The page loads nothing; the only addresses that it names are those of the rules' own pages, where they are known.
Its template is `page.html`; data goes in as JSON that can't close the script element it stands in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from wdlint.facts import Finding
from wdlint.model.showing.describe import Description
from wdlint.model.showing.listing import dimensions
from wdlint.model.showing.panels import manners, untold
from wdlint.model.showing.rules_in_use import Verdict, compare
from wdlint.report.address import page_address

if TYPE_CHECKING:
    from wdlint.model.optimizers.uses import GroupRow

_NAMED = 20  # names that a cell of the comparison unfolds to


def page(description: Description, table: Sequence[GroupRow] | None = None, findings: Sequence[Finding] = ()) -> str:
    """The page's text; with the groups and findings of an audit, where there was one."""
    parts = {
        "title": escape(description.title),
        "source": escape(description.source),
        "notes": "".join(f"<div class='quiet'>{escape(note)}</div>" for note in description.notes),
        "findings": _findings(table, findings) if table is not None else "",
        "compare": _comparison(description),
        "data": _data(description, findings),
    }
    text = files("wdlint.model.showing").joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: parts.get(found[1], found[0]), text)


def _data(description: Description, findings: Sequence[Finding]) -> str:
    concerned: dict[str, list[str]] = {}
    for finding in findings:
        for name in finding.parameters:
            concerned.setdefault(name, []).append(finding.code)
    rows = [
        {
            "name": row.parameter.name,
            "kind": row.parameter.kind.value,
            "shape": dimensions(row),
            "size": row.size,
            "owner": row.parameter.owner,
            "decay": row.decay,
            "group": row.group,
            "dissent": row.dissent,
            "aliases": row.aliases,
            "remark": row.remark,
            "found": sorted(set(concerned.get(row.parameter.name, ()))),
            "heard": row.heard or ((row.parameter.kind.value, "", row.parameter.evidence.text),),
        }
        for row in description.rows
    ]
    text = json.dumps({"rows": rows}, separators=(",", ":"), default=lambda kind: kind.value)
    return text.replace("<", "\\u003c")


def _findings(table: Sequence[GroupRow], findings: Sequence[Finding]) -> str:
    lines = [*manners(table), *filter(None, [untold(table)])]
    how = "".join(f"<div class='quiet'>{_worded(line)}</div>" for line in lines)
    if not findings:
        return f"<h2>Audit</h2><div class='panel'>No faults found.{how}</div>"
    items = "".join(
        f"<div class='finding'>{_rule(f)} {_worded(f.message)} "
        f"<span class='quiet'>{escape(f'{f.place.file}:{f.place.line}')}</span>"
        f"<div class='quiet'>{_worded(f.help)}</div></div>"
        for f in findings
    )
    return f"<h2>Audit</h2><div class='panel'>{items}{how}</div>"


def _rule(finding: Finding) -> str:
    """The rule's code, as a link to its page where that has an address."""
    address = page_address(finding.code, finding.rule)
    code = f"<b>{escape(finding.code)}</b>"
    return f"<a href='{escape(address, quote=True)}'>{code}</a>" if address else code


def _worded(text: str) -> str:
    """A message with what stands in backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _comparison(description: Description) -> str:
    rows = "".join(f"<tr><td>{escape(v.split)}</td>{_cells(v)}</tr>" for v in compare(description))
    titles = ("rule in use", "gains and biases decayed", "weights exempted", "special decayed")
    head = "".join(f"<th>{title}</th>" for title in titles)
    return (
        "<h2>What the rules in use would get wrong</h2>"
        f"<div class='panel scroll'><table><tr>{head}</tr>{rows}</table></div>"
    )


def _cells(verdict: Verdict) -> str:
    if verdict.decayed is None:
        return "<td colspan='3'>needs the layers' classes</td>"
    cells = []
    for names, bad in ((verdict.decayed, True), (verdict.exempted, True), (verdict.special, False)):
        mark = " class='bad'" if names and bad else ""
        cells.append(f"<td{mark}>{_folded(names)}</td>")
    return "".join(cells)


def _folded(names: Sequence[str]) -> str:
    """A count that unfolds to the names."""
    if not names:
        return "0"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    listed = f"{', '.join(names[:_NAMED])}{more}"
    return f"<details><summary>{len(names)}</summary><small>{escape(listed)}</small></details>"
