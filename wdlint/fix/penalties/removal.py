"""Taking an L2 term out of a program: from the squares outwards to where they join the loss.

What the term is multiplied with on the way is collected. Only what is certainly the term and nothing else goes;
where a step can't be told, nothing is taken out. Where its strength goes is decided in `moved`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from wdlint.facts import Edit
from wdlint.fix.leftovers import is_script
from wdlint.fix.lines import lines_out
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t

_SUMMED = frozenset(("sum", "fsum", "stack", "cat", "concat"))  # functions that only add up
_SAME = frozenset(("sum", "float", "double", "to", "cuda", "cpu", "squeeze", "view", "reshape", "flatten"))
_MEAN = frozenset(("mean",))  # what is taken out is told, what it amounts to is not
_SQUARES = frozenset(("pow", "square", "norm", "vector_norm", "dot"))
_TELLING = frozenset("print append info debug log update add_scalar write format item detach".split())
_DEEPEST = 40  # steps outwards


@dataclass(frozen=True, slots=True)
class Factor:
    """What the term is multiplied with, or divided by."""

    expr: t.Expr
    inverse: bool = False


@dataclass(slots=True)
class Removal:
    """What is to be done to take a term out, as far as it is known."""

    program: Program
    reduced: list[tuple[t.Expr, t.Expr]] = field(default_factory=list)  # a sum, and the part of it that stays
    gone: list[t.Statement] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)
    loop: t.For | t.Clause | None = None  # what goes over the parameters, if the squares stand in it
    joined: t.Statement | None = None  # where it joins the loss
    averaged: bool = False  # a mean is taken on the way: no strength of a decay follows from the factors

    def edits(self, kept: str = "") -> list[Edit]:
        """The edits; loops and conditions that have nothing left to do go too, and so do numbers that nothing asks for.

        `kept` is code that is written elsewhere: the names in it stay.
        """
        program = self.program
        gone = set(self.gone)
        gone |= {s for s in self._numbers(gone) if not re.search(rf"\b{s.owns[0]}\b", kept)}
        while emptied := {parent for statement in gone if (parent := _emptied(statement, gone)) is not None} - gone:
            gone |= emptied
        outermost = [s for s in gone if not any(around in gone for around in program.around(s))]
        edits = [program.edit(start, end, text) for start, end, text in lines_out(program, outermost, gone)]
        for whole, part in self.reduced:
            if not any(around in gone for around in program.around(whole)):
                plain = isinstance(part, (t.Name, t.Attribute, t.Call, t.Subscript, t.Const))
                span = program.bracketed(whole) if plain else program.span(whole)
                edits.append(program.edit(*span, program.source(part)))
        return edits

    def _numbers(self, gone: set[t.Statement]) -> set[t.Statement]:
        """The assignments of a constant to a name that is asked for in what goes alone."""
        program = self.program
        going = {n for statement in gone for n in program.below(statement)}
        for whole, part in self.reduced:
            going |= set(program.below(whole)) - set(program.below(part))
        found: set[t.Statement] = set()
        for name in (n for n in going if isinstance(n, t.Name) and n not in program.bound):
            mentions = list(program.names(name.id, program.scope(name)))
            stores = [program.parents[m] for m in mentions if m in program.bound]
            if len(stores) == 1 and isinstance(stores[0], t.Assign) and _is_idle(stores[0].value):
                alone = all(m in going for m in mentions if m not in program.bound)
                inner = not isinstance(program.scope(stores[0]), t.Module)
                if isinstance(stores[0].targets[0], t.Name) and alone and (inner or _may_go(program, name.id)):
                    found.add(stores[0])
        return found - gone


def _may_go(program: Program, name: str) -> bool:
    """Whether nobody else can ask for a name of the module: the file is a script, and nothing spells the name."""
    return is_script(program) and not any(isinstance(n, t.Const) and n.value == name for n in program.nodes)


def _is_idle(value: t.Expr | None) -> bool:
    """Whether an expression is a number, or gathers parameters and does nothing else."""
    match value:
        case t.Const():
            return True
        case t.Call(func=func):
            return _last(func) in ("parameters_to_vector", "parameters")
    return False


def _emptied(statement: t.Statement, gone: set[t.Statement]) -> t.Statement | None:
    """The loop or condition around a statement that is left with nothing to do."""
    parent = statement.block.parent
    left = (other for other in statement.block.statements if other not in gone)
    if isinstance(parent, (t.For, t.If, t.With)) and all(isinstance(parent, t.For) and is_guard(one) for one in left):
        if statement.block is parent.body and getattr(parent, "orelse", None) is None:
            return parent
    return None


def is_guard(statement: t.Stmt) -> bool:
    """Whether a statement only goes on with the next turn of a loop under a condition that does nothing itself."""
    if not isinstance(statement, t.If) or statement.orelse is not None or not _only_asks(statement.test):
        return False
    return all(isinstance(one, t.Jump) and one.kind in ("continue", "pass") for one in statement.body.statements)


def _only_asks(test: t.Expr) -> bool:
    match test:
        case t.Unary(operand=inner):
            return _only_asks(inner)
        case t.Boolean():
            return _only_asks(test.left) and _only_asks(test.right)
        case t.Compare():
            sides = (test.left, *(other for _, other in test.rest))
            return all(isinstance(side, (t.Const, t.Name, t.Attribute)) for side in sides)
    return isinstance(test, (t.Name, t.Attribute))


def removal(program: Program, place: tuple[int, int]) -> Removal | None:
    """How the term whose squares fill a span is taken out, or None where that can't be told."""
    filling = [n for n in program.nodes if isinstance(n, t.Node) and program.span(n) == place]
    if not filling or isinstance(filling[-1], (t.Statement, t.Argument, t.Parameter)):
        return None
    made = Removal(program)
    return made if _outwards(made, filling[-1], 0) else None  # type: ignore[arg-type]


def _outwards(made: Removal, node: t.Expr, steps: int) -> bool:
    """Go from the term to what holds it, until it joins the loss; false where a step can't be told."""
    program = made.program
    while (steps := steps + 1) < _DEEPEST:
        parent = program.parents[node]
        match parent:
            case t.Argument():
                call = program.parents[parent]
                if not isinstance(call, t.Call) or _last(call.func) not in _SUMMED | _SQUARES | _MEAN:
                    return False
                made.averaged = made.averaged or _last(call.func) in _MEAN
                node = call
            case t.Attribute():
                call = program.parents[parent]
                known = parent.attr in _SAME | _SQUARES | _MEAN
                if not isinstance(call, t.Call) or call.func is not parent or not known:
                    return False
                made.averaged = made.averaged or parent.attr in _MEAN
                node = call
            case t.Comprehension(kind="list" | "generator") if parent.element is node and len(parent.clauses) == 1:
                made.loop = made.loop or parent.clauses[0]
                node = parent
            case t.Display(kind="list") if len(parent.items) == 1:
                node = parent
            case t.Binary(op="*"):
                made.factors.append(Factor(_other(parent, node)))
                node = parent
            case t.Binary(op="/") if parent.left is node:
                made.factors.append(Factor(parent.right, inverse=True))
                node = parent
            case t.Binary(op="**") if parent.left is node and isinstance(parent.right, t.Const):
                node = parent
            case t.Binary(op="+"):
                statement, other = program.statement(parent), _other(parent, node)
                if isinstance(statement, t.Assign) and statement.value is parent and _again(statement, other):
                    return _added(made, statement, statement.targets[0], steps)
                if not _only_squares(other):
                    made.reduced.append((parent, other))
                    made.joined = statement
                    return _unscaled(program, parent)
                node = parent
            case t.AugAssign(op="+"):
                return _added(made, parent, parent.target, steps)
            case t.Assign(targets=(t.Name() as target,)) if parent.annotation is None:
                return _through_name(made, target, steps)
            case t.Return():
                return _through_call(made, parent, steps)
            case _:
                return False
    return False


def _other(binary: t.Binary, node: t.Expr) -> t.Expr:
    return binary.right if binary.left is node else binary.left


def _last(func: t.Expr) -> str:
    return func.attr if isinstance(func, t.Attribute) else func.id if isinstance(func, t.Name) else ""


def _again(statement: t.Assign, value: t.Expr) -> bool:
    """Whether a value is what a statement assigns to: `loss` of `loss = loss + term`."""
    return len(statement.targets) == 1 and dotted(value) is not None and dotted(value) == dotted(statement.targets[0])


def _only_squares(expr: t.Expr) -> bool:
    """Whether an expression is squares too, part of the same penalty, and no loss."""
    match expr:
        case t.Binary(op="+"):
            return _only_squares(expr.left) and _only_squares(expr.right)
        case t.Binary(op="*" | "/"):
            return _only_squares(expr.left) or _only_squares(expr.right)
        case t.Binary(op="**", right=t.Const(value=2)):
            return True
        case t.Call() if _last(expr.func) in _SQUARES:
            return True
        case t.Call(func=t.Attribute(attr="sum", value=inner), args=()):
            return _only_squares(inner)
    return False


# ---- statements, names and functions on the way


def _added(made: Removal, statement: t.Assign | t.AugAssign, target: t.Expr, steps: int) -> bool:
    """A statement that only adds the term: to a sum of its own, or to the loss."""
    program = made.program
    around = next((a for a in program.around(statement) if isinstance(a, (t.For, t.FunctionDef, t.While))), None)
    if isinstance(around, t.For):
        made.loop = made.loop or around
    if isinstance(target, t.Name) and _starts_empty(program, target):
        return _through_name(made, target, steps)
    made.gone.append(statement)
    made.joined = statement
    return not isinstance(target, t.Name) or _unscaled_name(program, target, statement)


def _starts_empty(program: Program, target: t.Name) -> bool:
    """Whether a name is bound to 0 and to nothing else, so that what is added to it is all that it holds."""
    stores = [program.parents[n] for n in program.names(target.id, program.scope(target)) if n in program.bound]
    values = [store.value for store in stores if isinstance(store, t.Assign) and store.value is not None]
    if not values or values[0] is not getattr(stores[0], "value", None):
        return False
    anew = (v for v in values if not any(isinstance(n, t.Name) and n.id == target.id for n in program.below(v)))
    return all(_is_zero(value) or _only_squares(value) for value in anew)


def _is_zero(expr: t.Expr) -> bool:
    match expr:
        case t.Const(value=value):
            return value is None or value == 0
        case t.Call() if _last(expr.func) in ("zeros", "zeros_like"):
            return True
        case t.Call(args=(first, *_)) if _last(expr.func) in ("tensor", "as_tensor", "float", "Tensor", "FloatTensor"):
            return _is_zero(first.value)
        case t.Call(func=t.Attribute(attr="to" | "cuda" | "float", value=inner)):
            return _is_zero(inner)
        case t.Display(items=(only,)):
            return _is_zero(only)
    return False


def _through_name(made: Removal, target: t.Name, steps: int) -> bool:
    """Follow a name that holds the term and nothing else to its only use in a loss."""
    program = made.program
    scope = program.scope(target)
    mentions = list(program.names(target.id, scope))
    stores = [program.parents[m] for m in mentions if m in program.bound]
    if any(program.scope(m) is not scope for m in mentions):
        return False
    filled = [s for s in stores if not (isinstance(s, t.Assign) and s.value is not None and _is_zero(s.value))]
    if len(filled) != 1 or not isinstance(filled[0], (t.Assign, t.AugAssign)):
        return False
    own = set(program.below(filled[0]))
    uses = [m for m in mentions if m not in program.bound and m not in own]
    into_loss = [use for use in uses if not _is_told(program, use)]
    if len(into_loss) != 1 or not _outwards(made, into_loss[0], steps):
        return False
    if len(uses) == 1:  # where it is told of elsewhere, it is still needed
        made.gone += [s for s in stores if isinstance(s, t.Statement)]
    return True


def _is_told(program: Program, use: t.Name) -> bool:
    """Whether a use only prints, logs or keeps a number."""
    for around in program.around(use):
        if isinstance(around, t.Formatted) or (isinstance(around, t.Attribute) and around.attr in _TELLING):
            return True
        if isinstance(around, t.Call) and _last(around.func) in _TELLING:
            return True
        if isinstance(around, t.Statement):
            return False
    return False


def _through_call(made: Removal, statement: t.Return, steps: int) -> bool:
    """Follow the value that a function of this file returns to the only call of it."""
    program = made.program
    function = program.scope(statement)
    if not isinstance(function, t.FunctionDef):
        return False
    calls = [n for n in program.nodes if isinstance(n, t.Call) and _last(n.func) == function.name]
    return len(calls) == 1 and program.scope(calls[0]) is not function and _outwards(made, calls[0], steps)


def _unscaled(program: Program, node: t.Expr) -> bool:
    """Whether a sum that the term is part of is the loss: nothing is added to a multiple of it later.

    A loss may be scaled as a whole (`loss / steps`), which changes no part against the others.
    """
    return _stays_unscaled(program, [(node, False)], {})


def _unscaled_name(program: Program, target: t.Name, statement: t.Statement) -> bool:
    covered: dict[tuple[int, str, bool], int] = {}
    return _stays_unscaled(program, _later_uses(program, target, statement, False, covered), covered)


def _stays_unscaled(
    program: Program, waiting: list[tuple[t.Expr, bool]], covered: dict[tuple[int, str, bool], int]
) -> bool:
    """Follow expressions, each with whether it is scaled, to where they end; every use of a name once."""
    while waiting:
        node, scaled = waiting.pop()
        for _ in range(_DEEPEST):
            parent = program.parents[node]
            match parent:
                case t.Binary(op="+" | "-"):
                    if scaled:
                        return False
                    node = parent
                case t.Binary(op="*" | "/"):
                    node, scaled = parent, True
                case t.Assign(targets=(t.Name() as target,)):
                    waiting += _later_uses(program, target, parent, scaled, covered)
                    break
                case t.AugAssign(op="+" | "-") if scaled:
                    return False
                case _:
                    break
        else:
            return False
    return True


def _later_uses(
    program: Program,
    target: t.Name,
    statement: t.Statement,
    scaled: bool,
    covered: dict[tuple[int, str, bool], int],
) -> list[tuple[t.Expr, bool]]:
    """The uses of a name after a statement, but those that were met before: `covered` holds from where on they were."""
    scope = program.scope(target)
    after = program.span(statement)[1]
    key = id(scope), target.id, scaled
    until = covered.get(key)
    if until is not None and until <= after:
        return []
    covered[key] = after
    uses = ((use, program.span(use)[0]) for use in program.loads(target.id, scope))
    return [(use, scaled) for use, start in uses if start >= after and (until is None or start < until)]
