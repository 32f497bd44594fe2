"""The groups of an optimizer where a program mentions them, and what a name stands for there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part


@dataclass(frozen=True, slots=True)
class Names:
    """What the optimizers of a file go by: the one whose groups become others, and the rest."""

    own: frozenset[str]  # empty where it can't be told
    others: frozenset[str]  # that belong to no construction but other ones
    variables: frozenset[str] = frozenset()  # those of others that no attribute has: `ctx.optimizer` is another one


def names_of(program: Program, call: t.Call, others: Iterable[t.Call]) -> Names:
    own = _given(program, call)
    return Names(own, frozenset().union(*(_given(program, other) for other in others)) - own)


def _given(program: Program, call: t.Call) -> frozenset[str]:
    statement = program.statement(call)
    if not isinstance(statement, t.Assign):
        return frozenset()
    return frozenset(name for target in statement.targets if (name := last_part(target)))


def _meant(base: t.Expr, names: Names) -> bool:
    """Whether this may be the optimizer itself, or a copy of it, or whatever a function is given."""
    name = last_part(base)
    return name not in names.others or (isinstance(base, t.Attribute) and name in names.variables)


def is_groups(node: object, names: Names) -> bool:
    """`optimizer.param_groups`, also by `getattr`, or those of a state: `state["param_groups"]`."""
    if isinstance(node, t.Subscript):
        return isinstance(node.index, t.Const) and node.index.value == "param_groups"
    if isinstance(node, t.Call) and last_part(node.func) == "getattr" and len(node.args) > 1:
        asked = node.args[1].value
        return isinstance(asked, t.Const) and asked.value == "param_groups" and _meant(node.args[0].value, names)
    return isinstance(node, t.Attribute) and node.attr == "param_groups" and _meant(node.value, names)


def is_sequence(value: Item) -> bool:
    match value:
        case t.Display(kind="list" | "tuple") | t.Comprehension(kind="list"):
            return True
    return False


def bound_to(program: Program, value: t.Expr) -> t.Expr:
    """What a name is bound to, or the expression itself."""
    return (program.binding(value) or value) if isinstance(value, t.Name) else value
