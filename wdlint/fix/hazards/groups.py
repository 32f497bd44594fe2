"""The groups of an optimizer where a program mentions them, and what a name stands for there."""

from __future__ import annotations

from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t


def last_name(expr: t.Expr) -> str:
    return (dotted(expr) or "").rsplit(".", 1)[-1]


def own_names(program: Program, call: t.Call) -> set[str]:
    """The names that the construction's optimizer may go by in this file; empty where that can't be told."""
    statement = program.statement(call)
    if not isinstance(statement, t.Assign):
        return set()
    return {name for target in statement.targets if (name := last_name(target))}


def _meant(base: t.Expr, own: set[str]) -> bool:
    name = last_name(base)
    return not own or not name or name in own or name in ("optimizer", "optim", "opt", "self")


def is_groups(node: object, own: set[str]) -> bool:
    """`optimizer.param_groups`, or those of a state: `state["param_groups"]`."""
    if isinstance(node, t.Subscript):
        return isinstance(node.index, t.Const) and node.index.value == "param_groups"
    return isinstance(node, t.Attribute) and node.attr == "param_groups" and _meant(node.value, own)


def is_sequence(value: Item) -> bool:
    match value:
        case t.Display(kind="list" | "tuple") | t.Comprehension(kind="list"):
            return True
    return False


def bound_to(program: Program, value: t.Expr) -> t.Expr:
    """What a name is bound to, or the expression itself."""
    return (program.binding(value) or value) if isinstance(value, t.Name) else value
