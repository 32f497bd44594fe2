"""A page's parts: its blocks, the marks that say what is done with each, its links and anchors.

A mark is an HTML comment before a block, so that it is not shown. Nothing here runs a block; that is in `story`.

    with: PATH [as NAME]     copy this file or folder of the repository into the page's folder
    given                    Python that the blocks below need, not shown
    file: NAME               the block is this file
    only run                 commands whose output is not shown
    output                   the block shows what the Python block above it printed
    ends with: N             the exit code of the block's last command, where it is not 0 or 1
    run by: SCRIPT           a script of this repository runs the block
    not run: REASON          the block can't be run here
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MARKS = ("with", "given", "file", "only run", "output", "ends with", "run by", "not run")

_PIECE = re.compile(
    r"^<!-- *(?P<mark>[a-z][a-z ]*?)(?P<more>:[^\n]*?|\n.*?)?\s*-->\n"
    r"|^(?P<fence>```+)(?P<language>\w*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_FENCED = re.compile(r"^(```+).*?^\1$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[(?:[^\[\]]|`[^`]*`)*\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)


@dataclass(frozen=True)
class Mark:
    """One mark, with what stands after it."""

    name: str
    argument: str = ""


@dataclass(frozen=True)
class Block:
    """A fenced block with the marks before it. `start` and `end` enclose its text."""

    language: str
    text: str
    marks: tuple[Mark, ...]
    start: int
    end: int
    line: int

    def mark(self, name: str) -> str | None:
        """The argument of a mark, or None where the block has no such mark."""
        return next((mark.argument for mark in self.marks if mark.name == name), None)


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, each with the marks since the last one."""
    marks: list[Mark] = []
    for piece in _PIECE.finditer(page):
        if piece["fence"] is None:
            if piece["mark"] in MARKS:
                marks.append(Mark(piece["mark"], (piece["more"] or "").removeprefix(":").strip()))
            continue
        line = page.count("\n", 0, piece.start()) + 1
        yield Block(piece["language"], piece["text"], tuple(marks), piece.start("text"), piece.end("text"), line)
        marks.clear()


def links(page: str) -> Iterator[str]:
    """The targets of a page's links and pictures, code apart."""
    for found in _LINK.finditer(_FENCED.sub("", page)):
        yield next(target for target in found.groups() if target)


def inline_code(page: str) -> Iterator[str]:
    """The pieces of code in the running text."""
    for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", _FENCED.sub("", page)):
        yield " ".join(found[1].split())


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCED.sub("", page)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {slug if n == 0 else f"{slug}-{n}" for slug, count in found.items() for n in range(count + 1)}
