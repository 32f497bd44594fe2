"""A source text as edits need it: the engine's tree with exact spans, and where names are bound.

What a program means stays with the engine, whose facts name places in the same text. Nothing here decides
what to write.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import libcst as cst

from wdlint.facts import Edit, Place
from wdlint.fix.outline import Item, Outline
from wdlint.source.read import tree as t
from wdlint.source.read.positions import extents, program_text
from wdlint.source.read.syntax import dotted as dotted

if TYPE_CHECKING:
    from wdlint.source.read.notebook import Notebook

_LINE_END = re.compile(r"\r\n|\r|\n")
_INDENTATION = re.compile(r"[ \t\f]*")

N = TypeVar("N", bound=t.Node)


@lru_cache(maxsize=4)
def program_of(file: str, data: bytes, module: t.Module) -> Program:
    """The program in a file's bytes: planning and proving ask for the same one, and for those that import it.

    Raises:
        RecursionError: it is nested too deeply.
    """
    return Program(file, data, module)


class Program(Outline):
    """One file's program; a notebook's cells are one after the other.

    Without its bytes it is one that is only consulted: its nodes have lines, and nothing is written into it.

    Raises:
        RecursionError: it is nested too deeply.
    """

    def __init__(self, file: str, data: bytes | None, module: t.Module) -> None:
        super().__init__(module)
        self.file = file
        self._data = data
        self._memos: dict[str, dict[Any, Any]] = {}

    @cached_property
    def notebook(self) -> Notebook | None:
        """The notebook that the program is; None where it is none, or is only consulted."""
        if self._data is None or not self.file.endswith(".ipynb"):
            return None
        from wdlint.source.read.notebook import read_notebook

        return read_notebook(self._data)

    @cached_property
    def text(self) -> str:
        """The whole text. Many a program that is only consulted is never asked for it."""
        if self._data is None:
            return program_text(self.module)
        if self.notebook is not None:
            return self.notebook.text
        from wdlint.source.read.parse import decode

        return decode(self._data)

    @cached_property
    def starts(self) -> list[int]:
        """Where in the text each line begins."""
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def memo(self, name: str) -> dict[Any, Any]:
        """What was found out of the program before, by the name of the question."""
        return self._memos.setdefault(name, {})

    @property
    def body(self) -> list[t.Stmt]:
        """The statements of the module itself."""
        return self.module.scope.body.statements

    @cached_property
    def imports(self) -> list[t.Import | t.ImportFrom]:
        """The import statements, wherever they stand."""
        return [node for node in self.nodes if isinstance(node, (t.Import, t.ImportFrom))]

    @property
    def newline(self) -> str:
        found = _LINE_END.search(self.text)
        return found[0] if found else "\n"

    @cached_property
    def unit(self) -> str:
        """One step of indentation, as the file's first indented block has it."""
        for node in self.nodes:
            if not isinstance(node, (t.FunctionDef, t.ClassDef, t.If, t.For)):
                continue
            first = (node.inner.body if isinstance(node, (t.FunctionDef, t.ClassDef)) else node.body).statements[:1]
            if first and self.line(first[0]) > self.line(node):
                inner, outer = self.indentation(first[0]), self.indentation(node)
                if inner.startswith(outer) and len(inner) > len(outer):
                    return inner[len(outer) :]
        return "    "

    @cached_property
    def width(self) -> int:
        """The columns that a new line may take: 88, or more where the file's own lines take more, up to 120."""
        return min(120, max(88, *(len(line) for line in self.text.splitlines()[:3000]), 0))

    # ---- places

    def offset(self, line: int, column: int) -> int:
        """The index in the text of a line and column, both from 1."""
        return self.starts[min(line, len(self.starts)) - 1] + column - 1

    @cached_property
    def _spans(self) -> dict[int, tuple[int, int]]:
        nodes = [node.origin for node in self.nodes if isinstance(node, t.Node)]
        nodes += [name for node in self.nodes if isinstance(node, t.ImportFrom) for name in _imported(node)]
        return {
            key: (self.offset(line, column), self.offset(end_line, end_column))
            for key, (line, column, end_line, end_column) in extents(self.module, nodes).items()
        }

    def span(self, node: Item) -> tuple[int, int]:
        """Where an expression or statement begins and ends in the text.

        Decorators are left out, and so are brackets around an expression that needs none.
        """
        assert not isinstance(node, t.Clause)
        return self._spans[id(node.origin)]

    def import_span(self, node: t.ImportFrom, index: int) -> tuple[int, int]:
        """Where one of the imported names stands, with its alias."""
        return self._spans[id(_imported(node)[index])]

    def line(self, node: Item) -> int:
        """The line on which a node begins, from 1."""
        return bisect_right(self.starts, self.span(node)[0])

    def last_line(self, node: Item) -> int:
        return bisect_right(self.starts, self.span(node)[1])

    def source(self, node: Item) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def bracketed(self, node: t.Expr) -> tuple[int, int]:
        """The span of an expression together with brackets around it that it could do without."""
        start, end = self.span(node)
        for _ in getattr(node.origin, "lpar", ()) if not isinstance(node.origin, (cst.Tuple, cst.GeneratorExp)) else ():
            before, after = self.text[:start].rstrip(), self.text[end:].lstrip()
            if not (before.endswith("(") and after.startswith(")")):
                break  # a comment stands between
            start, end = len(before) - 1, len(self.text) - len(after) + 1
        return start, end

    def within(self, place: Place) -> tuple[int, int]:
        """The span of a place of this file in the text."""
        line, end_line = place.line, place.end_line
        if self.notebook is not None and place.cell is not None:
            line, end_line = self.notebook.line_of(place.cell, line), self.notebook.line_of(place.cell, end_line)
        return self.offset(line, place.column), self.offset(end_line, place.end_column)

    def place(self, start: int, end: int) -> Place:
        """A span of the text as a place of the file."""
        line, end_line = bisect_right(self.starts, start), bisect_right(self.starts, end)
        column, end_column = start - self.starts[line - 1] + 1, end - self.starts[end_line - 1] + 1
        cell = None
        if self.notebook is not None:
            cell, line = self.notebook.where(line)
            end_line = self.notebook.where(end_line)[1]
        return Place(self.file, line, column, end_line, end_column, cell)

    def cell_at(self, offset: int) -> int | None:
        """The notebook's cell that holds an index of the text; None in any other file."""
        return self.notebook.where(bisect_right(self.starts, offset))[0] if self.notebook is not None else None

    def edit(self, start: int, end: int, text: str) -> Edit:
        return Edit(self.place(start, end), text.replace("\n", self.newline))

    def replacing(self, node: Item, text: str) -> Edit:
        return self.edit(*self.span(node), text)

    def indentation(self, node: Item) -> str:
        """The white space before the line on which a node begins."""
        return self.line_indentation(self.span(node)[0])

    def line_indentation(self, offset: int) -> str:
        found = _INDENTATION.match(self.text, self.starts[bisect_right(self.starts, offset) - 1])
        return found[0] if found else ""

    def begins_line(self, node: Item) -> bool:
        start = self.span(node)[0]
        line = self.starts[bisect_right(self.starts, start) - 1]
        return not self.text[line:start].strip()

    # ---- syntax around a place

    def node_at(self, place: Place, kind: type[N]) -> N | None:
        """The node of a kind that fills a place."""
        return next((n for n in self._by_span.get(self.within(place), ()) if isinstance(n, kind)), None)

    @cached_property
    def _by_span(self) -> dict[tuple[int, int], list[t.Node]]:
        found: dict[tuple[int, int], list[t.Node]] = {}
        for node in self.nodes:
            span = self._spans.get(id(node.origin)) if isinstance(node, t.Node) else None
            if isinstance(node, t.Node) and span is not None:
                found.setdefault(span, []).append(node)
        return found

    def binding(self, name: t.Name) -> t.Expr | None:
        """What a name of the same scope is bound to, if one plain assignment before the use binds it."""
        scope = self.scope(name)
        bound = [node for node in self.names(name.id, scope) if node in self.bound]
        if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == name.id for p in scope.params):
            return None
        if len(bound) != 1 or self.scope(bound[0]) is not scope:
            return None
        statement = self.parents[bound[0]]
        if isinstance(statement, t.Assign) and statement.targets == (bound[0],) and statement.annotation is None:
            return statement.value if self.span(statement)[1] <= self.span(name)[0] else None
        return None

    def free_name(self, wanted: str) -> str:
        """A name that is not in use, as near to the wanted one as can be."""
        taken = self.taken()
        return next(n for n in (wanted, *(f"{wanted}_{i}" for i in range(2, 1000))) if n not in taken)


def _imported(node: t.ImportFrom) -> Sequence[Any]:
    return node.origin.names if isinstance(node.origin.names, (list, tuple)) else ()
