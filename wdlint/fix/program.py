"""A source text as edits need it: syntax with exact spans, names and where they are bound.

Fixes are planned for a few flagged files only, so the standard library's parser serves; what a program
means stays with the engine, whose facts name places in the same text. Nothing here decides what to write.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterator

from wdlint.facts import Edit, Place

_LINE_END = re.compile(r"\r\n|\r|\n")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)


class Program:
    """One file's program; a notebook's cells are one after the other.

    Raises:
        SyntaxError: the text is no Python of the running version.
        ValueError, RecursionError: it can't be parsed.
    """

    def __init__(self, file: str, data: bytes) -> None:
        self.file = file
        self.notebook = None
        if file.endswith(".ipynb"):
            from wdlint.source.notebook import read_notebook

            self.notebook = read_notebook(data)
            self.text = self.notebook.text
        else:
            from wdlint.source.parse import decode

            self.text = decode(data)
        self.starts = [0, *(found.end() for found in _LINE_END.finditer(self.text))]
        self.tree = ast.parse(self.text)
        self.parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    @property
    def newline(self) -> str:
        found = _LINE_END.search(self.text)
        return found[0] if found else "\n"

    @property
    def unit(self) -> str:
        """One step of indentation, as the file's first indented block has it."""
        for node in ast.walk(self.tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.If, ast.For)):
                inner, outer = self.indentation(body[0]), self.indentation(node)
                if inner.startswith(outer) and len(inner) > len(outer) and body[0].lineno > node.lineno:
                    return inner[len(outer) :]
        return "    "

    @property
    def width(self) -> int:
        """The columns that a new line may take: 88, or more where the file's own lines take more, up to 120."""
        return min(120, max(88, *(len(line) for line in self.text.splitlines()[:3000]), 0))

    # ---- places

    def offset(self, line: int, column: int) -> int:
        """The index in the text of a line and column, both from 1."""
        return self.starts[min(line, len(self.starts)) - 1] + column - 1

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where an expression or statement begins and ends in the text; decorators are left out."""
        start = self._of_bytes(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._of_bytes(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _of_bytes(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        row = self.text[start:end]
        if row.isascii():
            return start + column
        return start + len(row.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "surrogatepass"))

    def source(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

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

    def edit(self, start: int, end: int, text: str) -> Edit:
        return Edit(self.place(start, end), text.replace("\n", self.newline))

    def replacing(self, node: ast.AST, text: str) -> Edit:
        return self.edit(*self.span(node), text)

    def indentation(self, node: ast.AST) -> str:
        """The white space before the line on which a node begins."""
        return self.line_indentation(self.span(node)[0])

    def line_indentation(self, offset: int) -> str:
        start = self.starts[bisect_right(self.starts, offset) - 1]
        found = re.compile(r"[ \t\f]*").match(self.text, start)
        return found[0] if found else ""

    def begins_line(self, node: ast.AST) -> bool:
        start = self.span(node)[0]
        line = self.starts[bisect_right(self.starts, start) - 1]
        return not self.text[line:start].strip()

    # ---- syntax around a place

    def node_at(self, place: Place, kind: type[ast.AST]) -> ast.AST | None:
        """The node of a kind that fills a place."""
        wanted = self.within(place)
        for node in ast.walk(self.tree):
            if isinstance(node, kind) and self.span(node) == wanted:
                return node
        return None

    def statement(self, node: ast.AST) -> ast.stmt:
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def scope(self, node: ast.AST) -> ast.AST:
        """The function, lambda, class or module around a node."""
        node = self.parents[node]
        while not isinstance(node, _SCOPES):
            node = self.parents[node]
        return node

    def inside(self, scope: ast.AST) -> Iterator[ast.AST]:
        """The nodes of a scope, those of the scopes in it left out."""
        waiting: list[ast.AST] = list(ast.iter_child_nodes(scope))
        while waiting:
            node = waiting.pop(0)
            yield node
            if not isinstance(node, _SCOPES):
                waiting.extend(ast.iter_child_nodes(node))

    def binding(self, name: ast.Name) -> ast.expr | None:
        """What a name of the same scope is bound to, if one plain assignment before the use binds it."""
        scope = self.scope(name)
        bound = [
            node for node in ast.walk(scope)
            if isinstance(node, ast.Name) and node.id == name.id and not isinstance(node.ctx, ast.Load)
        ]  # fmt: skip
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            arguments = scope.args
            own = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
            if any(a is not None and a.arg == name.id for a in own):
                return None
        if len(bound) != 1 or self.scope(bound[0]) is not scope:
            return None
        statement = self.parents[bound[0]]
        if isinstance(statement, ast.Assign) and statement.targets == [bound[0]]:
            return statement.value if self.span(statement)[1] <= self.span(name)[0] else None
        return None

    def loads(self, name: str, scope: ast.AST) -> list[ast.Name]:
        """The uses of a name in a scope, closures included."""
        return [
            node for node in ast.walk(scope)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        ]  # fmt: skip

    def names(self) -> set[str]:
        """Every name that the program mentions."""
        found = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.arg):
                found.add(node.arg)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.alias):
                found.add((node.asname or node.name).split(".")[0])
        return found

    def free_name(self, wanted: str) -> str:
        """A name that is not in use, as near to the wanted one as can be."""
        taken = self.names()
        return next(n for n in (wanted, *(f"{wanted}_{i}" for i in range(2, 1000))) if n not in taken)


def dotted(node: ast.AST) -> str | None:
    """`a.b.c` as text, or None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else None
    return None
