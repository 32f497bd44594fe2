"""Whole statements taken out of a program's text, with their lines.

What is to go is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wdlint.fix.program import Program
from wdlint.source.read import tree as t

_TOLD = re.compile(r"#.*(\bl2|decay|regulari[sz]|penalt)", re.IGNORECASE)


def lines_out(
    program: Program, statements: Iterable[t.Statement], gone: set[t.Statement]
) -> Iterator[tuple[int, int, str]]:
    """The spans that go with statements, whole lines where they can, and what stands there instead.

    Of two blank lines around what goes, one goes too.
    """
    run: tuple[int, int] | None = None
    for start, end, text in sorted(_span_out(program, statement, gone) for statement in statements):
        if run is not None and (text or start != run[1]):
            yield *_with_blank(program, *run), ""
            run = None
        if text:
            yield start, end, text
        else:
            run = (run[0] if run is not None else start, end)
    if run is not None:
        yield *_with_blank(program, *run), ""


def _with_blank(program: Program, start: int, end: int) -> tuple[int, int]:
    line = _line_before(program, start)
    after = program.text.find("\n", end) + 1
    blank = not program.text[line:start].strip() and after and not program.text[end:after].strip()
    blank = blank and program.cell_at(start) == program.cell_at(after)
    return (start, after) if start > 0 and blank else (start, end)


def _span_out(program: Program, node: t.Statement, gone: set[t.Statement]) -> tuple[int, int, str]:
    """A statement with its line, or `pass` in its place where its block would be empty."""
    start, end = program.span(node)
    alone = node is node.block.statements[0] and all(other in gone for other in node.block.statements)
    inner = node.block.parent is not None or node.scope.definition is not None
    line_end = program.text.find("\n", end)
    rest = program.text[end : line_end if line_end >= 0 else len(program.text)].strip()
    if (alone and inner) or not program.begins_line(node) or (rest and not rest.startswith("#")):
        return start, end, "pass"
    start = _with_comment(program, start - len(program.indentation(node)), program.indentation(node))
    if line_end < 0 or program.cell_at(line_end + 1) != program.cell_at(start):  # the last line of a file or a cell
        return max(start - 1, 0), end + len(program.text[end:line_end]) if line_end >= 0 else end, ""
    return start, line_end + 1, ""


def _with_comment(program: Program, start: int, indentation: str) -> int:
    """The start of a line, or of the comment of one line above it that says that a decay or penalty follows."""
    above = _line_before(program, start)
    line = program.text[above:start]
    told = line.startswith(indentation) and _TOLD.match(line[len(indentation) :])
    goes_on = program.text[_line_before(program, above) : above].lstrip().startswith("#")
    return above if told and not goes_on and program.cell_at(above) == program.cell_at(start) else start


def _line_before(program: Program, start: int) -> int:
    """Where the line begins that ends before an offset."""
    return program.text.rfind("\n", 0, max(start - 1, 0)) + 1
