"""Parameters that are taken from all groups, one after the other, and paired with others by their place."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.groups import Names, bound_to, is_groups
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

# Calls that ask nothing of the order of what they are given.
_ORDER_IS_NOTHING = frozenset(
    "clip_grad_norm_ clip_grad_norm clip_grad_value_ clip_grad_value get_total_norm sum any all len max min set "
    "frozenset sorted".split()
)


_HANDS_ON = frozenset("list tuple iter chain from_iterable sum".split())


def of_order(program: Program, names: Names, within: Item | None = None) -> Iterator[Hazard]:
    """Parameters that are taken from all groups, one after the other: divided, they come in another order."""
    for node in program.below(within or program.module):
        if isinstance(node, t.Comprehension):
            kept = _flattens(node, names) and not _asks_no_order(program, node)
        elif isinstance(node, t.Call) and isinstance(node.func, t.Attribute) and node.func.attr in ("append", "extend"):
            kept = _collects(program, node, names) and not _is_used_in_any_order(program, node.func.value)
        elif isinstance(node, (t.AugAssign, t.Assign)) and (added := _added(node)) is not None:
            target, value = added
            kept = _adds(program, node, target, value, names) and not _is_used_in_any_order(program, target)
            kept = kept or (isinstance(node, t.AugAssign) and _counts_on(program, node, target, names))
        elif isinstance(node, t.Yield):
            kept = _gives_one_by_one(program, node, names)
        elif isinstance(node, t.Subscript):
            kept = _numbers_state(program, node, names)
        else:
            continue
        if kept:
            line = program.line(node)
            yield Hazard(f"line {line} takes all parameters in the order of `param_groups`", Applicability.SHOWN)
            return


def _numbers_state(program: Program, node: t.Subscript, names: Names) -> bool:
    """`optimizer.state_dict()["state"]`, in which a parameter has the number that its place in the groups gives it."""
    if not (isinstance(node.index, t.Const) and node.index.value == "state") or node in program.bound:
        return False
    held = bound_to(program, node.value)
    if not (isinstance(held, t.Call) and isinstance(held.func, t.Attribute) and held.func.attr == "state_dict"):
        return False
    of = last_part(held.func.value)
    above = program.parents[node]
    return (of in names.own or "optim" in of.lower()) and not (
        isinstance(above, t.Attribute) and above.attr == "values"
    )


def _is_params(node: object) -> bool:
    """`group["params"]`"""
    return isinstance(node, t.Subscript) and isinstance(node.index, t.Const) and node.index.value == "params"


def _is_groups_of_another(node: t.Expr, names: Names) -> bool:
    """The groups of an optimizer, not those that a step of its own class goes over."""
    return is_groups(node, names) and isinstance(node, t.Attribute) and last_part(node.value) != "self"


def _flattens(node: t.Comprehension, names: Names) -> bool:
    if not any(_is_groups_of_another(clause.iter, names) for clause in node.clauses) or node.kind in ("set", "dict"):
        return False
    return _is_params(node.element) or any(_is_params(clause.iter) for clause in node.clauses)


def _collects(program: Program, call: t.Call, names: Names) -> bool:
    """Whether a call in a loop over the groups collects what it finds of their parameters, for all of them."""
    loops = [above for above in program.around(call) if isinstance(above, t.For)]
    outer = next((loop for loop in loops if _is_groups_of_another(loop.iter, names)), None)
    if outer is None or not isinstance(call.func, t.Attribute):
        return False
    one_by_one = any(_is_params(loop.iter) for loop in loops)
    if not (one_by_one or any(_is_params(argument.value) for argument in call.args)):
        return False
    kept = call.func.value
    return not isinstance(kept, t.Name) or all(node not in program.bound for node in program.names(kept.id, outer))


def _added(node: t.AugAssign | t.Assign) -> tuple[t.Expr, t.Expr] | None:
    """What a statement adds something to, and what it adds: `x += y`, `x = x + y`."""
    match node:
        case t.AugAssign(op="+", target=target, value=value):
            return target, value
        case t.Assign(targets=(target,), value=t.Binary(op="+", left=left, right=right)):
            return (target, right) if last_part(left) == last_part(target) != "" else None
    return None


def _adds(program: Program, node: t.Stmt, target: t.Expr, value: t.Expr, names: Names) -> bool:
    """Whether a statement in a loop over the groups adds a list of their parameters to one of all of them."""
    loops = [above for above in program.around(node) if isinstance(above, t.For)]
    outer = next((loop for loop in loops if _is_groups_of_another(loop.iter, names)), None)
    if outer is None:
        return False
    match value:
        case t.Comprehension(kind="list", clauses=clauses):
            listed = any(_is_params(clause.iter) for clause in clauses)
        case t.Display():
            listed = any(_is_params(loop.iter) for loop in loops) or any(map(_is_params, program.below(value)))
        case t.Call(func=t.Name(id="list" | "tuple" | "map"), args=args):
            listed = any(_is_params(below) for argument in args for below in program.below(argument))
        case _:
            listed = _is_params(value)
    if not listed or not isinstance(target, t.Name):
        return listed
    below = {bound for bound in program.names(target.id, outer) if bound in program.bound}
    return all(program.statement(bound) is node for bound in below)  # begun anew for each group: one group's


def _gives_one_by_one(program: Program, given: t.Yield, names: Names) -> bool:
    """Whether a function gives the parameters of all groups one by one, to a call of the file that asks for order."""
    loops = [above for above in program.around(given) if isinstance(above, t.For)]
    if not any(_is_groups_of_another(loop.iter, names) for loop in loops):
        return False
    maker = program.scope(given)
    if not isinstance(maker, t.FunctionDef) or not any(
        _is_params(below) for loop in loops for below in (loop.iter, given.value)
    ):
        return False
    calls = (node for node in program.nodes if isinstance(node, t.Call) and last_part(node.func) == maker.name)
    return any(not _asks_no_order(program, call) for call in calls)


def _counts_on(program: Program, count: t.AugAssign, counted: t.Expr, names: Names) -> bool:
    """Whether a count that goes on from one group's parameters to the next finds something by its number."""
    if not isinstance(counted, t.Name):
        return False
    name = counted.id
    loops = [above for above in program.around(count) if isinstance(above, t.For)]
    outer = next((loop for loop in loops if _is_groups_of_another(loop.iter, names)), None)
    if outer is None or not any(_is_params(loop.iter) for loop in loops):
        return False
    begun = any(node in program.bound and program.parents[node] is not count for node in program.names(name, outer))
    return not begun and any(
        isinstance(above, (t.Subscript, t.Slice))
        for node in program.names(name, outer)
        for above in program.around(node)
    )


def _asks_no_order(program: Program, node: Item) -> bool:
    """Whether what becomes of a flat list of parameters is the same in any order."""
    for above in program.around(node):
        match above:
            case t.Argument() | t.Starred():
                continue
            case t.Call():
                name = last_part(above.func)
                if name == "sum" and len(above.args) > 1:  # lists that are put together
                    continue
                if name in _ORDER_IS_NOTHING:
                    return True
                if name in _HANDS_ON:
                    continue
                return False
            case t.For() | t.Clause():
                return isinstance(above, t.For) or _asks_no_order(program, program.parents[above])
            case t.Assign(targets=(target,)):
                return _is_used_in_any_order(program, target)
            case t.Expression():
                return True
        return False
    return False


def _is_used_in_any_order(program: Program, kept: t.Expr) -> bool:
    """Whether every use of a list that has a name is one that any order serves."""
    name = last_part(kept)
    if not name:
        return False
    uses = [
        node
        for node in program.nodes
        if isinstance(node, (t.Name, t.Attribute)) and node not in program.bound and last_part(node) == name
    ]
    return all(_is_collected(program, node) or _asks_no_order(program, node) for node in uses)


def _is_collected(program: Program, node: Item) -> bool:
    above = program.parents.get(node)
    return isinstance(above, t.Attribute) and above.attr in ("append", "extend")
