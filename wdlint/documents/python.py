"""Python that is nothing but data, as mmengine's configuration files are: what each name is at the end of the file.

Literals, `dict(…)`, names that were given a value before, their members and plain arithmetic are understood. All
else is opaque, and so is what a branch or a loop sets.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from wdlint.documents.nodes import DEEPEST, LINE_END, Entry, Listing, Mapping, Node, Opaque, Scalar, Unreadable
from wdlint.facts import Place

IMPORTED = "import"  # the tag of a path that is imported and no string


def read(file: str, text: str) -> Mapping:
    """The names of a file with their values, in the order in which they were last set.

    Raises:
        Unreadable: it is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = ast.parse(text)
    except SyntaxError as error:
        raise Unreadable("is no Python", error.lineno or 1, error.offset or 1) from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("is no Python") from None
    reader = _Reader(file, text)
    for statement in program.body:
        reader.take(statement)
    whole = Place(file, 1, 1, 1, 1)
    return Mapping(tuple(reader.names.values()), whole, complete=reader.complete)


class _Reader:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = LINE_END.split(text)
        self.names: dict[str, Entry] = {}
        self.complete = True

    def take(self, statement: ast.stmt) -> None:
        """What a statement at the top level does to the names."""
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            self._set(statement.targets[0], self.node(statement.value, 0))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            self._set(statement.target, self.node(statement.value, 0))
        elif isinstance(statement, ast.ImportFrom):
            self._imported(statement)
        elif isinstance(statement, ast.Expr | ast.Pass | ast.Import | ast.Assert):
            self._called(statement)
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.names.pop(statement.name, None)
        else:
            for target in _targets(statement):
                self._set(target, Opaque(self._place(target)))

    def _imported(self, statement: ast.ImportFrom) -> None:
        """What is imported by name is its path, as a string with a tag; a star brings what can't be seen."""
        for name in statement.names:
            if name.name == "*":
                self.complete = False
            elif statement.module and not statement.level:
                place = self._span(statement.lineno, statement.col_offset, statement.lineno, statement.col_offset)
                path = Scalar(f"{statement.module}.{name.name}", place, IMPORTED)
                self.names[name.asname or name.name] = Entry(name.asname or name.name, place, path)

    def _called(self, statement: ast.stmt) -> None:
        """A call such as `cfg.update(…)` may change what it is made on."""
        value = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            self._set(value.func.value, Opaque(self._place(value)))

    def _set(self, target: ast.expr, value: Node) -> None:
        if isinstance(target, ast.Name):
            self.names.pop(target.id, None)
            self.names[target.id] = Entry(target.id, self._place(target), value)
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._set(part, Opaque(self._place(part)))
        elif isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
            self._set_inside(target, value)

    def _set_inside(self, target: ast.Subscript | ast.Attribute | ast.Starred, value: Node) -> None:
        """`cfg["a"]["b"] = value` and `cfg.a.b = value`: the outermost name gets a mapping with one more entry."""
        path: list[tuple[str, Place]] = []
        current: ast.expr = target
        while not isinstance(current, ast.Name):
            key = _key(current)
            if key is None or not isinstance(current, ast.Subscript | ast.Attribute):
                base = next((n for n in ast.walk(current) if isinstance(n, ast.Name)), None)
                if base is not None:
                    self._set(base, Opaque(self._place(base)))
                return
            path.append((key, self._place(current)))
            current = current.value
        before = self.names.get(current.id)
        if before is not None:
            self._set(current, _with(before.value, path[::-1], value))

    def node(self, node: ast.expr, depth: int) -> Node:
        """What an expression is."""
        place = self._place(node)
        if depth > DEEPEST:
            return Opaque(place)
        if isinstance(node, ast.Constant):
            plain = node.value is None or isinstance(node.value, str | int | float)
            return Scalar(node.value, place) if plain else Opaque(place)  # type: ignore[arg-type]
        if isinstance(node, ast.Name):
            known = self.names.get(node.id)
            return known.value if known is not None else Opaque(place)
        if isinstance(node, ast.List | ast.Tuple):
            if any(isinstance(item, ast.Starred) for item in node.elts):
                return Opaque(place)
            return Listing(tuple(self.node(item, depth + 1) for item in node.elts), place)
        if isinstance(node, ast.Dict):
            return self._display(node, depth)
        if isinstance(node, ast.Call):
            return self._dict_call(node, depth)
        if isinstance(node, ast.Subscript | ast.Attribute):
            base, key = self.node(node.value, depth + 1), _key(node)
            found = base.get(key) if isinstance(base, Mapping) and key is not None else None
            return found if found is not None else Opaque(place)
        return self._calculated(node, depth)

    def _display(self, node: ast.Dict, depth: int) -> Node:
        entries: list[Entry] = []
        complete = True
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                entries.append(Entry(key.value, self._place(key), self.node(value, depth + 1)))
                continue
            spread = self.node(value, depth + 1) if key is None else None
            entries += spread.entries if isinstance(spread, Mapping) else ()
            complete = complete and isinstance(spread, Mapping) and spread.complete
        return Mapping(tuple(entries), self._place(node), complete=complete)

    def _dict_call(self, node: ast.Call, depth: int) -> Node:
        place = self._place(node)
        if not isinstance(node.func, ast.Name) or node.func.id != "dict" or "dict" in self.names:
            return Opaque(place)
        entries: list[Entry] = []
        complete = True
        for given in (*(ast.keyword(None, value) for value in node.args), *node.keywords):
            value = self.node(given.value, depth + 1)
            if given.arg is not None:
                start = given.lineno, given.col_offset
                key = self._span(*start, given.lineno, given.col_offset + len(given.arg.encode()))
                entries.append(Entry(given.arg, key, value))
                continue
            entries += value.entries if isinstance(value, Mapping) else ()
            complete = complete and isinstance(value, Mapping) and value.complete
        return Mapping(tuple(entries), place, complete=complete)

    def _calculated(self, node: ast.expr, depth: int) -> Node:
        place = self._place(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner = self.node(node.operand, depth + 1)
            if isinstance(inner, Scalar) and _is_number(inner.value):
                return Scalar(-inner.value if isinstance(node.op, ast.USub) else inner.value, place)  # type: ignore[operator]
        if isinstance(node, ast.BinOp):
            left, right = self.node(node.left, depth + 1), self.node(node.right, depth + 1)
            if isinstance(left, Scalar) and isinstance(right, Scalar):
                value = _of_two(node.op, left.value, right.value)
                return Opaque(place) if value is None else Scalar(value, place)
        return Opaque(place)

    def _place(self, node: ast.expr) -> Place:
        return self._span(node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _span(self, line: int, column: int, end_line: int, end_column: int) -> Place:
        """A span from lines and columns in bytes of UTF-8, as `ast` counts them."""
        return Place(self._file, line, self._column(line, column), end_line, self._column(end_line, end_column))

    def _column(self, line: int, offset: int) -> int:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return offset + 1 if text.isascii() else len(text.encode()[:offset].decode(errors="replace")) + 1


def _key(node: ast.expr) -> str | None:
    """The key of `x["key"]` or `x.key`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return None


def _with(node: Node, path: list[tuple[str, Place]], value: Node) -> Node:
    """A mapping with a value at a path of keys."""
    if not path:
        return value
    if not isinstance(node, Mapping):
        return Opaque(node.place)
    (key, place), *rest = path
    inner = node.get(key)
    if rest and inner is None:
        return Mapping(node.entries, node.place, complete=False)
    new = _with(inner, rest, value) if inner is not None else value
    kept = tuple(entry for entry in node.entries if entry.key != key)
    return Mapping((*kept, Entry(key, place, new)), node.place, node.tag, node.complete)


def _targets(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement may set, itself or in what is nested in it."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            yield node


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_two(operator: ast.operator, left: object, right: object) -> float | None:
    """A sum, product or quotient of two numbers."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    try:
        a, b = float(left), float(right)
        if isinstance(operator, ast.Mult):
            return a * b
        if isinstance(operator, ast.Div):
            return a / b
        if isinstance(operator, ast.Add):
            return a + b
        if isinstance(operator, ast.Sub):
            return a - b
        return a**b if isinstance(operator, ast.Pow) and abs(b) < 10 else None
    except (ArithmeticError, ValueError):
        return None
