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
    if touches and not isinstance(statement, t.AugAssign):
        touches |= _other_names(touches, block)
    for inner in t.blocks(statement):
        inner.parent = statement
        for child in inner.statements:
            binds |= child.binds
            touches |= child.touches
    if isinstance(statement, t.For):
        touches |= _touched_by_elements(statement)
    statement.binds = frozenset(binds)
    statement.touches = frozenset(touches)
    block.statements.append(statement)


def _touched(statement: t.Stmt) -> set[str]:
    """Names whose objects a statement changes in place: items and attributes set, mutating methods called."""
    found: set[str] = set()
    if isinstance(statement, (t.Assign, t.Delete)):
        for target in statement.targets:
            _touch_target(target, found)
        made = syntax.set_default(statement.value) if isinstance(statement, t.Assign) else None
        if made is not None:
            found.update(_roots(made.value))
    elif isinstance(statement, t.AugAssign):
        _touch_target(statement.target, found)
        if isinstance(statement.target, t.Name):
            found.add(statement.target.id)
    elif isinstance(statement, t.Expression) and isinstance(statement.value, t.Call):
        call = statement.value
        if isinstance(call.func, t.Attribute) and call.func.attr in _MUTATORS:
            found.update(_roots(call.func.value))  # `(kept if test else shrunk).append(p)` changes either
        elif isinstance(call.func, t.Name) and call.func.id == "setattr" and call.args:
            root = syntax.root_name(call.args[0].value)
            if root is not None:
                found.add(root)
    return found


def _roots(expr: t.Expr) -> set[str]:
    """The names whose objects an expression may lie in: both of `a if test else b`, and of `(a, b)[test]`."""
    while not _chooses(expr):
        made = syntax.set_default(expr)
        if made is not None:
            expr = made.value
        elif isinstance(expr, (t.Attribute, t.Subscript)):
            expr = expr.value
        else:
            break
    sides: tuple[t.Expr, ...] = ()
    if isinstance(expr, t.Conditional):
        sides = (expr.body, expr.orelse)
    elif isinstance(expr, t.Subscript) and isinstance(expr.value, t.Display):
        sides = expr.value.items
    if sides:
        return {root for side in sides for root in _roots(side)}
    return {expr.id} if isinstance(expr, t.Name) else set()


def _chooses(expr: t.Expr) -> bool:
    return isinstance(expr, t.Subscript) and isinstance(expr.value, t.Display) and len(expr.value.items) == 2


_NEAR = 4  # statements before a change among which its name is looked for


def _other_names(touched: set[str], block: t.Block) -> set[str]:
    """What a name that was just bound to one of several objects stands for: `kept = a if test else b`."""
    found: set[str] = set()
    for statement in block.statements[-_NEAR:]:
        if not touched.intersection(statement.binds):
            continue
        inner = (statement, *(s for b in t.blocks(statement) for s in t.statements(b)))
        for one in inner if isinstance(statement, (t.Assign, t.If)) else ():
            if isinstance(one, t.Assign) and one.value is not None and touched.intersection(one.owns):
                chosen = isinstance(statement, t.If) or not isinstance(one.value, (t.Name, t.Attribute))
                found |= _roots(one.value) if chosen else set()
    return found


def _touched_by_elements(loop: t.For) -> set[str]:
    """The names of what a loop runs over, where its body changes the elements: `for g in groups: g["lr"] = 0.1`."""
    bound = set(syntax.target_names(loop.target))
    changing = [s for s in t.statements(loop.body) if bound.intersection(s.touches)]
    if not changing:
        return set()
    asked, roots = [loop.iter], set()
    while asked:
        expr = asked.pop()
        if isinstance(expr, t.Call) and syntax.dotted(expr.func) in ("zip", "enumerate", "reversed", "list", "tuple"):
            asked.extend(argument.value for argument in expr.args)
        elif isinstance(expr, (t.Name, t.Attribute, t.Subscript)):
            roots |= _roots(expr)
    for statement in changing:
        statement.touches |= roots
    return roots


def _touch_target(target: t.Expr, found: set[str]) -> None:
    if isinstance(target, (t.Attribute, t.Subscript)):
        root = syntax.root_name(target)
        if root is not None:
            found.add(root)
    elif isinstance(target, t.Display):
        for item in target.items:
            _touch_target(item, found)
