"""What in a program counts on the groups that an optimizer has: reasons to trust a fix less that changes them.

Each hazard is a sentence for the user. They are looked for in the file that makes the optimizer; a program that
spreads over several files can hide one, which is why the proof of a fix is not the absence of hazards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Applicability, Kind, OptimizerUse, Ternary
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t


@dataclass(frozen=True, slots=True)
class Hazard:
    """What may break when an optimizer has other groups than before, and how far a fix may go then."""

    reason: str
    most: Applicability = Applicability.UNSAFE


def hazards(program: Program, call: t.Call, number: int, after: int) -> Iterator[Hazard]:
    """What may break around a construction whose groups, `number` of them so far, become `after` others."""
    own = _own(program, call)
    yield from _of_indices(program, own, number)
    yield from _of_counts(program, own)
    yield from _of_order(program, own)
    if after > number:
        yield from _of_names(program)
    yield from _of_schedules(program)
    yield from _of_calls(program, own)


def on_purpose(use: OptimizerUse) -> Hazard | None:
    """A group with a decay of its own that holds nothing but gains and biases: somebody chose it."""
    for group in use.groups:
        kinds = {
            p.kind
            for p, answer in zip(use.inventory.parameters if use.inventory else (), group.members, strict=False)
            if answer is not Ternary.NO
        }
        if kinds and kinds <= {Kind.GAIN, Kind.BIAS} and group.amount.value and "weight_decay" in group.options:
            return Hazard("a group holds only gains and biases and has a decay of its own", Applicability.SHOWN)
    return None


def may_omit_decay(program: Program, call: t.Call) -> bool:
    """Whether a construction spreads options that some callers may give without a decay."""
    if any(argument.keyword == "weight_decay" for argument in call.args):
        return False
    return any(not _gives_decay(program, a.value) for a in call.args if a.star == "**")


def _gives_decay(program: Program, options: t.Expr) -> bool:
    match _bound(program, options):
        case t.DictDisplay() as display:
            return any(isinstance(key, t.Const) and key.value == "weight_decay" for key, _ in display.items)
        case t.Call(func=t.Name(id="dict")) as made:
            return any(argument.keyword == "weight_decay" for argument in made.args)
    return False


def _last(expr: t.Expr) -> str:
    return (dotted(expr) or "").rsplit(".", 1)[-1]


def _own(program: Program, call: t.Call) -> set[str]:
    """The names that the construction's optimizer may go by in this file; empty where that can't be told."""
    statement = program.statement(call)
    if not isinstance(statement, t.Assign):
        return set()
    return {name for target in statement.targets if (name := _last(target))}


def _meant(base: t.Expr, own: set[str]) -> bool:
    name = _last(base)
    return not own or not name or name in own or name in ("optimizer", "optim", "opt", "self")


def _is_groups(node: object, own: set[str]) -> bool:
    return isinstance(node, t.Attribute) and node.attr == "param_groups" and _meant(node.value, own)


def _has_one_a_group(value: t.Expr, own: set[str]) -> bool:
    """Groups themselves, or the learning rates that a schedule has for each of them."""
    return _is_groups(value, own) or (isinstance(value, t.Call) and _last(value.func) in ("get_last_lr", "get_lr"))


def _of_indices(program: Program, own: set[str], number: int) -> Iterator[Hazard]:
    """`opt.param_groups[0]`: what is read of the first group is as it was, its parameters apart."""
    for node in program.nodes:
        if not (isinstance(node, t.Subscript) and _is_groups(node.value, own)):
            continue
        above = program.parents.get(node)
        asked = above.index if isinstance(above, t.Subscript) and above.value is node else None
        key = asked.value if isinstance(asked, t.Const) else None
        line = program.line(node)
        if above in program.bound or key is None:
            yield Hazard(f"line {line} changes one of `param_groups` by its index", Applicability.SHOWN)
            return
        if key == "params":  # paired with a model's parameters it would come out too short, or silently wrong
            yield Hazard(f"line {line} takes the parameters of one of `param_groups`", Applicability.SHOWN)
            return
        first = isinstance(node.index, t.Const) and node.index.value == 0
        if not (first or number == 1) or (key == "weight_decay" and not first):
            yield Hazard(f"line {line} reads one of `param_groups` by its index, which is another one after the fix")
            return


def _of_counts(program: Program, own: set[str]) -> Iterator[Hazard]:
    """Groups that are unpacked, counted, or gone over together with a list of values."""
    for node in program.nodes:
        line = 0
        most = Applicability.SHOWN
        if isinstance(node, t.Assign) and node.value is not None and _has_one_a_group(node.value, own):
            if any(isinstance(target, t.Display) for target in node.targets):
                line = program.line(node)
        elif isinstance(node, t.Compare):
            if any(_is_one_a_group(program, side, own) for side in (node.left, *(side for _, side in node.rest))):
                line = program.line(node)
        elif isinstance(node, t.Call) and any(_is_groups(argument.value, own) for argument in node.args):
            counted = isinstance(program.parents[node], t.Compare)
            match _last(node.func):
                case "enumerate" if _indexes(program, node):
                    line = program.line(node)
                case "len" if counted:
                    line = program.line(node)
                case "zip":
                    trust = [_paired(program, a.value) for a in node.args if not _is_groups(a.value, own)]
                    line = 0 if all(one is None for one in trust) else program.line(node)
                    most = Applicability.SHOWN if Applicability.SHOWN in trust else Applicability.UNSAFE
        if line:
            yield Hazard(f"line {line} counts on the number of `param_groups`", most)
            return


def _is_one_a_group(program: Program, side: t.Expr, own: set[str]) -> bool:
    """Whether this is a list of one value for each group."""
    made = _bound(program, side)
    return isinstance(made, t.Comprehension) and made.kind == "list" and _is_groups(made.clauses[0].iter, own)


def _paired(program: Program, value: t.Expr) -> Applicability | None:
    """How far a fix may go where groups are paired with this; None where it follows from the groups themselves."""
    made = _bound(program, value)
    if isinstance(made, (t.Call, t.Attribute)) or "param_groups" in program.source(made):
        return None
    return Applicability.SHOWN if _is_sequence(made) else Applicability.UNSAFE


def _indexes(program: Program, call: t.Call) -> bool:
    """Whether a loop over `enumerate(opt.param_groups)` looks something up by the number."""
    loop = program.parents[call]
    if not isinstance(loop, (t.For, t.Clause)) or not isinstance(loop.target, t.Display) or not loop.target.items:
        return True
    number = loop.target.items[0]
    if not isinstance(number, t.Name):
        return True
    around = loop if isinstance(loop, t.For) else program.parents[loop]
    return any(not _is_told(program, node) for node in program.names(number.id, around) if node not in program.bound)


def _is_told(program: Program, node: Item) -> bool:
    """Whether a number only goes into a text, or into a call that is made for what it does, such as `print`."""
    for above in program.around(node):
        match above:
            case t.Formatted() | t.Expression():
                return True
            case t.Argument() | t.Call():
                continue
            case t.Binary(op="%" | "+"):
                continue
        return False
    return False


def _of_schedules(program: Program) -> Iterator[Hazard]:
    for node in program.nodes:
        if isinstance(node, t.Subscript) and node in program.bound and _is_groups_decay(node):
            line = program.line(node)
            yield Hazard(
                f"line {line} changes `weight_decay` after construction, for every group alike", Applicability.SHOWN
            )
            return


def _is_groups_decay(target: t.Subscript) -> bool:
    if not (isinstance(target.index, t.Const) and target.index.value == "weight_decay"):
        return False
    of = target.value.value if isinstance(target.value, t.Subscript) else target.value
    return "group" in (dotted(of) or "").lower()


# Calls that ask nothing of the order of what they are given.
_ORDER_IS_NOTHING = frozenset(
    "clip_grad_norm_ clip_grad_norm clip_grad_value_ clip_grad_value get_total_norm sum any all len max min set "
    "frozenset sorted".split()
)
_HANDS_ON = frozenset("list tuple iter chain from_iterable sum".split())


def _of_order(program: Program, own: set[str]) -> Iterator[Hazard]:
    """Parameters that are taken from all groups, one after the other: divided, they come in another order."""
    for node in program.nodes:
        if isinstance(node, t.Comprehension):
            kept = _flattens(node, own) and not _asks_no_order(program, node)
        elif isinstance(node, t.Call) and isinstance(node.func, t.Attribute) and node.func.attr in ("append", "extend"):
            kept = _collects(program, node, own) and not _is_used_in_any_order(program, node.func.value)
        else:
            continue
        if kept:
            line = program.line(node)
            yield Hazard(f"line {line} takes all parameters in the order of `param_groups`", Applicability.SHOWN)
            return


def _is_params(node: object) -> bool:
    """`group["params"]`"""
    return isinstance(node, t.Subscript) and isinstance(node.index, t.Const) and node.index.value == "params"


def _is_groups_of_another(node: t.Expr, own: set[str]) -> bool:
    """The groups of an optimizer, not those that a step of its own class goes over."""
    return _is_groups(node, own) and isinstance(node, t.Attribute) and _last(node.value) != "self"


def _flattens(node: t.Comprehension, own: set[str]) -> bool:
    if not any(_is_groups_of_another(clause.iter, own) for clause in node.clauses) or node.kind in ("set", "dict"):
        return False
    return _is_params(node.element) or any(_is_params(clause.iter) for clause in node.clauses)


def _collects(program: Program, call: t.Call, own: set[str]) -> bool:
    """Whether a call in a loop over the groups collects what it finds of their parameters, for all of them."""
    loops = [above for above in program.around(call) if isinstance(above, t.For)]
    outer = next((loop for loop in loops if _is_groups_of_another(loop.iter, own)), None)
    if outer is None or not isinstance(call.func, t.Attribute):
        return False
    one_by_one = any(_is_params(loop.iter) for loop in loops)
    if not (one_by_one or any(_is_params(argument.value) for argument in call.args)):
        return False
    kept = call.func.value
    return not isinstance(kept, t.Name) or all(node not in program.bound for node in program.names(kept.id, outer))


def _asks_no_order(program: Program, node: Item) -> bool:
    """Whether what becomes of a flat list of parameters is the same in any order."""
    for above in program.around(node):
        match above:
            case t.Argument() | t.Starred():
                continue
            case t.Call():
                name = _last(above.func)
                if name == "sum" and len(above.args) > 1:  # lists that are put together
                    continue
                if name in _ORDER_IS_NOTHING:
                    return True
                if name in _HANDS_ON:
                    continue
                return False
            case t.For() | t.Clause():
                return isinstance(above, t.For) or not _flattens_into_a_list(program, above)
            case t.Assign(targets=(target,)):
                return _is_used_in_any_order(program, target)
            case t.Expression():
                return True
        return False
    return False


def _flattens_into_a_list(program: Program, clause: t.Clause) -> bool:
    around = program.parents[clause]
    return not _asks_no_order(program, around)


def _is_used_in_any_order(program: Program, kept: t.Expr) -> bool:
    """Whether every use of a list that has a name is one that any order serves."""
    name = _last(kept)
    if not name:
        return False
    uses = [
        node
        for node in program.nodes
        if isinstance(node, (t.Name, t.Attribute)) and node not in program.bound and _last(node) == name
    ]
    return all(_is_collected(program, node) or _asks_no_order(program, node) for node in uses)


def _is_collected(program: Program, node: Item) -> bool:
    above = program.parents.get(node)
    return isinstance(above, t.Attribute) and above.attr in ("append", "extend")


def _of_names(program: Program) -> Iterator[Hazard]:
    """Groups that have a name, or another text of their own: divided, two of them have the same one."""
    for node in program.nodes:
        options: list[tuple[object, t.Expr]] = []
        if isinstance(node, t.DictDisplay):
            options = [(key.value, value) for key, value in node.items if isinstance(key, t.Const)]
        elif isinstance(node, t.Call) and _last(node.func) == "dict":
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


_A_VALUE_A_GROUP = {"LambdaLR": "lr_lambda", "MultiplicativeLR": "lr_lambda", "OneCycleLR": "max_lr"} | {
    "CyclicLR": "base_lr", "ReduceLROnPlateau": "min_lr"
}  # fmt: skip


# Functions of the program's own that are given the optimizer to restore it.
_RESUMES = re.compile(
    r"^_?(load|restore|resume|restart)(?!er)|_(load|restore|resume)(_|$)|load_?checkpoint", re.IGNORECASE
)


def _of_calls(program: Program, own: set[str]) -> Iterator[Hazard]:
    for node in program.nodes:
        if not isinstance(node, t.Call):
            continue
        name = _last(node.func)
        if name in _A_VALUE_A_GROUP:
            given = [a.value for a in node.args if a.keyword == _A_VALUE_A_GROUP[name]]
            given = given or [a.value for a in node.args if not a.keyword][1:2]
            values = [_bound(program, value) for value in given]
            if any(_is_sequence(value) and "param_groups" not in program.source(value) for value in values):
                line = program.line(node)
                yield Hazard(f"{name} on line {line} is given one value for each group", Applicability.SHOWN)
        elif name == "load_state_dict" and isinstance(node.func, t.Attribute):
            base = _last(node.func.value)
            if base in own or "optim" in base.lower():
                line = program.line(node)
                most = Applicability.SHOWN if _is_of_another(program, node, base) else Applicability.UNSAFE
                yield Hazard(
                    f"line {line} loads an optimizer state, which has as many groups as when it was saved", most
                )
        elif name == "state_dict" and isinstance(node.func, t.Attribute) and _last(node.func.value) in own:
            if _is_handed_on(program, node):
                line = program.line(node)
                yield Hazard(f"the state that line {line} takes is loaded again, into as many groups as it has")
        elif _RESUMES.search(name) and any(_last(a.value) in own for a in node.args if dotted(a.value)):
            line = program.line(node)
            yield Hazard(
                f"`{name}` on line {line} may load an optimizer state, which has as many groups as when it was saved"
            )


def _is_handed_on(program: Program, state: t.Call) -> bool:
    """Whether another optimizer of the file may load a state: given to it at once, or by a name."""
    kept = program.statement(state)
    names = {_last(target) for target in kept.targets} if isinstance(kept, t.Assign) else set[str]()
    return any(
        isinstance(node, t.Call)
        and _last(node.func) == "load_state_dict"
        and any(a.value is state or _last(a.value) in names - {""} for a in node.args)
        for node in program.nodes
    )


def _is_of_another(program: Program, load: t.Call, base: str) -> bool:
    """Whether the state that is loaded is one that the program takes from another optimizer."""
    return any(
        isinstance(node, t.Call)
        and isinstance(node.func, t.Attribute)
        and node.func.attr == "state_dict"
        and _last(node.func.value) != base
        for argument in load.args
        for node in program.below(_bound(program, argument.value))
    )


def _is_sequence(value: Item) -> bool:
    match value:
        case t.Display(kind="list" | "tuple") | t.Comprehension(kind="list"):
            return True
    return False


def _bound(program: Program, value: t.Expr) -> t.Expr:
    """What a name is bound to, or the expression itself."""
    return (program.binding(value) or value) if isinstance(value, t.Name) else value
