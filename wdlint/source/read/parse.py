"""From bytes to a program, once: encodings, notebooks and percent scripts are dealt with here.

Positions and edits are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from wdlint.files.encoding import encoding_of
from wdlint.source.read import tree as t
from wdlint.source.read.depth import too_deep
from wdlint.source.read.lower import lower_module
from wdlint.source.read.lower_ast import lower_text

if TYPE_CHECKING:
    from wdlint.source.read.notebook import Notebook


class Unreadable(Exception):
    """The bytes are no Python program; the message says why, `line` and `column` where (from 1)."""

    def __init__(self, message: str, line: int = 1, column: int = 1, cell: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.cell = cell


def decode(data: bytes) -> str:
    """The text of a source file by PEP 263: a byte order mark, else a coding line, else UTF-8.

    Raises:
        Unreadable: an unknown encoding, or bytes that are none of its text.
    """
    try:
        return data.decode(encoding_of(data))
    except (SyntaxError, LookupError) as error:
        raise Unreadable(f"unknown encoding: {error}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"not {error.encoding} text: byte 0x{data[error.start]:02x}", line) from None


def parse(data: bytes, path: str, name: str = "") -> t.Module:
    """The program in a file's bytes.

    Raises:
        Unreadable: no Python that can be parsed.
    """
    if path.endswith(".ipynb"):
        return _notebook(data, path, name)
    text = decode(data)
    try:
        return parse_text(text, path, name)
    except Unreadable:
        if "# %%" not in text:
            raise
    from wdlint.source.read.notebook import neutralised  # a script in cells may hold magics

    return parse_text(neutralised(text), path, name)


def parse_mended(data: bytes, path: str) -> t.Module | None:
    """The program in a file that can't be parsed as it stands, read as Python of former days; None if that fails."""
    from wdlint.source.read.old_python import modern

    try:
        if path.endswith(".ipynb"):
            return _notebook(data, path, "", modern)
        text = decode(data)
        if "# %%" in text:
            from wdlint.source.read.notebook import neutralised

            text = neutralised(text)
        return parse_text(modern(text), path)
    except Unreadable:
        return None


def _notebook(data: bytes, path: str, name: str, mend: Callable[[str], str] = str) -> t.Module:
    notebook = _read(data)
    try:
        return parse_text(mend(notebook.text), path, name)
    except Unreadable as error:
        cell, line = notebook.where(error.line)
        raise Unreadable(str(error), line, error.column, cell) from None


def _read(data: bytes) -> Notebook:
    from wdlint.source.read.notebook import NotebookError, read_notebook

    try:
        return read_notebook(data)
    except NotebookError as error:
        raise Unreadable(str(error), error.line, error.column) from None


def parse_text(text: str, path: str, name: str = "") -> t.Module:
    """The program in a text.

    Raises:
        Unreadable: no Python that can be parsed.
    """
    if too_deep(text):
        raise Unreadable("the code is nested too deeply to be read")
    try:
        stem, package = _named(path)
        return lower_module(_parsed(text), name or stem, path, package)
    except cst.ParserSyntaxError as error:
        raise _explained(error, text) from None
    except RecursionError:
        raise Unreadable("the code is nested too deeply to be read") from None
    except (ValueError, SyntaxError, MemoryError, OverflowError) as error:
        raise Unreadable(f"can't be parsed: {error}") from None


def parse_consulted(data: bytes, path: str) -> t.Module:
    """The program in the bytes of a file that is only consulted: by `ast`, and by libcst where `ast` can't read it.

    Raises:
        Unreadable: no Python that can be parsed.
    """
    text = _read(data).text if path.endswith(".ipynb") else decode(data)
    if not too_deep(text):
        try:
            name, package = _named(path)
            return lower_text(text, name, path, package)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            pass
    return parse(data, path)


def _named(path: str) -> tuple[str, bool]:
    """The name of a file's module, and whether it is a package's `__init__`."""
    parts = path.replace("\\", "/").split("/")
    stem = parts[-1].rsplit(".", 1)[0]
    if stem != "__init__":
        return stem, False
    return parts[-2] if len(parts) > 1 else stem, True


def _parsed(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except BaseException as error:
        # A fault of the native parser reaches Python as an exception that derives from BaseException alone.
        if type(error).__module__ == "pyo3_runtime":
            raise Unreadable("can't be parsed: the parser failed") from None
        raise


# What libcst says: where the token ends that it can't read, and every token that could have stood there.
_COMPLAINT = re.compile(r"error at (?P<line>\d+):(?P<column>\d+): expected (?P<expected>.*)", re.DOTALL)


def _explained(error: cst.ParserSyntaxError, text: str) -> Unreadable:
    """What is wrong and where, in Python's own words; in libcst's where Python finds nothing wrong."""
    said = _said_by_python(text)
    if said is not None:
        return said
    found = _COMPLAINT.search(error.message)
    if found is None:
        words = error.message.removeprefix("tokenizer error: ")
        return Unreadable(f"invalid syntax: {words}", error.raw_line, error.raw_column + 1)
    expected = found["expected"].strip()
    words = "invalid syntax" if expected.startswith("one of") else f"invalid syntax: expected {expected}"
    return Unreadable(words, int(found["line"]), max(int(found["column"]), 1))


def _said_by_python(text: str) -> Unreadable | None:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return Unreadable(error.msg, error.lineno or 1, max(error.offset or 1, 1))
    except (ValueError, RecursionError, MemoryError):
        return None
    return None
