"""Words and signs that the text formats share: styles, places, the summary line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from wdlint.harmless import harmless

if TYPE_CHECKING:
    from wdlint.facts import Finding, Place
    from wdlint.report import Run

_STYLES = {
    "code": "1;31",
    "strong": "1",
    "frame": "1;34",
    "note": "1;33",
    "help": "1;36",
    "added": "32",
    "removed": "31",
}


def styled(text: str, style: str, colour: bool) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if colour else text


def fixable(finding: Finding) -> bool:
    """Whether `--fix` can apply the finding's fix, with `--unsafe-fixes` if need be."""
    return finding.fix is not None and finding.fix.applicability.value != "shown" and bool(finding.fix.edits)


def aside(finding: Finding) -> str:
    """What a message ends with where a finding is less than proven and in force."""
    words = ["assumed"] * (finding.confidence.value == "assumed") + ["latent"] * finding.latent
    return f" ({', '.join(words)})" if words else ""


def message(finding: Finding) -> str:
    """A finding's message with what it rests on in a word, harmless to a terminal."""
    return harmless(finding.message) + aside(finding)


def position(place: Place) -> str:
    """`file:line:column`, with the cell where there is one."""
    cell = f"cell {place.cell}:" if place.cell is not None else ""
    return f"{harmless(place.file)}:{cell}{place.line}:{place.column}"


def in_cell(place: Place) -> str:
    """What a message starts with where the format has no word for a notebook's cell."""
    return "" if place.cell is None else f"cell {place.cell}, line {place.line}: "


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def summary(run: Run) -> list[str]:
    """The lines that close a text report."""
    apart = [
        f"{number} {words}"
        for number, words in ((len(run.suppressed), "suppressed"), (len(run.baselined), "in the baseline"))
        if number
    ]
    aside = f" ({', '.join(apart)})" if apart else ""
    if not run.files:
        return []
    if not run.findings:
        return [f"No faults found in {counted(run.files, 'file')}{aside}.", *_unread(run)]
    where = len({finding.place.file for finding in run.findings})
    lines = [f"Found {counted(len(run.findings), 'fault')} in {where} of {counted(run.files, 'file')}{aside}."]
    safe = sum(fixable(f) and f.fix is not None and f.fix.applicability.value == "safe" for f in run.findings)
    unsafe = sum(map(fixable, run.findings)) - safe
    if safe:
        more = f" ({unsafe} more with `--unsafe-fixes`)" if unsafe else ""
        lines.append(f"[*] {safe} fixable with `--fix`{more}.")
    elif unsafe:
        lines.append(f"[*] {unsafe} fixable with `--fix --unsafe-fixes`.")
    return [*lines, *_unread(run)]


def _unread(run: Run) -> list[str]:
    """What could not be read: silence there means nothing."""
    if not run.unread:
        return []
    said = f"{counted(len(run.unread), 'optimizer')} could not be read"
    if run.named:
        return [f"{said}:", *(f"  {position(place)}" for place in run.unread)]
    return [f"{said} (`--show-unread` names {'it' if len(run.unread) == 1 else 'them'})."]


def statistics(run: Run) -> list[dict[str, str | int | bool]]:
    """How often each rule was found and whether it can be fixed, most often first."""
    counts = Counter(finding.code for finding in run.findings)
    names = {finding.code: finding.rule for finding in run.findings}
    able = {finding.code for finding in run.findings if fixable(finding)}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"code": c, "name": names[c], "count": number, "fixable": c in able} for c, number in ordered]


def statistics_lines(run: Run) -> str:
    """One line a rule; the summary where nothing was found."""
    rows = statistics(run)
    if not rows:
        return "".join(f"{line}\n" for line in summary(run))
    width = len(str(rows[0]["count"]))
    return "".join(
        f"{row['count']:>{width}}  {row['code']}  {'[*]' if row['fixable'] else '[ ]'} {row['name']}\n" for row in rows
    )
