"""Groups that have a name, under which a program may keep or find something."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part


def of_names(program: Program) -> Iterator[Hazard]:
    """Groups that have a name, or another text of their own: divided, two of them have the same one."""
    for node in program.nodes:
        options: list[tuple[object, t.Expr]] = []
        if isinstance(node, t.DictDisplay):
            options = [(key.value, value) for key, value in node.items if isinstance(key, t.Const)]
        elif isinstance(node, t.Call) and last_part(node.func) == "dict":
            options = [(argument.keyword, argument.value) for argument in node.args]
        if any(key == "params" for key, _ in options):
            key = next((key for key, value in options if isinstance(key, str) and _is_text(value)), "")
            if key:
                most = Applicability.SHOWN if _looks_up(program, key) else Applicability.UNSAFE
                yield Hazard(f"line {program.line(node)} gives a group a `{key}`, which two groups would share", most)
                return


def _is_text(value: t.Expr) -> bool:
    return isinstance(value, t.Formatted) or (isinstance(value, t.Const) and isinstance(value.value, str))


def _looks_up(program: Program, key: str) -> bool:
    """Whether something is kept or found under what groups have as `key`."""
    return any(
        isinstance(node, t.Subscript)
        and isinstance(node.index, t.Const)
        and node.index.value == key
        and not isinstance(program.parents[node], (t.Compare, t.Formatted))
        for node in program.nodes
    )
