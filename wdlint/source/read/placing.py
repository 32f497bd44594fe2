"""A lowered statement's place in its block, and the names that it binds and touches.

Both ways into the engine's tree end here.
"""

from __future__ import annotations

from wdlint.source.read import syntax
from wdlint.source.read import tree as t

_MUTATORS = frozenset(
    "append extend insert add update setdefault pop popitem remove discard clear add_param_group "
    "add_module register_parameter register_module difference_update intersection_update merge_from_file "
    "merge_from_list defrost freeze add_argument set_defaults".split()
)


def placed(block: t.Block, statement: t.Stmt, scope: t.Scope) -> None:
    """Put a lowered statement behind those of its block, and note what it binds and changes, its blocks included."""
    statement.block = block
    statement.index = len(block.statements)
    statement.scope = scope
    statement.owns = tuple(syntax.own_bindings(statement))
    binds = set(statement.owns)
    touches = _touched(statement)
    for inner in t.blocks(statement):
        inner.parent = statement
        for child in inner.statements:
            binds |= child.binds
            touches |= child.touches
    statement.binds = frozenset(binds)
    statement.touches = frozenset(touches)
    block.statements.append(statement)


def _touched(statement: t.Stmt) -> set[str]:
    """Names whose objects a statement changes in place: items and attributes set, mutating methods called."""
    found: set[str] = set()
    if isinstance(statement, (t.Assign, t.Delete)):
        for target in statement.targets:
            _touch_target(target, found)
    elif isinstance(statement, t.AugAssign):
        _touch_target(statement.target, found)
        if isinstance(statement.target, t.Name):
            found.add(statement.target.id)
    elif isinstance(statement, t.Expression) and isinstance(statement.value, t.Call):
        call = statement.value
        if isinstance(call.func, t.Attribute) and call.func.attr in _MUTATORS:
            chosen = call.func.value  # `(kept if test else shrunk).append(p)` changes either
            either = (chosen.body, chosen.orelse) if isinstance(chosen, t.Conditional) else (chosen,)
            found.update(root for root in map(syntax.root_name, either) if root is not None)
        elif isinstance(call.func, t.Name) and call.func.id == "setattr" and call.args:
            root = syntax.root_name(call.args[0].value)
            if root is not None:
                found.add(root)
    return found


def _touch_target(target: t.Expr, found: set[str]) -> None:
    if isinstance(target, (t.Attribute, t.Subscript)):
        root = syntax.root_name(target)
        if root is not None:
            found.add(root)
    elif isinstance(target, t.Display):
        for item in target.items:
            _touch_target(item, found)
