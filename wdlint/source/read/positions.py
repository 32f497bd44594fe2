"""Where syntax nodes stand in the text.

A module that libcst parsed is generated once by it, when the first place is asked for, with a recorder that notes
where its nodes begin and end: a fraction of the cost of its position metadata. Nodes of `ast` know their places.
Whether a place lies in a notebook's cell is decided here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from wdlint.facts import Place
from wdlint.source.read import tree as t
from wdlint.source.read.lower_ast import Lines

Span = tuple[int, int, int, int]  # line and column from 1, end line and column (exclusive)


class _Recorder(CodegenState):
    """Generates code as libcst does and notes where the nodes begin and end."""

    def __init__(self, module: Any) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.spans: dict[int, Span] = {}
        self.whole: dict[int, Span] = {}  # with the brackets around an expression
        self.line = 1
        self.column = 1
        self.starts: list[tuple[int, int]] = []

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        if "\n" not in value and "\r" not in value:
            self.column += len(value)
            return
        lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self.line += len(lines) - 1
        self.column = len(lines[-1]) + 1

    def before_codegen(self, node: Any) -> None:
        self.starts.append((self.line, self.column))

    def after_codegen(self, node: Any) -> None:
        whole = self.whole[id(node)] = (*self.starts.pop(), self.line, self.column)
        self.spans.setdefault(id(node), whole)

    def record_syntactic_position(self, node: Any, *, start_node: Any = None, end_node: Any = None) -> Any:
        return _Recording(self, node, start_node, end_node)


class _Recording:
    """Notes the span of a node without the white space and brackets around it: what is generated while it is entered.

    There are tens of thousands in a file: a generator for each took a tenth of the time in which places are found.
    """

    __slots__ = ("column", "end_node", "line", "node", "recorder", "start_node")

    def __init__(self, recorder: _Recorder, node: Any, start_node: Any, end_node: Any) -> None:
        self.recorder, self.node, self.start_node, self.end_node = recorder, node, start_node, end_node

    def __enter__(self) -> None:
        self.line, self.column = self.recorder.line, self.recorder.column

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            return
        recorder = self.recorder
        first, last = recorder.spans.get(id(self.start_node)), recorder.spans.get(id(self.end_node))
        begin = first[:2] if first is not None else (self.line, self.column)
        finish = last[2:] if last is not None else (recorder.line, recorder.column)
        recorder.spans[id(self.node)] = (*begin, *finish)


@lru_cache(maxsize=1)  # places are asked for, then edits: of one file, then of the next
def recorded(module: t.Module) -> tuple[dict[int, Span], dict[int, Span]]:
    """The spans of a module's libcst nodes by their identity: without and with the brackets around expressions."""
    recorder = _Recorder(module.origin)
    module.origin._codegen(recorder)
    return recorder.spans, recorder.whole


def extents(module: t.Module, nodes: Iterable[Any]) -> dict[int, Span]:
    """The span of each node; a tuple's and a generator's own brackets count: without them they differ."""
    if isinstance(module.origin, Lines):
        found = ((id(node), ast_span(module.origin, node)) for node in nodes)
        return {key: span for key, span in found if span is not None}
    spans, whole = recorded(module)
    bracketed = {id(node) for node in nodes if isinstance(node, (cst.Tuple, cst.GeneratorExp))}
    return spans | {key: whole[key] for key in bracketed if key in whole}


def ast_span(lines: Lines, origin: Any) -> Span | None:
    """The span of a node of `ast`, whose columns count bytes; of two, from the first's start to the second's end."""
    first, last = origin if isinstance(origin, tuple) else (origin, origin)
    if not hasattr(first, "lineno"):
        return None
    start = len(lines[first.lineno - 1].encode()[: first.col_offset].decode()) + 1
    end = len(lines[last.end_lineno - 1].encode()[: last.end_col_offset].decode()) + 1
    return first.lineno, start, last.end_lineno, end


def program_text(module: t.Module) -> str:
    """The whole program as it was parsed; of a notebook, its code cells one below the other."""
    return "\n".join(module.origin) if isinstance(module.origin, Lines) else str(module.origin.code)


def written(module: t.Module, origin: Any) -> str:
    """The text of a node, with brackets around it that it could do without."""
    if not isinstance(module.origin, Lines):
        return str(module.origin.code_for_node(origin))
    span = ast_span(module.origin, origin)
    if span is None:
        return ""
    line, column, end_line, end_column = span
    lines = module.origin[line - 1 : end_line]
    before, after = lines[0][: column - 1].rstrip(), lines[-1][end_column - 1 :].lstrip()
    inside = [*lines[:-1], lines[-1][: end_column - 1]]
    text = "\n".join([inside[0][column - 1 :], *inside[1:]])
    while before.endswith("(") and after.startswith(")") and not _CALLED.search(before[:-1]):
        before, after, text = before[:-1].rstrip(), after[1:].lstrip(), f"({text})"
    return text


_CALLED = re.compile(r"(?<!\bin)(?<!\bif)(?<!\bor)(?<!\bnot)(?<!\band)(?<!\belse)(?<!\breturn)[\w)\]]$")


class Places:
    """Turns nodes into places, a whole file's at once, when the first is asked for."""

    def __init__(self, shown: Callable[[str], str], where: Callable[[int], tuple[int, int]] | None, home: str) -> None:
        self._shown = shown
        self._where = where
        self._home = home
        self._spans: dict[int, tuple[t.Module, dict[int, Span]]] = {}

    def of(self, module: t.Module, node: t.Node | None) -> Place | None:
        """The node's place, or None for a node that stands nowhere in the file."""
        if node is None or node.origin is None:
            return None
        span = self._span(module, node.origin)
        if span is None:
            return None
        line, column, end_line, end_column = span
        cell = None
        if self._where is not None and module.path == self._home:
            cell, line = self._where(line)
            end_cell, end_line = self._where(end_line)
            if end_cell != cell:
                end_line, end_column = line, column + 1
        return Place(self._shown(module.path), line, column, end_line, end_column, cell)

    def _span(self, module: t.Module, origin: Any) -> Span | None:
        if isinstance(module.origin, Lines):
            return ast_span(module.origin, origin)
        if id(module) not in self._spans:
            self._spans[id(module)] = module, recorded(module)[0]
        return self._spans[id(module)][1].get(id(origin))
