"""Edits applied to a file's bytes, and the proof that each fix must give before it is written.

Only touched characters change: the encoding, a byte order mark, line ends, tabs and form feeds stay. What
a text lints as is asked of a function that is handed in, so that nothing here knows the linter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wdlint.facts import Edit, Finding, Fix, Place
from wdlint.files.encoding import encoding_of

ROUNDS = 20  # fixes that overlap wait for the next round
_LINE_END = re.compile(r"\r\n|\r|\n")

Lint = Callable[[bytes], "Sequence[Finding] | None"]  # None: the text can't be judged
Allowed = Callable[[Fix], bool]


class Overlapping(ValueError):
    """Two edits touch the same characters."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of fixing one file."""

    data: bytes
    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]
    unproven: tuple[Finding, ...]  # those of `left` whose fix was dropped because it did not prove itself


def applied(file: str, data: bytes, edits: Iterable[Edit]) -> bytes:
    """The file's bytes with edits applied.

    Raises:
        Overlapping: two edits touch the same characters.
        UnicodeEncodeError: a text can't be written in the file's encoding.
    """
    edits = list(dict.fromkeys(edits))
    if file.endswith(".ipynb"):
        from wdlint.source.read.notebook import read_notebook

        notebook = read_notebook(data)
        sources = {
            cell: _edited(notebook.source(cell), [e for e in edits if e.place.cell == cell])
            for cell in {e.place.cell for e in edits}
            if cell is not None
        }
        return notebook.with_sources(sources)
    encoding = encoding_of(data)
    return _edited(data.decode(encoding), edits).encode(encoding)


def _edited(text: str, edits: Sequence[Edit]) -> str:
    starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
    spans = sorted((_span(edit.place, starts), edit.text) for edit in edits)
    pieces: list[str] = []
    position, last = 0, (-1, -1)
    for (start, end), new in spans:
        if start < position or (start, end) == last:
            raise Overlapping
        pieces += [text[position:start], new]
        position, last = end, (start, end)
    return "".join((*pieces, text[position:]))


def _span(place: Place, starts: Sequence[int]) -> tuple[int, int]:
    return starts[place.line - 1] + place.column - 1, starts[place.end_line - 1] + place.end_column - 1


def fixed(file: str, data: bytes, lint: Lint, allowed: Allowed) -> Outcome:
    """Apply every allowed fix of a file that proves itself, in rounds, until none is left."""
    findings = list(lint(data) or ())
    done: list[Finding] = []
    failed: set[tuple[object, ...]] = set()
    for _ in range(ROUNDS):
        wanted = [f for f in findings if f.fix is not None and _key(f) not in failed and any(map(allowed, _choices(f)))]
        if not wanted:
            break
        step = _round(file, data, findings, wanted, lint, allowed)
        if step is None:
            failed.update(_key(f) for f in wanted)
            continue
        data, findings, chosen, dropped = step
        done += chosen
        failed.update(map(_key, dropped))
    unproven = tuple(f for f in findings if _key(f) in failed)
    return Outcome(data, tuple(done), tuple(findings), unproven)


_Step = tuple[bytes, list[Finding], list[Finding], list[Finding]]


def _round(
    file: str, data: bytes, findings: list[Finding], wanted: list[Finding], lint: Lint, allowed: Allowed
) -> _Step | None:
    """All fixes that do not overlap at once; where that fails, the first single one that proves itself."""
    together = list(_apart(file, data, [(f, next(filter(allowed, _choices(f)))) for f in wanted]))
    if len(together) > 1:
        new = _proven(file, data, findings, together, lint)
        if new is not None:
            return new[0], new[1], _by(together), []
    dropped: list[Finding] = []
    for finding in wanted:
        for fix in filter(allowed, _choices(finding)):
            for chosen in ([(f, fix) for f in wanted if fix in _choices(f)], [(finding, fix)]):
                new = _proven(file, data, findings, chosen, lint)
                if new is not None:
                    return new[0], new[1], _by(chosen), dropped
        dropped.append(finding)
    return None


def _by(chosen: Iterable[tuple[Finding, Fix]]) -> list[Finding]:
    """The findings, each with the fix that was applied."""
    return [replace(finding, fix=fix) for finding, fix in chosen]


def _choices(finding: Finding) -> tuple[Fix, ...]:
    assert finding.fix is not None
    return (replace(finding.fix, otherwise=()), *finding.fix.otherwise)


def _key(finding: Finding) -> tuple[object, ...]:
    texts = tuple(edit.text for edit in finding.fix.edits) if finding.fix else ()
    return finding.code, finding.subject, finding.parameters, texts


def _apart(file: str, data: bytes, fixes: Iterable[tuple[Finding, Fix]]) -> Iterator[tuple[Finding, Fix]]:
    """The fixes that can be applied together, first come first served."""
    edits: list[Edit] = []
    for finding, fix in fixes:
        try:
            applied(file, data, [*edits, *fix.edits])
        except (Overlapping, UnicodeError):
            continue
        edits += fix.edits
        yield finding, fix


def _proven(
    file: str, data: bytes, before: Sequence[Finding], chosen: Sequence[tuple[Finding, Fix]], lint: Lint
) -> tuple[bytes, list[Finding]] | None:
    """The new text and its findings, if it can be judged, lacks what was fixed, and has nothing new."""
    try:
        new = applied(file, data, [edit for _, fix in chosen for edit in fix.edits])
    except (Overlapping, UnicodeError):
        return None
    if new == data or not _parses(file, new):
        return None
    after = lint(new)
    if after is None:
        return None
    had, has = Counter(f.code for f in before), Counter(f.code for f in after)
    had.subtract(f.code for f, _ in chosen)
    if any(number > had[code] for code, number in has.items()):
        return None
    return new, list(after)


def _parses(file: str, data: bytes) -> bool:
    from wdlint.source.read.parse import Unreadable, parse

    try:
        parse(data, file)
    except Unreadable:
        return False
    return True
