"""A described model as one self-contained page: tree, search, and colours by kind and by decay.

The page loads nothing and names no other address. Its template is `page.html`; data goes in as JSON that can't
close the script element it stands in.
"""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from wdlint.model.describe import Description
from wdlint.model.listing import dimensions
from wdlint.model.splits import Verdict, compare

if TYPE_CHECKING:
    from wdlint.model.audit import Report


def page(description: Description, report: Report | None = None) -> str:
    """The page's text."""
    parts = {
        "title": escape(description.title),
        "source": escape(description.source),
        "notes": escape("; ".join(description.notes)),
        "findings": _findings(report),
        "compare": _comparison(description),
        "data": _data(description),
    }
    text = files("wdlint.model").joinpath("page.html").read_text(encoding="utf-8")
    return re.sub(r"@(\w+)@", lambda found: parts.get(found[1], found[0]), text)


def _data(description: Description) -> str:
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
            "heard": row.heard or ((row.parameter.kind.value, "", row.parameter.evidence.text),),
        }
        for row in description.rows
    ]
    text = json.dumps({"rows": rows}, separators=(",", ":"), default=lambda kind: kind.value)
    return text.replace("<", "\\u003c")


def _findings(report: Report | None) -> str:
    if report is None:
        return ""
    if report.ok:
        return "<h2>Audit</h2><div class='panel'>No faults found.</div>"
    items = "".join(
        f"<div class='finding'><b>{escape(f.code)}</b> {_worded(f.message)}"
        f"<div class='quiet'>{_worded(f.help)}</div></div>"
        for f in report.findings
    )
    return f"<h2>Audit</h2><div class='panel'>{items}</div>"


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
        cells.append(f"<td{mark} title='{escape(', '.join(names[:20]), quote=True)}'>{len(names)}</td>")
    return "".join(cells)
