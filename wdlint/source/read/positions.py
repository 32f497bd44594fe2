"""Where syntax nodes stand in the text: only for the few that are asked for.

The module is generated once by libcst with a recorder that looks up a small set, which costs a
fraction of its position metadata. Whether a place lies in a notebook's cell is decided here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from wdlint.facts import Place
from wdlint.source.read import tree as t

Span = tuple[int, int, int, int]  # line and column from 1, end line and column (exclusive)


class _Recorder(CodegenState):
    """Generates code as libcst does and notes where the wanted nodes begin and end."""

    def __init__(self, module: Any, wanted: dict[int, Any]) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.wanted = wanted
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
        if id(node) in self.wanted:
            self.starts.append((self.line, self.column))

    def after_codegen(self, node: Any) -> None:
        if id(node) in self.wanted:
            self.whole[id(node)] = (*self.starts.pop(), self.line, self.column)
            self.spans.setdefault(id(node), self.whole[id(node)])

    @contextmanager
    def record_syntactic_position(self, node: Any, *, start_node: Any = None, end_node: Any = None) -> Iterator[None]:
        if id(node) not in self.wanted:
            yield
            return
        start = self.line, self.column
        outer = self.wanted
        bounds = {id(n): n for n in (start_node, end_node) if n is not None and n is not node}
        self.wanted = {**outer, **bounds} if bounds else outer
        yield
        self.wanted = outer
        begin = self.spans[id(start_node)][:2] if start_node is not None and id(start_node) in self.spans else start
        finish = self.spans[id(end_node)][2:] if end_node is not None and id(end_node) in self.spans else None
        self.spans[id(node)] = (*begin, *(finish or (self.line, self.column)))


def spans(module: t.Module, nodes: Iterable[Any]) -> dict[int, Span]:
    """The span of each libcst node, by its identity; a node that is not in the module has none."""
    wanted = {id(node): node for node in nodes if node is not None}
    if not wanted:
        return {}
    recorder = _Recorder(module.cst, wanted)
    module.cst._codegen(recorder)
    return recorder.spans


def extents(module: t.Module, nodes: Iterable[Any]) -> dict[int, Span]:
    """As `spans`; a tuple's and a generator's own brackets count, without which they would be something else."""
    nodes = [node for node in nodes if node is not None]
    bracketed = {id(node) for node in nodes if isinstance(node, (cst.Tuple, cst.GeneratorExp))}
    recorder = _Recorder(module.cst, {id(node): node for node in nodes})
    module.cst._codegen(recorder)
    return recorder.spans | {key: span for key, span in recorder.whole.items() if key in bracketed}


class Places:
    """Turns nodes into places, a whole file's at once, when the first is asked for."""

    def __init__(self, shown: Callable[[str], str], where: Callable[[int], tuple[int, int]] | None, home: str) -> None:
        self._shown = shown
        self._where = where
        self._home = home
        self._wanted: dict[int, tuple[t.Module, dict[int, Any]]] = {}
        self._spans: dict[int, dict[int, Span]] = {}

    def want(self, module: t.Module, node: t.Node | None) -> None:
        """Say that the node's place will be asked for."""
        if node is not None and node.cst is not None:
            self._wanted.setdefault(id(module), (module, {}))[1][id(node.cst)] = node.cst

    def of(self, module: t.Module, node: t.Node | None) -> Place | None:
        """The node's place, or None for a node that stands nowhere in the file."""
        if node is None or node.cst is None:
            return None
        self.want(module, node)
        found = self._spans.get(id(module), {})
        if id(node.cst) not in found:
            found = {**found, **spans(module, self._wanted[id(module)][1].values())}
            self._spans[id(module)] = found
        span = found.get(id(node.cst))
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
