"""`--add-ignore`: write the comments that suppress all current findings.

A statement of one line gets its comment at the end where there is room, any other a line above. What
comments mean is in `wdlint.judging.suppress`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from wdlint.complaint import Complaint
from wdlint.facts import Finding
from wdlint.files.encoding import encoding_of
from wdlint.files.writing import write_whole
from wdlint.judging.suppress import BEYOND, statements

WIDEST = 120  # columns that a comment at the end of a line may reach


def add_ignores(findings: Iterable[Finding], reason: str) -> int:
    """Suppress findings in their files; returns the number of comments written.

    Raises:
        Complaint: the reason is no single line, or a file can't be written.
    """
    findings = list(findings)
    mute = next((f.place.file for f in findings if f.place.file.endswith(".json")), None)
    if mute is not None:
        raise Complaint(f"--add-ignore: {mute}: JSON has no comments; the setting `per-file-ignores` covers it")
    if not reason.isprintable():
        raise Complaint("--add-ignore: the reason must be one line of text")
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.code not in BEYOND:
            by_file.setdefault(finding.place.file, []).append(finding)
    return sum(_add(file, found, reason.strip()) for file, found in by_file.items())


def _add(file: str, findings: Sequence[Finding], reason: str) -> int:
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError as error:
        raise Complaint(f"{file}: can't be read: {error.strerror or error}") from None
    try:
        new, number = commented(file, data, findings, reason)
    except UnicodeEncodeError as error:
        where = f"the encoding of {file}, {error.encoding}"
        raise Complaint(f"--add-ignore: the reason can't be written in {where}") from None
    write_whole(file, new)
    return number


def commented(file: str, data: bytes, findings: Sequence[Finding], reason: str = "") -> tuple[bytes, int]:
    """A file's bytes with a comment for each statement that has findings, and how many were added.

    Raises:
        UnicodeEncodeError: the reason can't be written in the file's encoding.
    """
    if file.endswith(".ipynb"):
        from wdlint.source.read.notebook import neutralised, read_notebook

        notebook = read_notebook(data)
        sources, number = {}, 0
        for cell in notebook.cells:
            inside = [finding for finding in findings if finding.place.cell == cell.number]
            sources[cell.number], added = _with_comments(cell.source, neutralised(cell.source), inside, reason)
            number += added
        return notebook.with_sources(sources), number
    encoding = encoding_of(data)
    text = data.decode(encoding)
    new, number = _with_comments(text, text, findings, reason, divides=not file.endswith((".yaml", ".yml")))
    return new.encode(encoding), number


def _with_comments(
    text: str, program: str, findings: Sequence[Finding], reason: str, divides: bool = True
) -> tuple[str, int]:
    """The text with a comment for each statement that has findings, and how many were written.

    `program` has the text's lines as Python: of a notebook's cell the neutralised ones. What does not divide into
    statements, as YAML, gets its comments above the lines of the findings.
    """
    wanted: dict[tuple[int, int], set[str]] = {}
    divided = statements(program) if divides else ()
    spans = [(first, last, any(not alone for _, alone in comments)) for first, last, comments in divided]
    for finding in findings:
        line = finding.place.line
        first, last, commented = next((s for s in spans if s[0] <= line <= s[1]), (line, line, True))
        wanted.setdefault((first, -1 if commented else last), set()).add(finding.code)
    lines = _LINE.findall(text)
    for (first, last), codes in sorted(wanted.items(), reverse=True):
        comment = f"# wdlint: ignore[{', '.join(sorted(codes))}]" + (f" {reason}" if reason else "")
        body = lines[first - 1].rstrip("\r\n")
        end = lines[first - 1][len(body) :]
        if first == last and len(body) + 2 + len(comment) <= WIDEST and body == body.rstrip():
            lines[first - 1] = f"{body}  {comment}{end}"
        else:
            indent = body[: len(body) - len(body.lstrip())]
            lines.insert(first - 1, f"{indent}{comment}{end or _line_end(lines)}")
    return "".join(lines), len(wanted)


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def _line_end(lines: Sequence[str]) -> str:
    """The file's line end, for a new line that is never the last."""
    return lines[0][len(lines[0].rstrip("\r\n")) :] or "\n"
