"""The line that made a live optimizer: where the code that asks for an audit assigns it.

The frames are looked at from the asking one outwards, for a name or an attribute of `self` that holds the optimizer.
Only where its source assigns that exactly once, from a call, is there an answer. Nothing is run.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import FrameType
from typing import Any

from wdlint.facts import Place
from wdlint.files.paths import display

_DEPTH = 12  # frames


def made_at(optimizer: Any, frame: FrameType | None) -> Place | None:
    """The call that made `optimizer`, as far as the source of `frame` and its callers tells."""
    for _ in range(_DEPTH):
        if frame is None:
            return None
        tree = _tree(frame.f_code.co_filename)
        if tree is not None:
            for call in _assigned(optimizer, frame, tree):
                file = frame.f_code.co_filename
                left, right = call.col_offset + 1, (call.end_col_offset or call.col_offset) + 1
                shown = file if file.startswith("<") else display(file)
                return Place(shown, call.lineno, left, call.end_lineno or call.lineno, right)
        frame = frame.f_back
    return None


def _assigned(optimizer: Any, frame: FrameType, tree: ast.Module) -> Iterator[ast.Call]:
    """The one call that each name of the optimizer is assigned from."""
    names = [name for name, value in list(frame.f_locals.items()) if value is optimizer]
    itself = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    owner = getattr(frame.f_locals.get(itself[0]), "__dict__", {}) if itself else {}
    attributes = [name for name, value in list(owner.items()) if value is optimizer]
    scope = _scope(tree, frame)
    places: list[tuple[ast.AST, Iterable[str], type[ast.Name | ast.Attribute]]] = []
    places += [(scope, names, ast.Name)] if scope is not None else []
    places += [(tree, attributes, ast.Attribute)]
    for inside, wanted, kind in places:
        for name in wanted:
            values = list(_values(inside, name, kind))
            if len(values) == 1 and isinstance(values[0], ast.Call):
                yield values[0]


def _scope(tree: ast.Module, frame: FrameType) -> ast.AST | None:
    """The function that a frame runs, or the module."""
    code = frame.f_code
    if code.co_name == "<module>":
        return tree
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return node
    return None


def _values(inside: ast.AST, name: str, kind: type[ast.Name | ast.Attribute]) -> Iterator[ast.expr]:
    """What is assigned to a name, or to an attribute of `self`, anywhere below a node."""
    for node in ast.walk(inside):
        if isinstance(node, ast.Assign):
            targets, given = node.targets, node.value
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            targets, given = [node.target], node.value
        else:
            continue
        for target, value in (pair for whole in targets for pair in _paired(whole, given)):
            if isinstance(target, kind) and (target.id if isinstance(target, ast.Name) else target.attr) == name:
                yield value


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each part of a target with what it is assigned; the parts of one call's result all come from that call."""
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
        return
    parts = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    matching = len(parts) == len(target.elts)
    for number, part in enumerate(target.elts):
        yield from _paired(part, parts[number] if matching else value)


@lru_cache(maxsize=16)
def _tree(path: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError, RecursionError):
        return None
