"""Jupyter notebooks as one Python program in cell order, and back.

Here live the reading of a notebook's code cells, the neutralising of what IPython adds to Python
(magics, shell lines, help lines), the map from a line of the program to its cell, and the writing
of edited cells into the notebook's own bytes. Parsing and judging the program is not done here, and
no cell is ever run.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

# Cell magics whose body is Python that runs in the notebook's own namespace.
_TRANSPARENT_CELL_MAGICS = frozenset({"capture", "debug", "prun", "time", "timeit", "python", "python3", "%"})

# None of these can start a Python statement; IPython takes the whole line.
_ESCAPES = "%!?,;/"

_ASSIGNED_ESCAPE = re.compile(r"(?P<target>\s*[A-Za-z_][\w.,\s*]*=\s*)(?:%|!)(?=[\w!/.~$({])")
_HELP = re.compile(r"[\w.\[\]*%]+\?{1,2}")
_LEXEME = re.compile(
    r"""\#.* | [rbfuRBFUtT]{0,2}(?P<quote>'{3}|"{3}) | '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*"
    | (?P<open>[\[({]) | (?P<close>[\])}]) | [^'"\#\[\](){}]""",
    re.VERBOSE,
)


class NotebookError(ValueError):
    """The bytes are no notebook that can be read; `line` and `column` (from 1) are in the file."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number among all cells from 1, its source, and where the source stands in the file."""

    number: int
    source: str
    start: int  # span of the JSON value in the decoded file
    end: int


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's code as one program, and the way back from its lines to the cells."""

    text: str
    cells: tuple[Cell, ...]
    starts: tuple[int, ...]  # the program line, from 1, at which each cell starts
    raw: str  # the decoded file, without its byte order mark
    bom: bool = False

    def where(self, line: int) -> tuple[int, int]:
        """The cell (from 1, counted over all cells) and the line in it (from 1) of a program line."""
        if not self.cells:
            return 1, line
        index = max(bisect_right(self.starts, line) - 1, 0)
        return self.cells[index].number, line - self.starts[index] + 1

    def line_of(self, cell: int, line: int) -> int:
        """The program line of a line in a cell: the inverse of `where`.

        Raises:
            KeyError: the notebook has no code cell of that number.
        """
        for start, known in zip(self.starts, self.cells, strict=True):
            if known.number == cell:
                return start + line - 1
        raise KeyError(cell)

    def source(self, cell: int) -> str:
        """A cell's own text, magics included.

        Raises:
            KeyError: the notebook has no code cell of that number.
        """
        for known in self.cells:
            if known.number == cell:
                return known.source
        raise KeyError(cell)

    def file_line(self, cell: int, line: int) -> int:
        """The line of the file itself at which a line of a cell is written (all lines of a cell, in some notebooks).

        Raises:
            KeyError: the notebook has no code cell of that number.
        """
        for known in self.cells:
            if known.number == cell:
                return self.raw.count("\n", 0, _start_of_line(self.raw, known, line)) + 1
        raise KeyError(cell)

    def with_sources(self, sources: Mapping[int, str]) -> bytes:
        """The notebook's bytes with the source of some cells replaced.

        Every byte outside the changed lines stays as it is: outputs, metadata, the order of keys,
        indentation, escapes and line ends.
        """
        pieces: list[str] = []
        position = 0
        for cell in self.cells:
            if sources.get(cell.number, cell.source) == cell.source:
                continue
            pieces.append(self.raw[position : cell.start])
            pieces.append(_encoded(sources[cell.number], self.raw[cell.start : cell.end], self.raw))
            position = cell.end
        pieces.append(self.raw[position:])
        return (b"\xef\xbb\xbf" if self.bom else b"") + "".join(pieces).encode("utf-8")


@lru_cache(maxsize=2)  # a file and what a fix makes of it: parsing, places and edits ask one after the other
def read_notebook(data: bytes) -> Notebook:
    """Read the code of a notebook (nbformat 3 or 4).

    A notebook in another language than Python has no cells for us.

    Raises:
        NotebookError: the bytes are no UTF-8, no JSON or no notebook.
    """
    bom = data.startswith(b"\xef\xbb\xbf")
    try:
        raw = data[3 if bom else 0 :].decode("utf-8")
        document = json.loads(raw)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise NotebookError("the notebook is not UTF-8, as JSON must be", line) from None
    except json.JSONDecodeError as error:
        raise NotebookError(f"the notebook is not JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise NotebookError("the notebook's JSON is nested too deeply") from None
    if not isinstance(document, dict) or not isinstance(document.get("cells", document.get("worksheets")), list):
        raise NotebookError("the file is JSON but no notebook: it has no list of cells")
    cells = tuple(_code_cells(raw)) if _is_python(document) else ()
    lines: list[str] = []
    starts: list[int] = []
    for cell in cells:
        starts.append(len(lines) + 1)
        lines += neutralised(cell.source).split("\n")
    return Notebook("".join(line + "\n" for line in lines), cells, tuple(starts), raw, bom)


def _is_python(document: Mapping[str, object]) -> bool:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return True
    kernel, language = metadata.get("kernelspec"), metadata.get("language_info")
    named = [
        kernel.get("language") if isinstance(kernel, dict) else None,
        language.get("name") if isinstance(language, dict) else None,
    ]
    names = [name.lower() for name in named if isinstance(name, str)]
    return not names or any(name in ("python", "ipython") for name in names)


# Reading with places in the file: the decoder of the standard library skips what isn't wanted.

_decode = json.JSONDecoder(strict=False).raw_decode
_SPACE = re.compile(r"[ \t\n\r]*")


def _after_space(text: str, index: int) -> int:
    found = _SPACE.match(text, index)
    return found.end() if found else index


def _members(text: str, index: int) -> Iterator[tuple[str, int, int]]:
    """Key and value span of each member of the object that starts at `index`."""
    index = _after_space(text, index + 1)
    while text[index] != "}":
        key, index = _decode(text, index)
        start = _after_space(text, _after_space(text, index) + 1)  # over the colon
        _, end = _decode(text, start)
        yield key, start, end
        index = _after_space(text, end)
        if text[index] == ",":
            index = _after_space(text, index + 1)


def _elements(text: str, index: int) -> Iterator[tuple[int, int]]:
    """The span of each element of the array that starts at `index`."""
    index = _after_space(text, index + 1)
    while text[index] != "]":
        _, end = _decode(text, index)
        yield index, end
        index = _after_space(text, end)
        if text[index] == ",":
            index = _after_space(text, index + 1)


def _cell_arrays(raw: str) -> Iterator[int]:
    for key, start, _ in _members(raw, _after_space(raw, 0)):
        if key == "cells" and raw[start] == "[":
            yield start
        elif key == "worksheets" and raw[start] == "[":  # nbformat 3
            for sheet, _ in _elements(raw, start):
                if raw[sheet] == "{":
                    yield from (at for name, at, _ in _members(raw, sheet) if name == "cells" and raw[at] == "[")


def _code_cells(raw: str) -> Iterator[Cell]:
    number = 0
    for array in _cell_arrays(raw):
        for start, _ in _elements(raw, array):
            number += 1
            if raw[start] != "{":
                continue
            spans = {key: (at, end) for key, at, end in _members(raw, start)}
            at, end = spans.get("source", spans.get("input", (0, 0)))
            if "cell_type" not in spans or not end or _decode(raw, spans["cell_type"][0])[0] != "code":
                continue
            value = _decode(raw, at)[0]
            parts = value if isinstance(value, list) else [value]
            if all(isinstance(part, str) for part in parts):
                source = "".join(parts)
                yield Cell(number, source.replace("\r\n", "\n").replace("\r", "\n"), at, end)


def _start_of_line(raw: str, cell: Cell, line: int) -> int:
    """Where in the file a line of a cell (from 1) is written."""
    if raw[cell.start] != "[":
        return cell.start
    start, left = cell.start, line - 1
    for start, end in _elements(raw, cell.start):
        left -= _decode(raw[start:end], 0)[0].count("\n")
        if left < 0:
            break
    return start


def _encoded(source: str, before: str, raw: str) -> str:
    """A cell's new source as JSON, in the form that the old one (`before`) has."""
    ascii_only = raw.isascii() and "\\u" in raw
    if not before.startswith("["):
        return json.dumps(source, ensure_ascii=ascii_only)
    spans = list(_elements(before, 0))
    # A line that hasn't changed keeps its own spelling: escapes may be written in several ways.
    spelled = {_decode(before, start)[0]: before[start:end] for start, end in spans}
    if spans:
        opening, closing = before[: spans[0][0]], before[spans[-1][1] :]
    else:
        opening, closing = "[", "]"
    if len(spans) > 1:
        separator = before[spans[0][1] : spans[1][0]]
    else:
        separator = "," + (opening[1:] or " ")
    lines = re.findall(r"[^\n]*\n|[^\n]+", source)
    return opening + separator.join(spelled.get(s) or json.dumps(s, ensure_ascii=ascii_only) for s in lines) + closing


# What IPython adds to Python.


@lru_cache(maxsize=512)  # a fix leaves most cells of a notebook as they are
def neutralised(source: str) -> str:
    """The source with IPython's own lines made harmless, line for line.

    Magics, shell lines and help lines become `pass` (or an opaque value where they are assigned), so
    that every other line keeps its number and its columns. Lines inside strings or brackets are
    Python's own and are kept. This serves notebook cells and percent-format scripts.
    """
    lines = source.split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        words = lines[first][2:].split()
        if not words or words[0] not in _TRANSPARENT_CELL_MAGICS:
            return "\n".join("" for _ in lines)
        lines[first] = ""
    depth, quote = 0, ""
    continued = False  # by a backslash, from a line of Python
    escaping = False  # by a backslash, from a line of IPython's
    for index, line in enumerate(lines):
        if escaping:
            lines[index], escaping = "", line.endswith("\\")
            continue
        replaced = None if depth or quote or continued else _replaced(line)
        if replaced is not None:
            lines[index], escaping = replaced, line.endswith("\\")
            continue
        depth, quote = _state_after(line, depth, quote)
        continued = not quote and line.endswith("\\")
    return "\n".join(lines)


def _replaced(line: str) -> str | None:
    """What stands for a line that is IPython's, or None for a line of Python."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    if body.startswith("%time "):
        return f"{indent}None;{body[5:]}"  # as wide as the magic: the statement keeps its columns
    if body and body[0] in _ESCAPES:
        return f"{indent}pass"
    assigned = _ASSIGNED_ESCAPE.match(line)
    if assigned:
        return f"{assigned['target']}get_ipython()"
    if _HELP.fullmatch(body.rstrip()):
        return f"{indent}pass"
    return None


def _state_after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Bracket depth and the open triple quote (or none) at the end of a line."""
    position = 0
    while position < len(line):
        if quote:
            while position < len(line) and not line.startswith(quote, position):
                position += 2 if line[position] == "\\" else 1
            if position >= len(line):
                return depth, quote
            position += 3
            quote = ""
            continue
        lexeme = _LEXEME.match(line, position)
        if lexeme is None:  # a string that the line doesn't close: broken Python, the parser will say so
            position += 1
            continue
        quote = lexeme["quote"] or ""
        depth = max(depth + bool(lexeme["open"]) - bool(lexeme["close"]), 0)
        position = lexeme.end()
    return depth, quote
