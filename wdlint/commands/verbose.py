"""What `--verbose` says of each file: what was judged in it, or why it was passed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.harmless import harmless
from wdlint.linting.checked import Checked
from wdlint.report.plain import counted


def looked_at(checked: Sequence[Checked]) -> Iterator[str]:
    """A line for each file, in their order."""
    for one in checked:
        yield f"{harmless(one.file)}: {harmless(one.error) or _told(one)}"


def _told(one: Checked) -> str:
    if one.passed_over:
        return f"passed over: {one.passed_over}"
    parts = [
        f"{counted(len(one.optimizers), 'optimizer')} and {counted(one.penalties, 'penalty', 'penalties')} judged",
    ]
    if one.unread:
        parts.append(f"{counted(len(one.unread), 'optimizer')} could not be read")
    parts.append(f"{counted(len(one.findings), 'finding')}")
    if one.suppressed:
        parts.append(f"{len(one.suppressed)} suppressed")
    if one.rests_on:
        parts.append(f"looked at {counted(len(one.rests_on), 'further path')}")
    return ", ".join(parts)
