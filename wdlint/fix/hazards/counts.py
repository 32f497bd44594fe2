"""What a program does with the groups of an optimizer: all that is not known to do for any number of them is a hazard.

Harmless is what treats each group alike: a loop over them that stops at none, a sum, what is printed. Groups that are
counted, unpacked, found by a number, or gone over together with a list of values are others after a fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Applicability
from wdlint.fix.hazards.elsewhere import Imports, defined
from wdlint.fix.hazards.groups import Names, bound_to, is_groups, is_sequence
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

# Calls that make one of all that they are given, in any order and number.
_OF_ALL = frozenset("sum any all max min set frozenset print len str repr clip_grad_norm_ clip_grad_value_".split())
_ONE_A_GROUP = frozenset(("get_last_lr", "get_lr"))  # of a schedule


@dataclass(frozen=True, slots=True)
class Had:
    """What a program's groups were: how many, and where names that it imports lead."""

    number: int
    imports: Imports | None = None


def of_uses(program: Program, names: Names, had: Had, within: Item | None = None) -> Iterator[Hazard]:
    """The first thing that a program does with the groups that may be otherwise with more of them.

    What a fix can take away is told, too, and goes before it.
    """
    for node in program.below(within or program.module):
        found: Iterator[Hazard] = iter(())
        if isinstance(node, t.Expr) and is_groups(node, names) and node not in program.bound:
            found = _of_mention(program, node, had, 0)
        elif isinstance(node, t.Call) and last_part(node.func) in _ONE_A_GROUP:
            found = _of_values(program, node, 0)
        for hazard in found:
            yield hazard
            if not hazard.guarded_at:
                return


def _counts(program: Program, node: Item, most: Applicability = Applicability.SHOWN) -> Hazard:
    return Hazard(f"line {program.line(node)} counts on the number of `param_groups`", most)


def _of_mention(program: Program, node: t.Expr, had: Had, depth: int) -> Iterator[Hazard]:
    """What may be otherwise where an expression stands that is the groups, or a list of them."""
    above = program.parents[node]
    if isinstance(above, (t.Argument, t.Starred)):
        node, above = (above, program.parents[above])  # type: ignore[assignment]
    match above:
        case t.For():
            yield from _of_loop(program, above)
        case t.Clause():
            yield from _of_loop(program, above)
            yield from _of_list(program, program.parents[above])
        case t.Subscript() if above.value is node:
            yield from _of_number(program, above, had.number)
        case t.Call() if node is not above.func:
            yield from _of_call(program, above, node, had, depth)
        case t.Assign(targets=(t.Name(id=name),)) if above.value is node and depth < 3:
            scope = program.scope(above)
            for use in program.names(name, scope if isinstance(scope, t.FunctionDef) else program.module):
                if use not in program.bound:
                    yield from _of_mention(program, use, had, depth + 1)
        case t.Assign(targets=(t.Attribute(attr="param_groups"),)) | t.Expression() | t.Formatted():
            pass
        case t.Return() if isinstance(scope := program.scope(above), t.FunctionDef) and scope.name == "param_groups":
            pass
        case t.If() | t.Assert() | t.While() | t.Unary(op="not") | t.Boolean():
            pass
        case t.Attribute(attr="append" | "extend"):
            pass
        case t.Binary(op="+"):  # a list of the groups of several optimizers
            yield from _of_mention(program, above, had, depth + 1)
        case _:
            yield _counts(program, above)


def _of_call(program: Program, call: t.Call, given: Item, had: Had, depth: int) -> Iterator[Hazard]:
    match last_part(call.func):
        case "enumerate" | "zip" as name:
            if name == "enumerate" and _indexes(program, call):
                yield _counts(program, call)
            trust = [_paired(program, a.value) for a in call.args if a is not given] if name == "zip" else []
            if any(one is not None for one in trust):
                most = Applicability.SHOWN if Applicability.SHOWN in trust else Applicability.UNSAFE
                yield _counts(program, call, most)
            loop = program.parents[call]
            if isinstance(loop, (t.For, t.Clause)):
                yield from _of_loop(program, loop)
        case "len":
            if isinstance(program.parents[call], t.Compare):
                yield _counts(program, call)
        case "list" | "tuple" | "iter" | "reversed":
            yield from _of_mention(program, call, had, depth + 1)
        case "next" | "map" | "filter" | "sorted":
            if not _is_of_all(program, call):
                yield _counts(program, call)
        case name:
            if name not in _OF_ALL and not isinstance(program.parents[call], (t.Expression, t.Assign, t.Return)):
                yield _counts(program, call)
            elif depth < 3:
                yield from _of_parameter(program, call, given, had, depth)


def _of_parameter(program: Program, call: t.Call, given: Item, had: Had, depth: int) -> Iterator[Hazard]:
    """What a function of the project does with the groups that it is given."""
    found = defined(program, call.func, had.imports)
    if found is None:
        return
    where, function = found
    if not isinstance(function, t.FunctionDef):
        return
    named = given.keyword if isinstance(given, t.Argument) else None
    if named is None:
        at = next((i for i, a in enumerate(call.args) if a is given), len(function.params))
        named = function.params[at].name if at < len(function.params) else ""
    for use in where.names(named, function):
        if use not in where.bound:
            for hazard in _of_mention(where, use, had, depth + 1):
                elsewhere = where.file != program.file
                yield replace(hazard, reason=f"in {where.file}, {hazard.reason}") if elsewhere else hazard


def _of_number(program: Program, found: t.Subscript, number: int) -> Iterator[Hazard]:
    """`opt.param_groups[0]`: what is read of the first group is as it was, its parameters apart."""
    above = program.parents.get(found)
    asked = above.index if isinstance(above, t.Subscript) and above.value is found else None
    key = asked.value if isinstance(asked, t.Const) else None
    line = program.line(found)
    if above in program.bound or key is None:
        yield Hazard(f"line {line} changes one of `param_groups` by its index", Applicability.SHOWN)
        return
    if key == "params":  # paired with a model's parameters it would come out too short, or silently wrong
        yield Hazard(f"line {line} takes the parameters of one of `param_groups`", Applicability.SHOWN)
        return
    first = isinstance(found.index, t.Const) and found.index.value == 0
    if not (first or number == 1) or (key == "weight_decay" and not first):
        yield Hazard(f"line {line} reads one of `param_groups` by its index, which is another one after the fix")


# ---- loops


def _of_loop(program: Program, loop: t.For | t.Clause) -> Iterator[Hazard]:
    """What a loop does that goes over the groups: it may not stop at one, keep one, or give all of them one decay."""
    around: Item = loop if isinstance(loop, t.For) else program.parents[loop]
    names = {n.id for n in program.below(loop.target) if isinstance(n, t.Name)}
    uses = [use for name in names for use in program.names(name, around) if use not in program.bound]
    writes = False
    for use in uses:
        above = program.parents[use]
        match above:
            case t.Subscript(index=t.Const(value=key)) if above.value is use:
                writes = writes or above in program.bound
                if key == "weight_decay":
                    yield from _of_decay(program, above)
                elif key == "params" and isinstance(loop, t.For):
                    yield from _of_parameters(program, above)
            case t.Subscript() if above in program.bound:
                yield _alike(program, above)
            case t.Attribute(attr="update" | "__setitem__"):
                writes = True
                update = program.parents[above]
                if isinstance(update, t.Call) and _may_set_decay(program, update):
                    yield _alike(program, update)
            case t.Return() | t.Yield() | t.Assign():
                yield _counts(program, above)
    if isinstance(loop, t.For) and writes:
        for node in program.below(loop):
            if isinstance(node, (t.Return, t.Jump)) and getattr(node, "kind", "break") == "break":
                if next(a for a in program.around(node) if isinstance(a, (t.For, t.While))) is loop:
                    yield _counts(program, node)


def _may_set_decay(program: Program, update: t.Call) -> bool:
    """Whether what a group is updated with may hold a decay."""
    for argument in update.args:
        if isinstance(argument.value, t.Name) and _grows(program, argument.value):
            return True
        match bound_to(program, argument.value) if not argument.keyword else argument.value:
            case _ if argument.keyword and not argument.star:
                given: list[object] = [argument.keyword]
            case t.DictDisplay(items=items) if all(isinstance(key, t.Const) for key, _ in items):
                given = [key.value for key, _ in items if isinstance(key, t.Const)]
            case t.Call(func=t.Name(id="dict"), args=args) if all(a.keyword for a in args):
                given = [a.keyword for a in args]
            case t.Const(value=key):
                given = [key]
            case _:
                return True
        if "weight_decay" in given:
            return True
    return False


def _grows(program: Program, name: t.Name) -> bool:
    """Whether something is put into what a name holds, or a method of it is called."""
    for mention in program.names(name.id, program.scope(name)):
        above = program.parents[mention]
        if isinstance(above, t.Attribute) or (isinstance(above, t.Subscript) and above in program.bound):
            return True
    return False


_MEASURE_ALL = frozenset("clip_grad_norm_ clip_grad_norm get_total_norm parameters_to_vector".split())


def _of_parameters(program: Program, held: t.Subscript) -> Iterator[Hazard]:
    """Something measured over `group["params"]`, and so for each group apart."""
    above = program.parents[held]
    if isinstance(above, t.Assign) and isinstance(above.targets[0], t.Name):
        uses: list[Item] = list(program.loads(above.targets[0].id, program.scope(above)))
    else:
        uses = [held]
    for use in uses:
        call = program.parents[program.parents[use]] if isinstance(program.parents[use], t.Argument) else None
        if isinstance(call, t.Call) and last_part(call.func) in _MEASURE_ALL:
            reason = f"line {program.line(call)} measures the gradients of each of `param_groups` apart"
            yield Hazard(reason)
            return


def _alike(program: Program, node: Item) -> Hazard:
    line = program.line(node)
    reason = f"line {line} changes `weight_decay` after construction, for every group alike"
    return Hazard(reason, Applicability.SHOWN, guarded_at=line)


def _of_decay(program: Program, decay: t.Subscript) -> Iterator[Hazard]:
    """What is done with `group["weight_decay"]`, which is 0 for one of the groups after a fix."""
    above = program.parents[decay]
    if decay in program.bound:
        if isinstance(above, t.AugAssign) and above.op in ("*", "/"):
            return
        of_itself = isinstance(above, t.Assign) and above.value is not None and _asks_decay(program, above.value)
        tests = (a.test for a in program.around(decay) if isinstance(a, t.If))
        if not of_itself and not any(_asks_decay(program, test) for test in tests):
            yield _alike(program, decay)
    elif isinstance(above, t.Compare) and not any(
        isinstance(side, t.Const) and side.value == 0 for side in (above.left, *(side for _, side in above.rest))
    ):
        yield Hazard(f"line {program.line(above)} compares the decay of every group", Applicability.SHOWN)
    elif isinstance(above, t.Binary) and above.op in ("/", "//", "%") and above.right is decay:
        yield Hazard(f"line {program.line(above)} divides by the decay of every group", Applicability.SHOWN)


def _asks_decay(program: Program, expr: t.Expr) -> bool:
    """Whether an expression asks for a group's decay, or for what else tells groups apart."""
    return any(isinstance(n, t.Const) and isinstance(n.value, str) and n.value != "lr" for n in program.below(expr))


# ---- lists of one value a group


def _of_list(program: Program, made: Item) -> Iterator[Hazard]:
    """What is done with a list that has one value for each group."""
    if not isinstance(made, t.Comprehension) or made.kind == "set" or len(made.clauses) > 1:
        return  # of parameters: see `order`
    if _is_of_all(program, made):
        return
    if made.kind == "generator" and not isinstance(program.parents[made], t.Argument):
        yield _counts(program, program.parents[made])
    else:
        yield from _of_values(program, made, 0)


_OF_ONE_SHAPE = frozenset("tensor as_tensor array asarray stack float int FloatTensor Tensor".split())


def _of_values(program: Program, node: t.Expr, depth: int) -> Iterator[Hazard]:
    """What asks how many there are of the values in a list that has one for each group."""
    above = program.parents[node]
    if isinstance(above, t.Argument):
        call, spread = program.parents[above], above.star == "*"
        if spread and isinstance(call, t.Call) and last_part(call.func) not in (*_OF_ALL, "format", "append"):
            yield _counts(program, call)
        above = call
    match above:
        case t.Compare() | t.Assign(targets=(t.Display(), *_)):
            yield _counts(program, above)
        case t.Assign(targets=(t.Name() as name,)) if above.value is node and depth < 3:
            for use in program.loads(name.id, program.scope(above)):
                yield from _of_values(program, use, depth + 1)
        case t.Call(func=t.Attribute(value=t.Name() as kept, attr="append")) if depth < 3:
            for use in program.loads(kept.id, program.scope(above)):
                yield from _of_values(program, use, depth + 1)
        case t.Call() if last_part(above.func) in _OF_ONE_SHAPE:
            yield _counts(program, above)
        case t.Call() if last_part(above.func) in ("tuple", "list") and depth < 3:
            yield from _of_values(program, above, depth + 1)
        case t.Binary(op="%") if above.right is node:
            yield _counts(program, above)


def _is_of_all(program: Program, node: Item) -> bool:
    above = program.parents[node]
    if isinstance(above, t.Argument):
        above = program.parents[above]
    return isinstance(above, t.Formatted) or (isinstance(above, t.Call) and last_part(above.func) in _OF_ALL)


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
