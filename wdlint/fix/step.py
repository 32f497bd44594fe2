"""An optimizer's own step, made decoupled: its decay taken out of the gradient and put on the weight. Unsafe.

The decay is moved where it stands, so that the tests around it (no decay for vectors, none where it is 0) go on to
count. A change that the engine would still not read as decoupled is not offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Applicability, Coupling, FileFacts, Finding, Fix, OptimizerDefinition
from wdlint.fix.apply import applied
from wdlint.fix.lasting import lasting
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.optimizers.step.coupling import read_step
from wdlint.source.optimizers.step.value import is_decay
from wdlint.source.read import tree as t
from wdlint.source.read.parse import Unreadable, parse

BY_HAND = (
    "every result of the optimizer changes: the decay becomes `lr * weight_decay` of the weight itself, "
    "and its strength has to be tuned again"
)
_RATES = ("lr", "learning_rate")
_UNTRACKED = ("no_grad", "inference_mode", "_use_grad_for_differentiable", "_disable_dynamo_if_unsupported")


@dataclass(frozen=True, slots=True)
class _Addition:
    """`gradient + strength * weight` as a statement has it; `rest` is what it computes without the decay."""

    strength: t.Expr
    weight: t.Expr
    each: str = ""  # `torch._foreach_`, where lists of parameters are gone over at once
    rest: t.Expr | None = None


def step_fixes(finding: Finding, facts: FileFacts, program: Program, data: bytes) -> Iterator[Fix]:
    """The edit that decouples an optimizer class, if the class can be read after it and is decoupled then."""
    definition = next((d for d in facts.definitions if d.place == finding.place), None)
    if definition is None or definition.step_place is None or definition.switch:
        return
    statement = program.node_at(definition.step_place, t.Statement)
    addition = _addition(program, statement) if statement is not None else None
    if statement is None or addition is None:
        return
    rate = _rate(program, statement, addition.strength)
    weight = lasting(program, statement, addition.weight)
    if not rate or weight is None:
        return
    text = _decay(program, replace(addition, weight=weight), statement, rate)
    if addition.rest is not None and isinstance(statement, t.Assign):
        target, rest = program.source(statement.targets[0]), program.source(addition.rest)
        if target != rest:
            text += f"\n{program.indentation(statement)}{target} = {rest}"
    edit = program.replacing(statement, text)
    if _decoupled(definition, program.file, applied(program.file, data, [edit])):
        yield Fix("Let the decay act on the weight itself", Applicability.UNSAFE, (edit,), BY_HAND)


def _decoupled(definition: OptimizerDefinition, file: str, data: bytes) -> bool:
    """Whether the class, read again, keeps the decay out of the gradient."""
    try:
        module = parse(data, file)
    except Unreadable:
        return False
    name = definition.name.rsplit(".", 1)[-1]
    return any(
        read_step(statement, module).coupling is Coupling.DECOUPLED
        for statement in t.statements(module.scope.body)
        if isinstance(statement, t.ClassDef) and statement.name == name
    )


# ---- what the statement says


def _addition(program: Program, statement: t.Statement) -> _Addition | None:
    match statement:
        case t.AugAssign(op="+", value=value):
            return _product(value)
        case t.Expression(value=t.Call(func=t.Attribute(attr="add_" | "_foreach_add_")) as call):
            return _called(call)
        case t.Assign(targets=(_,), value=t.Call(func=t.Attribute()) as call):
            return _called(call)
        case t.Assign(targets=(_,), value=t.Binary(op="+", left=left, right=right)):
            for term, rest in ((right, left), (left, right)):
                found = _product(term)
                if found is not None:
                    return _Addition(found.strength, found.weight, rest=rest)
    return None


def _called(call: t.Call) -> _Addition | None:
    """`grad.add(p, alpha=wd)`, `grad.add(wd, p)`, `grad.add(p * wd)`, `torch.add(grad, …)`, `torch._foreach_add(…)`."""
    func = call.func
    if not isinstance(func, t.Attribute) or any(a.star for a in call.args):
        return None
    of_torch = dotted(func.value) == "torch"
    given = [a.value for a in call.args if not a.keyword]
    if func.attr in ("_foreach_add", "_foreach_add_") and of_torch:
        each = "torch._foreach_"
    elif func.attr in ("add", "add_"):
        each = ""
    else:
        return None
    rest = given.pop(0) if of_torch and given else func.value
    scale = next((a.value for a in call.args if a.keyword == "alpha"), None)
    if scale is not None and len(given) == 1:
        found = _pair(scale, given[0])
    elif len(given) == 2:
        found = _pair(*given)
    else:
        found = _product(given[0]) if len(given) == 1 and not each else None
    return _Addition(found.strength, found.weight, each, rest) if found is not None else None


def _product(expr: t.Expr) -> _Addition | None:
    """`wd * p`, `p * wd` or `p.mul(wd)`."""
    match expr:
        case t.Binary(op="*", left=left, right=right):
            return _pair(left, right) or _pair(right, left)
        case t.Call(func=t.Attribute(attr="mul", value=weight), args=(t.Argument(keyword=None, star="", value=by),)):
            return _pair(by, weight)
    return None


def _pair(strength: t.Expr, weight: t.Expr) -> _Addition | None:
    plain = dotted(weight)
    if plain is None or is_decay(plain.rsplit(".", 1)[-1]) or not _is_strength(strength):
        return None
    return _Addition(strength, weight)


def _is_strength(expr: t.Expr) -> bool:
    match expr:
        case t.Name(id=name) | t.Attribute(attr=name) | t.Subscript(index=t.Const(value=str(name))):
            return is_decay(name)
        case t.Call(func=t.Attribute(attr="get"), args=(t.Argument(value=t.Const(value=str(name))), *_)):
            return is_decay(name)
    return False


# ---- what is written


def _decay(program: Program, addition: _Addition, statement: t.Statement, rate: str) -> str:
    weight, strength = program.source(addition.weight), program.source(addition.strength)
    if addition.each:
        return f"{addition.each}mul_({weight}, 1 - {rate} * {strength})"
    scope = program.scope(statement)
    changed = {dotted(n) for n in program.below(scope) if isinstance(n, t.Attribute) and n.attr == "data"}
    if f"{weight}.data" in changed or not (weight.endswith(".data") or _is_untracked(program, statement, weight)):
        weight = f"{weight}.data"
    return f"{weight}.mul_(1 - {rate} * {strength})"


def _is_untracked(program: Program, statement: t.Statement, weight: str) -> bool:
    """Whether a weight may be changed in place at a statement: `torch.no_grad()`, or it is changed so beside it."""
    around = list(program.around(statement))
    if any(_switches_off(node) for node in around):
        return True
    for node in program.below(program.scope(statement)):
        if isinstance(node, t.Call) and isinstance(node.func, t.Attribute) and node.func.attr.endswith("_"):
            if dotted(node.func.value) == weight:
                return all(n in around for n in program.around(node) if isinstance(n, t.With))
    return False


def _switches_off(node: Item) -> bool:
    given: tuple[t.Expr, ...] = ()
    if isinstance(node, t.FunctionDef):
        given = node.decorators
    elif isinstance(node, t.With):
        given = tuple(value for value, _ in node.items)
    names = (value.func if isinstance(value, t.Call) else value for value in given)
    return any((dotted(name) or "").rsplit(".", 1)[-1] in _UNTRACKED for name in names)


def _rate(program: Program, statement: t.Statement, strength: t.Expr) -> str:
    """The learning rate as this place may write it: a name that is there, or the neighbour of the decay's option."""
    scope = program.scope(statement)
    around = set(program.around(statement))
    for name in _RATES:
        if isinstance(scope, t.FunctionDef) and any(p.name == name and not _is_none(p.default) for p in scope.params):
            return name
        for made in program.names(name, scope):
            if made in program.bound and program.span(made)[1] <= program.span(statement)[0]:
                if program.parents[program.statement(made)] in around and not _is_computed(program, made):
                    return name
    option = program.binding(strength) if isinstance(strength, t.Name) else strength
    if isinstance(option, t.Call) and isinstance(option.func, t.Attribute):
        return _neighbour(program, option.func.value, program.source(option.args[0]))
    if isinstance(option, t.Subscript):
        return _neighbour(program, option.value, program.source(option.index))
    if isinstance(option, t.Attribute):
        said = {dotted(node) for node in program.nodes if isinstance(node, t.Attribute)}
        return next((f"{dotted(option.value)}.{n}" for n in _RATES if f"{dotted(option.value)}.{n}" in said), "")
    return ""


def _is_none(default: t.Expr | None) -> bool:
    return isinstance(default, t.Const) and default.value is None


def _is_computed(program: Program, name: t.Name) -> bool:
    """Whether a name is bound to more than an option as it is: a rate with its sign turned, or corrected for a bias."""
    statement = program.statement(name)
    return isinstance(statement, t.Assign) and any(isinstance(n, (t.Unary, t.Binary)) for n in program.below(statement))


def _neighbour(program: Program, group: t.Expr, key: str) -> str:
    """`group["lr"]` beside `group["weight_decay"]`, if the class knows such an option."""
    within = next((node for node in program.around(group) if isinstance(node, t.ClassDef)), program.module)
    texts: set[object] = {node.value for node in program.below(within) if isinstance(node, t.Const)}
    texts |= {node.keyword for node in program.below(within) if isinstance(node, t.Argument)}
    rate = next((name for name in _RATES if name in texts), "")
    return f"{program.source(group)}[{key[0]}{rate}{key[0]}]" if rate else ""
