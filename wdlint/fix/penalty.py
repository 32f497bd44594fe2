"""A penalty's strength moved to where it acts on the weights themselves. All of these fixes are unsafe.

The penalty is taken out (`removal`) and its strength goes into the optimizer that holds the parameters, where the
file makes it; otherwise into a step of decay beside the optimizer's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wdlint.facts import (
    Amount,
    Applicability,
    FileFacts,
    Finding,
    Fix,
    Kind,
    OptimizerUse,
    Origin,
    Penalty,
    Place,
    Sink,
)
from wdlint.fix.construction import lowered, site_of
from wdlint.fix.coupled import with_argument, with_class
from wdlint.fix.division import reach_fixes
from wdlint.fix.emit import quoted
from wdlint.fix.hazards.sharding import flattens
from wdlint.fix.leftovers import leftovers
from wdlint.fix.program import Program, dotted
from wdlint.fix.removal import Removal, is_guard, removal
from wdlint.fix.selection import conjunct, one_line
from wdlint.source.read import tree as t

LESS_DECAY = "the regularisation becomes weaker by the penalty's share; the optimizer's decay stays"
_TRAINING = frozenset(("optimizer", "training", "self.training", "model.training"))  # asked of every step alike
_OF_A_TENSOR = frozenset(
    "pow square norm sum mean data grad detach ndim dim size shape numel requires_grad view reshape flatten ravel abs "
    "mul t T is_leaf dtype device float".split()
)
_STEPPED = "the update rule changes: the decay acts on the weights, scaled by the learning rate, and has to be tuned"


def penalty_fixes(finding: Finding, facts: FileFacts, program: Program, style: str) -> Iterator[Fix]:
    """What can be done about a penalty, the best first."""
    penalty = next((p for p in facts.penalties if finding.place in (p.place, p.sink_place)), None)
    if penalty is None or penalty.power != 2:
        return
    taken = _taken(program, penalty)
    if taken is None:
        return
    if finding.code == "WD206" or penalty.decayed_by is not None:
        edits = taken.edits()
        edits += leftovers(program, edits, imports=True)
        yield Fix("Take the penalty out", Applicability.UNSAFE, tuple(edits), LESS_DECAY)
        return
    strength = _strength(program, penalty, taken)
    if strength is None:
        return
    yield from _into_optimizer(facts, program, penalty, taken, strength, style)
    yield from _beside_step(program, taken, strength)


def _taken(program: Program, penalty: Penalty) -> Removal | None:
    start, end = program.within(penalty.place)
    if penalty.sink is Sink.LOSS:
        return removal(program, (start, end))
    statement = next((n for n in program.nodes if isinstance(n, t.Statement) and program.span(n) == (start, end)), None)
    if statement is None:
        return None
    loop = next((a for a in program.around(statement) if isinstance(a, (t.For, t.FunctionDef))), None)
    return Removal(program, gone=[statement], loop=loop if isinstance(loop, t.For) else None, joined=statement)


# ---- strengths


@dataclass(frozen=True, slots=True)
class Strength:
    """The coupled strength that a penalty amounts to: `number` times what the expressions say."""

    number: float
    over: float  # the same with every expression's value, where all are written; 0 where they aren't
    expressions: tuple[t.Expr, ...]
    program: Program

    @property
    def text(self) -> str:
        """As code; what is multiplied is put in brackets where it needs them."""
        sources = [
            f"({self.program.source(e)})"
            if isinstance(e, (t.Binary, t.Conditional, t.Boolean))
            else self.program.source(e)
            for e in self.expressions
        ]
        if not sources or self.number != 1:
            sources.insert(0, _number(self.number))
        return " * ".join(sources)


def _number(value: float) -> str:
    """A strength as people write it: 0.01, and 2e-4 in place of 0.0002."""
    mantissa, exponent = f"{value:.9e}".split("e")
    small = 0 < value < 1e-3
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}" if small else f"{value:.10g}"


def _strength(program: Program, penalty: Penalty, taken: Removal) -> Strength | None:
    """The coupled strength: 2λ for `λ‖w‖²`, whose gradient is `2λw`; what is added to a gradient is it itself."""
    known = penalty.coefficient
    if penalty.sink is Sink.GRADIENT:
        expression = _written(program, taken.gone[0], known)
        if expression is None and (known.value is None or known.text):
            return None
        number = 1.0 if expression is not None else known.value or 1.0
        return Strength(number, _if_written(known), (expression,) if expression is not None else (), program)
    number, expressions = 2.0, []
    for factor in taken.factors:
        value = _constant(factor.expr)
        if value is not None and not (factor.inverse and value == 0):
            number = number / value if factor.inverse else number * value
        elif factor.inverse:
            return None
        else:
            pulled, rest = _constants(factor.expr)
            number *= pulled
            expressions += rest
    if not taken.factors:
        number *= _inner_constant(program, penalty)
    written = 2 * _if_written(known)
    all_told = [program.source(e) for e in expressions] == [known.text] and number == 2.0
    if not _is_square(program, penalty) and not all_told:  # what multiplies the squares elsewhere can't be read
        return Strength(written, written, (), program) if written else None
    if not expressions and written and abs(number - written) > 1e-9 * written:
        return None
    return Strength(number, written, tuple(expressions), program)


def _inner_constant(program: Program, penalty: Penalty) -> float:
    """The constant in a product that is a penalty as a whole: 0.01 of `0.01 * w @ w`."""
    start, end = program.within(penalty.place)
    nodes = [n for n in program.nodes if isinstance(n, t.Binary) and program.span(n) == (start, end)]
    match nodes[-1] if nodes else None:
        case t.Binary(op="@", left=left):
            return _constants(left)[0]
    return 1.0


def _if_written(amount: Amount) -> float:
    return amount.value if amount.value is not None and amount.origin is Origin.WRITTEN and not amount.varies else 0.0


def _constants(expr: t.Expr) -> tuple[float, list[t.Expr]]:
    """A product's constant part, and its other factors: `wd * (1. / 2.)` is 0.5 times `wd`."""
    value = _constant(expr)
    if value is not None:
        return value, []
    match expr:
        case t.Binary(op="*"):
            left, right = _constants(expr.left), _constants(expr.right)
            return left[0] * right[0], [*left[1], *right[1]]
        case t.Binary(op="/") if below := _constant(expr.right):
            above, rest = _constants(expr.left)
            return above / below, rest
    return 1.0, [expr]


def _constant(expr: t.Expr) -> float | None:
    match expr:
        case t.Const(value=bool()):
            return None
        case t.Const(value=int() | float() as value):
            return float(value)
        case t.Binary(op="*" | "/" | "**"):
            left, right = _constant(expr.left), _constant(expr.right)
            if left is None or right is None or (expr.op == "/" and right == 0):
                return None
            return left * right if expr.op == "*" else left / right if expr.op == "/" else float(left**right)
    return None


def _is_square(program: Program, penalty: Penalty) -> bool:
    """Whether the place of a penalty is that of the squares themselves, not of a call that leads to them."""
    start, end = program.within(penalty.place)
    nodes = [n for n in program.nodes if isinstance(n, t.Node) and program.span(n) == (start, end)]
    match nodes[-1] if nodes else None:
        case t.Binary():
            return True
        case t.Call(func=func):
            name = func.attr if isinstance(func, t.Attribute) else func.id if isinstance(func, t.Name) else ""
            return name in ("pow", "square", "norm", "vector_norm", "dot", "inner", "vdot", "matrix_norm", "sum")
    return False


def _written(program: Program, statement: t.Statement, amount: Amount) -> t.Expr | None:
    """The expression of a gradient's strength, found again by its text."""
    if not amount.text:
        return None
    named = (n for n in program.below(statement) if isinstance(n, (t.Name, t.Attribute, t.Subscript, t.Const)))
    return next((n for n in named if program.source(n) == amount.text), None)


# ---- into the optimizer


def _into_optimizer(
    facts: FileFacts, program: Program, penalty: Penalty, taken: Removal, strength: Strength, style: str
) -> Iterator[Fix]:
    """The strength as the decay of the one optimizer that holds the parameters, which has none so far."""
    holders = penalty.held_by or tuple(_groups_of(facts, program, taken))
    made = site_of(holders[0], facts, program, style) if len(holders) == 1 else None
    if made is None or made.others or flattens(program) or not _always(program, taken, strength):
        return
    if any(g.options or not _none_yet(g.amount) for use in made.uses for g in use.groups):
        return
    text = _seen_from(program, made.call, strength)
    changed = with_class(program, made.call, made.uses)
    if not text or changed is None:
        return
    title, class_edits, flags = changed
    edits = [*taken.edits(kept=text), *class_edits]
    given = next((a for a in made.call.args if a.keyword == "weight_decay"), None)
    if given is not None:
        edits.append(program.replacing(given.value, text))
    arguments = (*flags, *(() if given is not None else (f"weight_decay={text}",)))
    if arguments:
        edits.append(with_argument(program, made.call, ", ".join(arguments)))
    hazard = f"decoupled decay of {text} is not the same regularisation as the penalty and has to be tuned"
    if title == "SGD":
        hazard = "gains and biases decay no longer; the weights' gradient stays as it was"
    if any(use.inventory is None or _holds_exempt(use) for use in made.uses):
        divided = next((lowered(fix, made) for fix in reach_fixes(made)), None)
        if divided is None:
            return
        hazard = "; ".join(filter(None, (hazard, divided.hazard)))
        edits += divided.edits
    edits += leftovers(program, edits, imports=True)
    yield Fix(f"Move the penalty's strength into the decay of {title}", Applicability.UNSAFE, tuple(edits), hazard)


def _groups_of(facts: FileFacts, program: Program, taken: Removal) -> Iterator[Place]:
    """The optimizer over whose own groups a penalty goes: `for group in optimizer.param_groups`."""
    loops = (a for a in program.around(taken.joined) if isinstance(a, t.For)) if taken.joined is not None else ()
    owners = {dotted(a.iter.value) for a in loops if isinstance(a.iter, t.Attribute) and a.iter.attr == "param_groups"}
    for use in facts.uses:
        call = program.node_at(use.place, t.Call)
        statement = program.statement(call) if call is not None else None
        if isinstance(statement, t.Assign) and statement.value is call and dotted(statement.targets[0]) in owners:
            yield use.place


def _always(program: Program, taken: Removal, strength: Strength, step: t.Statement | None = None) -> bool:
    """Whether the penalty joins the loss on every way to the step, or only where its strength is not 0."""
    if taken.joined is None:
        return False
    stepped = set(program.around(step)) if step is not None else set()
    of_strength = {name for e in strength.expressions for name in _named(program, e)}
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


def _none_yet(amount: Amount) -> bool:
    return amount.value == 0 and amount.origin in (Origin.WRITTEN, Origin.OPTIMIZER_DEFAULT)


def _holds_exempt(use: OptimizerUse) -> bool:
    return use.inventory is not None and (use.inventory.holds(Kind.GAIN) or use.inventory.holds(Kind.BIAS))


def _seen_from(program: Program, at: t.Expr, strength: Strength) -> str:
    """The strength as it can be written at a place: by the same names where they are the same, else as a number."""
    names = [n for e in strength.expressions for n in program.below(e) if isinstance(n, t.Name)]
    if all(_same_name(program, name, at) for name in names):
        return strength.text
    return _number(strength.over) if strength.over else ""


def _same_name(program: Program, name: t.Name, at: t.Expr) -> bool:
    """Whether a name means at a place what it means where it stands."""
    here, there = _home(program, name.id, name), _home(program, name.id, at)
    if here is None:
        return False
    if here is not there:
        return _same_object(program, name, at)
    stores = [n for n in program.names(name.id, here) if n in program.bound]
    bound_before = all(program.span(n)[1] <= program.span(at)[0] for n in stores)
    return len(stores) <= 1 and bound_before


def _same_object(program: Program, name: t.Name, at: t.Expr) -> bool:
    """Whether a name is `self` in two methods of one class, and its attribute is set in one place alone."""
    attribute = program.parents[name]
    classes = [next((a for a in program.around(n) if isinstance(a, t.ClassDef)), None) for n in (name, at)]
    if not isinstance(attribute, t.Attribute) or classes[0] is None or classes[0] is not classes[1]:
        return False
    for node in (name, at):
        method = next((a for a in program.around(node) if isinstance(a, t.FunctionDef)), None)
        if method is None or not method.params or method.params[0].name != name.id:
            return False
    spelled = f"{name.id}.{attribute.attr}"
    stores = [n for n in program.bound if isinstance(n, t.Attribute) and dotted(n) == spelled]
    return len(stores) == 1


def _home(program: Program, name: str, at: t.Expr) -> t.FunctionDef | t.Lambda | t.Module | None:
    """The innermost scope around a place that binds a name."""
    for scope in program.around(at):
        if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == name for p in scope.params):
            return scope
        if isinstance(scope, (t.FunctionDef, t.Module)):
            for node in program.inside(scope):
                if isinstance(node, t.Name) and node.id == name and node in program.bound:
                    return scope
                if isinstance(node, t.Statement) and name in node.owns:
                    return scope
    return None


# ---- beside the step


def _beside_step(program: Program, taken: Removal, strength: Strength) -> Iterator[Fix]:
    """A step of decay over the same parameters, in front of the optimizer's own step in the same function."""
    step = _step_after(program, taken)
    if step is None or taken.joined is None or taken.loop is None or "torch" not in program.taken():
        return
    if not _always(program, taken, strength, step[0]):
        return
    function = program.scope(step[0])
    loop = taken.loop
    if program.scope(loop.iter) is not function or any(program.scope(e) is not function for e in strength.expressions):
        return
    target, tests = _parameter_of(program, loop)
    around = {n.id for n in _outer_targets(program, loop)}
    if target is None or any(n.id in around for n in program.below(loop.iter) if isinstance(n, t.Name)):
        return
    statement, optimizer = step
    indentation, unit = program.indentation(statement), program.unit
    condition = " and ".join([*tests, f"{target}.ndim >= 2"])
    rate = f"{optimizer}.param_groups[0][{quoted('lr', program)}]"
    lines = (
        "with torch.no_grad():",
        f"{unit}for {program.source(loop.target)} in {one_line(program.source(loop.iter))}:",
        f"{unit}{unit}if {condition}:",
        f"{unit}{unit}{unit}{target}.mul_(1 - {rate} * {strength.text})",
    )
    start = program.span(statement)[0]
    text = "".join(f"{line}\n{indentation}" for line in lines)
    edits = (*taken.edits(kept=text), program.edit(start, start, text))
    yield Fix("Decay the weights themselves, beside the optimizer's step", Applicability.UNSAFE, edits, _STEPPED)


def _outer_targets(program: Program, loop: t.For | t.Clause) -> Iterator[t.Name]:
    """The names that loops around a loop bind, which go along with it."""
    for around in program.around(loop) if isinstance(loop, t.For) else ():
        if isinstance(around, t.For):
            yield from (n for n in program.below(around.target) if isinstance(n, t.Name))


def _step_after(program: Program, taken: Removal) -> tuple[t.Expression, str] | None:
    """The one step of an optimizer that follows where the penalty joined, and the optimizer's expression."""
    joined = taken.joined
    if joined is None:
        return None
    found: list[tuple[t.Expression, str]] = []
    for node in program.inside(program.scope(joined)):
        if not (isinstance(node, t.Expression) and isinstance(node.value, t.Call)):
            continue
        call = node.value
        if program.span(node)[0] < program.span(joined)[1] or not program.begins_line(node):
            continue
        if not (isinstance(call.func, t.Attribute) and call.func.attr == "step"):
            continue
        stepped = call.args[0].value if "scaler" in (dotted(call.func.value) or "") and call.args else call.func.value
        name = dotted(stepped)
        if name is not None and "sched" not in name and "opt" in name.rsplit(".", 1)[-1].lower():
            found.append((node, name))
    return found[0] if len(found) == 1 else None


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
