"""Comments of YAML, each with the lines that it covers: those of the entry that it stands in or above.

Only lines and their indentation are looked at, so that no reader of YAML is needed. A sign in a text of several
lines may be taken for a comment; it suppresses nothing unless it says so.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence

_TEXTS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")

Entry = tuple[int, int, list[tuple[tokenize.TokenInfo, bool]]]


def entries(text: str) -> Iterator[Entry]:
    """First and last line of each commented entry, with its comment and whether that stands alone on its line."""
    lines = re.split(r"\r\n|\r|\n", text)
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(_TEXTS.sub(lambda text: "x" * len(text[0]), line))
        if found is None:
            continue
        start, end = (number, found.start()), (number, found.end())
        token = tokenize.TokenInfo(tokenize.COMMENT, line[found.start() : found.end()], start, end, line)
        alone = not line[: found.start()].strip()
        first = _below(lines, number) if alone else number
        yield first, _last(lines, first), [(token, alone)]


def _below(lines: Sequence[str], number: int) -> int:
    """The line of the entry that a comment alone on a line stands above; its own where a blank line parts them."""
    for index in range(number, len(lines)):
        plain = lines[index].strip()
        if not plain:
            break
        if not plain.startswith("#"):
            return index + 1
    return number


def _last(lines: Sequence[str], first: int) -> int:
    """The last line of the entry that begins in a line: of those that follow, the deeper ones."""
    last, indent = first, _indent(lines[first - 1])
    for number in range(first + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip() and not line.lstrip().startswith("#"):
            if _indent(line) <= indent:
                break
            last = number
    return last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
