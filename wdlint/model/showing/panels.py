"""How an audit is shown: the table of groups and the findings, as text and as a fragment of HTML for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from wdlint.facts import Finding, Kind

if TYPE_CHECKING:
    from wdlint.model.optimizers.uses import GroupRow

KINDS = tuple(Kind)
_PLURALS = {
    Kind.WEIGHT: "weights",
    Kind.GAIN: "gains",
    Kind.BIAS: "biases",
    Kind.EMBEDDING: "embeddings",
    Kind.OTHER: "other",
    Kind.UNKNOWN: "unknown",
}


def columns(rows: Sequence[Sequence[str]], head: Sequence[str], left: int = 1) -> str:
    """A plain table: the first `left` columns to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = (c.ljust(w) if i < left else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def significant(value: float | None, digits: int = 3) -> str:
    """A number in few digits; a dash for none."""
    return "–" if value is None else f"{value:.{digits}g}"


def plural(kind: Kind) -> str:
    return _PLURALS[kind]


def _cells(rows: Sequence[GroupRow]) -> tuple[list[str], list[list[str]]]:
    """The table of groups: a head and one row a group, kinds without parameters left out."""
    kinds = [k for k in KINDS if any(k in row.counts for row in rows)]
    head = ["group", *map(plural, kinds), "lr", "decay", "shrink a step", "half-life (steps)"]
    body = []
    for row in rows:
        life = row.half_life
        body.append(
            [f"{row.optimizer}[{row.index}]"]
            + [str(row.counts.get(kind, 0)) for kind in kinds]
            + [significant(row.rate), significant(row.decay), significant(row.shrink)]
            + [f"{life:,.0f}" if life is not None else "–"]
        )
    return head, body


def manners(rows: Sequence[GroupRow]) -> list[str]:
    """One line an optimizer and manner: how decay acts, by experiment."""
    lines: dict[str, None] = {}
    for row in rows:
        if row.decay or row.probe.why:
            words = row.probe.manner.value + (f" ({row.probe.why})" if row.probe.why else "")
            lines[f"{row.optimizer}: {words}"] = None
    return list(lines)


def untold(table: Sequence[GroupRow]) -> str | None:
    """What decays and could not be judged, because nothing tells what it is."""
    every = [one for row in table for one in row.untold]
    if not every:
        return None
    shown = "; ".join(f"`{name}`: {words}" for name, words in every[:3])
    more = f"; and {len(every) - 3} more" if len(every) > 3 else ""
    return f"not judged: {len(every)} decayed, and what they are can't be told ({shown}{more})"


def report_text(
    table: Sequence[GroupRow], findings: Sequence[Finding], colour: bool = False, traces: Sequence[str] = ()
) -> str:
    """The table, how decay acts, and the findings as the linter prints them; before all, what the audit changed."""
    head, body = _cells(table)
    parts = [_alarm(traces)] if traces else []
    parts.append(columns(body, head))
    lines = manners(table)
    if lines:
        parts.append("decay, by experiment:\n" + "".join(f"  {line}\n" for line in lines))
    if (unjudged := untold(table)) is not None:
        parts.append(unjudged + "\n")
    parts.append(findings_text(findings, colour))
    return "\n".join(parts)


def _alarm(traces: Sequence[str]) -> str:
    from wdlint.model.untouched.imprints import touched_words

    return f"WARNING: {touched_words(traces)}\n"


def findings_text(findings: Sequence[Finding], colour: bool = False) -> str:
    from wdlint.judging.rule import built_in
    from wdlint.report import Run
    from wdlint.report.excerpt import Excerpts
    from wdlint.report.plain import counted
    from wdlint.report.text import blocks

    if not findings:
        return "No faults found.\n"
    run = Run(tuple(findings), 1, built_in, Excerpts(), colour=colour)
    return "\n".join((*blocks(run), f"Found {counted(len(findings), 'fault')}.\n"))


def report_html(table: Sequence[GroupRow], findings: Sequence[Finding], traces: Sequence[str] = ()) -> str:
    """A self-contained fragment, without scripts or links."""
    head, body = _cells(table)
    cell = "style='padding:2px 10px;text-align:right'"
    rows = "".join("<tr>" + "".join(f"<td {cell}>{escape(c)}</td>" for c in row) + "</tr>" for row in body)
    names = "".join(f"<th {cell}>{escape(h)}</th>" for h in head)
    verdict = "No faults found." if not findings else f"{len(findings)} fault(s) found"
    items = "".join(
        f"<li><b>{escape(f.code)}</b> {escape(f.message)}<br><small>{escape(f'{f.place.file}:{f.place.line}')}: "
        f"{escape(f.help)}</small></li>"
        for f in findings
    )
    lines = [*manners(table), *filter(None, [untold(table)])]
    how = "".join(f"<div><small>{escape(line)}</small></div>" for line in lines)
    alarm = f"<p><b>{escape(_alarm(traces))}</b></p>" if traces else ""
    return (
        f"<div>{alarm}<b>{escape(verdict)}</b><table style='border-collapse:collapse'><tr>{names}</tr>{rows}</table>"
        f"{how}<ul>{items}</ul></div>"
    )
