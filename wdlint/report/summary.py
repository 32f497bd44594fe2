"""The lines that close a text report: what was found, what was looked at, and what one may do next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wdlint.harmless import harmless
from wdlint.report.plain import counted, fixable, position

if TYPE_CHECKING:
    from wdlint.report import Run


def summary(run: Run, advise: bool = False) -> list[str]:
    """The closing lines; `advise` names commands that help with what was found."""
    if run.quiet or not run.files:
        return []
    found = f"{_verdict(run)}{_apart(run)}{''.join(f'{sign} {part}' for sign, part in _looked_at(run))}."
    unread = [f"  {position(place)}" for place in run.unread] if run.named else []
    if unread:
        unread.insert(0, f"{counted(len(run.unread), 'optimizer')} could not be read:")
    return [found, *_next(run, advise), *unread]


def _verdict(run: Run) -> str:
    if not run.findings:
        return f"No faults found in {counted(run.files, 'file')}"
    where = len({finding.place.file for finding in run.findings})
    return f"Found {counted(len(run.findings), 'fault')} in {where} of {counted(run.files, 'file')}"


def _apart(run: Run) -> str:
    counts = ((len(run.suppressed), "suppressed"), (len(run.baselined), "in the baseline"))
    apart = [f"{number} {words}" for number, words in counts if number]
    return f" ({', '.join(apart)})" if apart else ""


def _looked_at(run: Run) -> Iterator[tuple[str, str]]:
    """What was judged and what could not be read, each with the sign before it: silence there means nothing."""
    sign = ";"
    if run.judged is not None:
        optimizers, penalties = run.judged
        kinds = [counted(optimizers, "optimizer")] if optimizers else []
        kinds += [counted(penalties, "penalty", "penalties")] if penalties else []
        yield sign, f"{' and '.join(kinds) or 'no optimizer or penalty'} judged"
        sign = ","
    if run.unread and not run.named:
        number = len(run.unread)
        names = "it" if number == 1 else "them"
        yield sign, f"{counted(number, 'optimizer')} could not be read (`--show-unread` names {names})"
        sign = ","
    if run.seconds is not None:
        yield sign, f"{run.seconds:.1f} s"


def _next(run: Run, advise: bool) -> list[str]:
    """One line: what can be repaired, and with `advise` how to look closer and how to keep what is meant so."""
    if not run.findings:
        return []
    safe = sum(fixable(f) and f.fix is not None and f.fix.applicability.value == "safe" for f in run.findings)
    unsafe = sum(map(fixable, run.findings)) - safe
    parts = []
    if safe:
        more = f" ({unsafe} more with `--unsafe-fixes`)" if unsafe else ""
        parts.append(f"[*] {safe} fixable with `--fix`{more}")
    elif unsafe:
        parts.append(f"[*] {unsafe} fixable with `--fix --unsafe-fixes`")
    if advise:
        from wdlint.judging.suppress import BEYOND  # as most runs find nothing

        parts += [f"`wdlint explain-site {site}` shows what was read" for site in _site(run)]
        if any(finding.code not in BEYOND for finding in run.findings):
            parts.append("`--add-ignore=REASON` keeps what is meant")
    return [f"{'; '.join(parts)}."] if parts else []


def _site(run: Run) -> list[str]:
    """The first finding that stands where an optimizer was judged, as `explain-site` takes it."""
    import shlex  # as most runs find nothing

    judged = set(run.optimizers)
    for finding in run.findings:
        if finding.place in judged and finding.place.cell is None:
            return [harmless(shlex.quote(f"{finding.place.file}:{finding.place.line}"))]
    return []
