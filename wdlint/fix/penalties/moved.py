"""A penalty's strength moved to where it acts on the weights themselves. All of these fixes are unsafe.

The penalty is taken out (`removal`) and its strength goes into the optimizer that holds the parameters, where the
file makes it; otherwise into a step of decay beside the optimizer's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import (
    Amount,
    Applicability,
    FileFacts,
    Finding,
    Fix,
    Group,
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
from wdlint.fix.hazards.sharding import flattens
from wdlint.fix.leftovers import leftovers
from wdlint.fix.penalties.beside_step import always, beside_step, group_loop
from wdlint.fix.penalties.removal import Removal, removal
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t

NO_DECAY = "gains and biases are regularised no longer; no weight was"
LESS_DECAY = "the regularisation becomes weaker by the penalty's share; the optimizer's decay stays"


def penalty_fixes(finding: Finding, facts: FileFacts, program: Program, style: str) -> Iterator[Fix]:
    """What can be done about a penalty, the best first."""
    penalty = next((p for p in facts.penalties if finding.place in (p.place, p.sink_place)), None)
    if penalty is None or penalty.power != 2:
        return
    taken = _taken(program, penalty)
    if taken is None:
        return
    again = finding.code == "WD206" or penalty.decayed_by is not None or _of_decayed_groups(facts, program, taken)
    if again or _over_exempt_alone(penalty):
        edits = taken.edits()
        edits += leftovers(program, edits, imports=True)
        yield Fix("Take the penalty out", Applicability.UNSAFE, tuple(edits), LESS_DECAY if again else NO_DECAY)
        return
    strength = _strength(program, penalty, taken) if not taken.averaged else None
    if strength is None:
        return
    yield from _into_optimizer(facts, program, penalty, taken, strength, style)
    if len(set(penalty.held_by)) < 2:  # of several optimizers, each has a learning rate of its own
        yield from beside_step(program, taken, strength.text, strength.expressions)


def _over_exempt_alone(penalty: Penalty) -> bool:
    """Whether a penalty goes over gains and biases and no weight: there is nothing whose decay it could become."""
    reached = penalty.inventory.parameters if penalty.inventory is not None else ()  # all of them, where it is told
    return bool(reached) and all(parameter.kind in (Kind.GAIN, Kind.BIAS) for parameter in reached)


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
    if made is None or made.others or flattens(program) or not always(program, taken, strength.expressions):
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


def _of_decayed_groups(facts: FileFacts, program: Program, taken: Removal) -> bool:
    """Whether a penalty goes over the groups of an optimizer, and every optimizer that the file makes decays."""
    owner = group_loop(program, taken.loop)
    return owner is not None and bool(facts.uses) and all(any(map(_is_more, use.decayed())) for use in facts.uses)


def _is_more(group: Group) -> bool:
    return group.amount.value is not None and not group.amount.latent


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
