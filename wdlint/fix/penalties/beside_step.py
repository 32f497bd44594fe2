"""A step of decay beside the optimizer's own: what a penalty did to the weights, done to them as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Applicability, Fix
from wdlint.fix.emit import quoted
from wdlint.fix.outline import Item
from wdlint.fix.penalties.removal import Removal, is_guard
from wdlint.fix.program import Program, dotted
from wdlint.fix.selection import conjunct, one_line
from wdlint.source.read import tree as t

_TRAINING = frozenset(("optimizer", "training", "self.training", "model.training"))  # asked of every step alike
_OF_A_TENSOR = frozenset(
    "pow square norm sum mean data grad detach ndim dim size shape numel requires_grad view reshape flatten ravel abs "
    "mul t T is_leaf dtype device float".split()
)
_STEPPED = "the update rule changes: the decay acts on the weights, scaled by the learning rate, and has to be tuned"


def beside_step(program: Program, taken: Removal, strength: str, expressions: Sequence[t.Expr]) -> Iterator[Fix]:
    """A step of decay over the same parameters, in front of the optimizer's own step in the same function."""
    step = _step_after(program, taken)
    if step is None or taken.joined is None or taken.loop is None or "torch" not in program.taken():
        return
    if not always(program, taken, expressions, step[0]):
        return
    function = program.scope(step[0])
    loop = taken.loop
    if program.scope(loop.iter) is not function or any(program.scope(e) is not function for e in expressions):
        return
    target, tests = _parameter_of(program, loop)
    statement, optimizer = step
    groups = group_loop(program, loop)
    around = {n.id for n in _outer_targets(program, groups or loop)}
    asked = loop.iter if groups is None else groups.iter
    if target is None or any(n.id in around for n in program.below(asked) if isinstance(n, t.Name)):
        return
    if isinstance(loop, t.Clause) and any(_is_used(program, name.id, function) for name in _bound(loop.target)):
        return
    indentation, unit = program.indentation(statement), program.unit
    condition = " and ".join([*tests, f"{target}.ndim >= 2"])
    group = f"{optimizer}.param_groups[0]" if groups is None else program.source(groups.target)
    loops = [
        one_line(f"for {program.source(one.target)} in {program.source(one.iter)}:") for one in (groups, loop) if one
    ]
    rate = f"{group}[{quoted('lr', program)}]"
    nested = ["with torch.no_grad():", *loops, f"if {condition}:", f"{target}.mul_(1 - {rate} * {strength})"]
    lines = [unit * depth + line for depth, line in enumerate(nested)]
    start = program.span(statement)[0]
    text = "".join(f"{line}\n{indentation}" for line in lines)
    edits = (*taken.edits(kept=text), program.edit(start, start, text))
    yield Fix("Decay the weights themselves, beside the optimizer's step", Applicability.UNSAFE, edits, _STEPPED)


def _outer_targets(program: Program, loop: t.For | t.Clause) -> Iterator[t.Name]:
    """The names that loops around a loop bind, which go along with it."""
    for around in program.around(loop) if isinstance(loop, t.For) else ():
        if isinstance(around, t.For):
            yield from (n for n in program.below(around.target) if isinstance(n, t.Name))


def _bound(target: t.Expr) -> list[t.Name]:
    return [one for one in (target.items if isinstance(target, t.Display) else (target,)) if isinstance(one, t.Name)]


def _is_used(program: Program, name: str, function: Item) -> bool:
    """Whether a name means something in a function outside of loops of its own, so that no statement may bind it."""
    if isinstance(function, t.FunctionDef) and any(p.name == name for p in function.params):
        return True
    return any(not _is_of_loop(program, mention) for mention in program.names(name, function))


def _is_of_loop(program: Program, mention: t.Name) -> bool:
    for around in program.around(mention):
        clauses = around.clauses if isinstance(around, t.Comprehension) else [around]
        for one in clauses:
            if isinstance(one, (t.For, t.Clause)) and any(n.id == mention.id for n in _bound(one.target)):
                return True
    return False


def _step_after(program: Program, taken: Removal) -> tuple[t.Expression, str] | None:
    """The one step of an optimizer that follows where the penalty joined, and the optimizer's expression.

    Of several, that in the block of the loop over the parameters, if it is the only one there.
    """
    joined = taken.joined
    if joined is None:
        return None
    found: list[tuple[t.Expression, str]] = []
    for node in program.inside(program.scope(joined)):
        if not (isinstance(node, t.Expression) and isinstance(node.value, t.Call)):
            continue
        call = node.value
        if program.span(node)[0] < program.span(joined)[1]:
            continue
        if not (isinstance(call.func, t.Attribute) and call.func.attr == "step"):
            continue
        stepped = call.args[0].value if "scaler" in (dotted(call.func.value) or "") and call.args else call.func.value
        name = dotted(stepped)
        if name is not None and "sched" not in name and "opt" in name.rsplit(".", 1)[-1].lower():
            found.append((node, name))
    beside = [one for one in found if isinstance(taken.loop, t.For) and one[0].block is taken.loop.block]
    nearest = beside if len(beside) == 1 else found
    return nearest[0] if len(nearest) == 1 and program.begins_line(nearest[0][0]) else None


def _parameter_of(program: Program, loop: t.For | t.Clause) -> tuple[str | None, Sequence[str]]:
    """The name by which a loop goes over parameters, and what it tests of them; None where that can't be told."""
    match loop.target:
        case t.Name(id=name) | t.Display(items=(_, t.Name(id=name))):
            pass
        case _:
            return None, ()
    around = loop if isinstance(loop, t.For) else program.parents[loop]
    uses = (program.parents[use] for use in program.names(name, around))
    if any(isinstance(use, t.Attribute) and use.attr not in _OF_A_TENSOR for use in uses):
        return None, ()  # what it goes over holds parameters
    if isinstance(loop, t.Clause):
        return name, [conjunct(program, test) for test in loop.ifs]
    tests, body = [], loop.body
    while len(body.statements) > 1 and is_guard(body.statements[0]):
        first = body.statements[0]
        assert isinstance(first, t.If)
        tests.append(_otherwise(program, first.test))
        body = t.Block(body.statements[1:], body.parent)
    while len(body.statements) == 1 and isinstance(body.statements[0], t.If) and body.statements[0].orelse is None:
        tests.append(conjunct(program, body.statements[0].test))
        body = body.statements[0].body
    return (name, tests) if len(body.statements) == 1 else (None, ())


def _otherwise(program: Program, test: t.Expr) -> str:
    """What holds where a test does not."""
    match test:
        case t.Unary(op="not", operand=inner):
            return conjunct(program, inner)
        case t.Compare(rest=((("is" | "is not") as op, right),)):
            other = "is not" if op == "is" else "is"
            return f"{program.source(test.left)} {other} {program.source(right)}"
    text = program.source(test)
    return f"not ({text})" if isinstance(test, (t.Boolean, t.Compare)) else f"not {text}"


def always(program: Program, taken: Removal, expressions: Sequence[t.Expr], step: t.Statement | None = None) -> bool:
    """Whether the penalty joins the loss on every way to the step, or only where its strength is not 0."""
    if taken.joined is None:
        return False
    stepped = set(program.around(step)) if step is not None else set()
    of_strength = {name for e in expressions for name in _named(program, e)}
    for around in program.around(taken.joined):
        if isinstance(around, t.FunctionDef):
            return True
        if isinstance(around, t.If) and around not in stepped:
            if any(outer is taken.loop for outer in program.around(around)):
                continue  # a test of the parameter, which goes with the loop
            if not set(_named(program, around.test)) <= of_strength | _TRAINING:
                return False
    return True


def _named(program: Program, expr: t.Expr) -> Iterator[str]:
    """What an expression asks for, by whole dotted names: `args.l2` of `args.l2 > 0`."""
    name = dotted(expr)
    if name is not None:
        yield name
        return
    for part in program.children[expr]:
        yield from _named(program, part.value if isinstance(part, t.Argument) else part)  # type: ignore[arg-type]


def group_loop(program: Program, loop: t.For | t.Clause | None) -> t.For | None:
    """`for group in optimizer.param_groups` around `for p in group["params"]`, where it does nothing else."""
    match loop:
        case t.For(iter=t.Subscript(value=t.Name(id=name), index=t.Const(value="params"))):
            around = loop.block.parent
            if (
                not isinstance(around, t.For)
                or around.body.statements != [loop]
                or not isinstance(around.iter, t.Attribute)
            ):
                return None
            named = isinstance(around.target, t.Name) and around.target.id == name
            return around if named and around.iter.attr == "param_groups" and dotted(around.iter.value) else None
    return None
