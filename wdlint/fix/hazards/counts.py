"""Groups that are counted, unpacked, found by number or by name, or gone over together with a list of values."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.groups import bound_to, is_groups, is_sequence, last_name
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t


def of_indices(program: Program, own: set[str], number: int) -> Iterator[Hazard]:
    """`opt.param_groups[0]`: what is read of the first group is as it was, its parameters apart."""
    for node in program.nodes:
        if not (isinstance(node, t.Subscript) and is_groups(node.value, own)):
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


def of_counts(program: Program, own: set[str]) -> Iterator[Hazard]:
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
        elif isinstance(node, t.Call) and any(is_groups(argument.value, own) for argument in node.args):
            counted = isinstance(program.parents[node], t.Compare)
            match last_name(node.func):
                case "enumerate" if _indexes(program, node):
                    line = program.line(node)
                case "len" if counted:
                    line = program.line(node)
                case "zip":
                    trust = [_paired(program, a.value) for a in node.args if not is_groups(a.value, own)]
                    line = 0 if all(one is None for one in trust) else program.line(node)
                    most = Applicability.SHOWN if Applicability.SHOWN in trust else Applicability.UNSAFE
        if line:
            yield Hazard(f"line {line} counts on the number of `param_groups`", most)
            return


def _has_one_a_group(value: t.Expr, own: set[str]) -> bool:
    """Groups themselves, or the learning rates that a schedule has for each of them."""
    return is_groups(value, own) or (isinstance(value, t.Call) and last_name(value.func) in ("get_last_lr", "get_lr"))


def _is_one_a_group(program: Program, side: t.Expr, own: set[str]) -> bool:
    """Whether this is a list of one value for each group."""
    made = bound_to(program, side)
    return isinstance(made, t.Comprehension) and made.kind == "list" and is_groups(made.clauses[0].iter, own)


def _paired(program: Program, value: t.Expr) -> Applicability | None:
    """How far a fix may go where groups are paired with this; None where it follows from the groups themselves."""
    made = bound_to(program, value)
    if isinstance(made, t.Call) or "param_groups" in program.source(made):
        return None
    if isinstance(made, t.Attribute):
        kept = list(_kept_as(program, made.attr))
        follows = not kept or any(isinstance(one, t.Call) or "param_groups" in program.source(one) for one in kept)
        return None if follows else Applicability.SHOWN
    return Applicability.SHOWN if is_sequence(made) else Applicability.UNSAFE


def _kept_as(program: Program, attribute: str) -> Iterator[t.Expr]:
    """What the file puts in attributes of a name; `self.a, self.b = x, y` one by one."""
    for node in program.nodes:
        if not isinstance(node, t.Assign) or node.value is None:
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, t.Display) and isinstance(node.value, t.Display):
                pairs = list(zip(target.items, node.value.items, strict=False))
            yield from (value for one, value in pairs if isinstance(one, t.Attribute) and one.attr == attribute)


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


def of_names(program: Program) -> Iterator[Hazard]:
    """Groups that have a name, or another text of their own: divided, two of them have the same one."""
    for node in program.nodes:
        options: list[tuple[object, t.Expr]] = []
        if isinstance(node, t.DictDisplay):
            options = [(key.value, value) for key, value in node.items if isinstance(key, t.Const)]
        elif isinstance(node, t.Call) and last_name(node.func) == "dict":
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
