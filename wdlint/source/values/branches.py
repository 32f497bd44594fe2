"""Which way a program goes at its tests: values that belong to one branch are read together.

`if divide: parameters, strength = groups(net), 0.0` / `else: parameters = net.parameters()` gives two
parameters and two strengths, of which two pairs exist and not four. A `Way` says how some tests of one
scope come out; read along a way, every value is that of the branches that it takes. A test is known
again by its words and by what has bound their names, wherever it stands.

Along a way only tests of its own scope are settled. How statements follow each other is in `flow`, what
tests come to by themselves in `arithmetic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Collection,
    Context,
    Frame,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    Unknown,
    bare,
)

_FORKS = 5  # tests that are told apart
_WAYS = 8  # combinations of their outcomes that are read
_NAMES = 40  # names whose origin is followed
_OTHER_OPTIONS = frozenset(
    "alpha amsgrad beta betas capturable centered eps foreach fused maximize momentum nesterov".split()
)

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How tests of a scope come out.

    `defaults` says that no test goes against what the defaults of options and arguments make of it, `shown`
    that they decide every test: this is the way that the program goes by itself.
    """

    scope: t.Scope
    outcomes: Mapping[Key, bool] = field(default_factory=dict)
    equal: Mapping[Key, t.Constant] = field(default_factory=dict)  # what must be this constant
    defaults: bool = True
    shown: bool = True

    def told(self, evaluator: Evaluation, test: t.Expr, context: Context) -> bool | None:
        """What the way says of a test, None where it says nothing."""
        if context.frame.scope is not self.scope or not self.outcomes:
            return None
        key = _key(evaluator, test, context)
        found = self.outcomes.get(key)
        if found is not None:
            return found
        match test:
            case t.Unary(op="not"):
                inner = self.told(evaluator, test.operand, context)
                return None if inner is None else not inner
            case t.Boolean():
                sides = [self.told(evaluator, side, context) for side in (test.left, test.right)]
                absorbing = test.op == "or"
                if absorbing in sides:
                    return absorbing
                return None if None in sides else not absorbing
            case t.Compare(rest=((op, t.Const(value=constant)),)) if op in ("==", "!=") and self.equal:
                held = self.equal.get(_key(evaluator, test.left, context), ...)
                return None if held is ... else (held == constant) is (op == "==")
            case t.Compare(rest=((op, t.Display(items=items)),)) if op in ("in", "not in") and self.equal:
                held = self.equal.get(_key(evaluator, test.left, context), ...)
                constants = [item.value for item in items if isinstance(item, t.Const)]
                if held is ... or len(constants) < len(items):
                    return None
                return (held in constants) is (op == "in")
            case _:
                return None

    def taking(self, evaluator: Evaluation, test: t.Expr, truth: bool, context: Context) -> Way:
        """The way on which a test comes out so, too, and with it what follows from that."""
        outcomes, equal = dict(self.outcomes), dict(self.equal)
        for part, outcome in _parts(test, truth):
            outcomes[_key(evaluator, part, context)] = outcome
            if isinstance(part, t.Compare) and len(part.rest) == 1 and isinstance(part.rest[0][1], t.Const):
                if (part.rest[0][0], outcome) in (("==", True), ("!=", False)):
                    equal[_key(evaluator, part.left, context)] = part.rest[0][1].value
        return replace(self, outcomes=outcomes, equal=equal)

    def passes(self, evaluator: Evaluation, binding: t.Stmt, statement: t.Stmt | None, frame: Frame) -> bool:
        """Whether a binding in a branch certainly happened before a statement."""
        if frame.scope is not self.scope or binding.block.parent is None:
            return False
        outside = {id(block) for block in flow.ancestors(statement)} if statement is not None else set()
        for block in flow.ancestors(binding):
            parent = block.parent
            if id(block) in outside or parent is None:
                return True
            if isinstance(parent, t.If):
                if self.told(evaluator, parent.test, frame.at(parent)) is not (block is parent.body):
                    return False
            elif not isinstance(parent, t.With):
                return False
        return True


def _parts(test: t.Expr, truth: bool) -> Iterator[tuple[t.Expr, bool]]:
    """A test and the parts of it that its outcome decides."""
    yield test, truth
    if isinstance(test, t.Unary) and test.op == "not":
        yield from _parts(test.operand, not truth)
    elif isinstance(test, t.Boolean) and truth is (test.op == "and"):
        yield from _parts(test.left, truth)
        yield from _parts(test.right, truth)


def _key(evaluator: Evaluation, expr: t.Expr, context: Context) -> Key:
    """The same for two expressions in the same words whose names have the same bindings."""
    bindings: list[object] = []
    scope = context.frame.scope
    for node in syntax.walk(expr):
        if isinstance(node, t.Name) and node.id in scope.bound:
            reach = evaluator.reach(node.id, context.statement, scope)
            bindings.append((node.id, *(id(b) for b in reach.bindings), *(id(c) for c, _ in reach.changes)))
    return (_spelled(expr), *bindings)


def _spelled(expr: t.Expr) -> object:
    match expr:
        case t.Name():
            return expr.id
        case t.Const():
            return type(expr.value).__name__, expr.value
        case t.Attribute():
            return _spelled(expr.value), ".", expr.attr
        case t.Subscript():
            return _spelled(expr.value), "[]", _spelled(expr.index)
        case t.Unary():
            return expr.op, _spelled(expr.operand)
        case t.Boolean() | t.Binary():
            return _spelled(expr.left), expr.op, _spelled(expr.right)
        case t.Compare():
            return (_spelled(expr.left), *((op, _spelled(other)) for op, other in expr.rest))
        case t.Call():
            return _spelled(expr.func), "()", *((a.keyword, a.star, _spelled(a.value)) for a in expr.args)
        case t.Display():
            return expr.kind, *map(_spelled, expr.items)
        case _:
            return id(expr)


# ---- the ways to a statement


class Following(Evaluation, Protocol):
    """An evaluator that can be asked along one way."""

    def following(self, way: Way) -> AbstractContextManager[None]: ...


def ways(evaluator: Evaluation, context: Context, read: Sequence[t.Expr]) -> list[Way]:
    """The ways to a statement that make a difference to some expressions in it; empty where it can't be reached.

    The tests around the statement come out as they must for it to run. One way means that nothing else is open.
    """
    scope, statement = context.frame.scope, context.statement
    start = Way(scope)
    if statement is None:
        return [start]
    around = list(flow.guards(statement))
    if any(_never(evaluator, test, truth, context.frame.at(branch)) for test, truth, branch in around):
        return []
    forks = _forks(evaluator, context, read, {id(branch) for _, _, branch in around}) if scope.kind != "class" else []
    if not forks or len(forks) > _FORKS:
        return [start]
    concerned = {name for test, _ in forks for name in _names(test)}
    for test, truth, branch in around:
        if concerned.intersection(_names(test)):
            start = start.taking(evaluator, test, truth, context.frame.at(branch))
    known: dict[object, Way] = evaluator.memo("ways")
    found = islice(_combined(evaluator, start, forks), _WAYS)
    return [known.setdefault((id(scope), frozenset(way.outcomes.items())), way) for way in found]


def _never(evaluator: Evaluation, test: t.Expr, truth: bool, context: Context) -> bool:
    """Whether what the calls of a function give its arguments rules out that a test on them comes out so."""
    definition = context.frame.scope.definition
    parameters = {p.name for p in definition.params} if isinstance(definition, t.FunctionDef) else set()
    if not parameters.intersection(_names(test)):
        return False
    return arithmetic.truth(evaluator, test, context) is (not truth)


def _names(expr: t.Expr) -> set[str]:
    return {node.id for node in syntax.walk(expr) if isinstance(node, t.Name)}


def _combined(evaluator: Evaluation, way: Way, forks: Sequence[tuple[t.Expr, Context]]) -> Iterator[Way]:
    """Every way through some tests, the one that the defaults take first."""
    if not forks:
        yield way
        return
    (test, context), rest = forks[0], forks[1:]
    told = way.told(evaluator, test, context)
    if told is None:
        told = arithmetic.truth(evaluator, test, context)
    if told is not None:
        yield from _combined(evaluator, way.taking(evaluator, test, told, context), rest)
        return
    usual = arithmetic.truth(evaluator, test, context, inclined=True)
    for outcome in (True, False) if usual is None else (usual, not usual):
        taken = way.taking(evaluator, test, outcome, context)
        usually = usual is None or outcome is usual
        onwards = replace(taken, defaults=way.defaults and usually, shown=way.shown and outcome is usual)
        yield from _combined(evaluator, onwards, rest)


def _forks(
    evaluator: Evaluation, context: Context, read: Iterable[t.Expr], around: set[int]
) -> list[tuple[t.Expr, Context]]:
    """The tests that decide between the values of what some expressions name, in textual order."""
    frame, scope = context.frame, context.frame.scope
    inside = {id(block) for block in flow.ancestors(context.statement)} if context.statement is not None else set()
    asked: list[tuple[t.Expr, t.Stmt]] = [(expr, context.statement) for expr in read if context.statement is not None]
    seen: set[tuple[str, int]] = set()
    found: dict[int, tuple[t.Expr, t.Stmt]] = {}
    origins: dict[int, bool] = {}  # those looked at, with whether their branches were
    looped: dict[int, bool] = {}  # by branch: a chain of `elif` is as deep as it is long
    while asked and len(seen) < _NAMES:
        expr, statement = asked.pop(0)
        own = set(_own_names(expr))
        for node in syntax.walk(expr):
            if isinstance(node, t.Conditional) and not flow.in_loop(statement, inside):
                if own.isdisjoint(_names(node.test)):
                    found[id(node.test)] = (node.test, statement)
            if not isinstance(node, t.Name) or node.id not in scope.bound or (node.id, id(statement)) in seen:
                continue
            seen.add((node.id, id(statement)))
            if not _carries(evaluator, node, frame.at(statement)):
                continue
            reach = evaluator.reach(node.id, statement, scope)
            changes = [(changed, sure) for changed, sure in reach.changes if not _sets_other_option(changed)]
            several = len(reach.bindings) > 1 or not reach.certain or any(not sure for _, sure in changes)
            for origin in (*reach.bindings, *(changed for changed, _ in changes)):
                if id(origin) not in origins:
                    asked.extend((inner, origin) for inner in syntax.expressions(origin))
                if origins.get(id(origin)):
                    continue
                origins[id(origin)] = several
                for test, _, branch in flow.guards(origin) if several else ():
                    if id(branch) not in around and id(test) not in found:
                        if id(branch) not in looped:
                            looped[id(branch)] = flow.in_loop(branch, inside)
                        if not looped[id(branch)]:
                            found[id(test)] = (test, branch)
    ordered = sorted(found.values(), key=lambda fork: flow.position(fork[1]))
    return [(test, frame.at(statement)) for test, statement in ordered]


def _own_names(expr: t.Expr) -> Iterator[str]:
    """The variables of comprehensions and lambdas in an expression: a test on them comes out anew for each element."""
    for node in syntax.walk(expr):
        if isinstance(node, t.Comprehension):
            for clause in node.clauses:
                yield from syntax.target_names(clause.target)
        elif isinstance(node, t.Lambda):
            yield from (parameter.name for parameter in node.params)


def _sets_other_option(statement: t.Stmt) -> bool:
    """`options["eps"] = …`: an option beside the parameters and the strength."""
    if not isinstance(statement, t.Assign) or len(statement.targets) != 1:
        return False
    match statement.targets[0]:
        case t.Subscript(value=t.Name(), index=t.Const(value=str(key))):
            return key in _OTHER_OPTIONS
        case _:
            return False


def _carries(evaluator: Evaluation, node: t.Name, context: Context) -> bool:
    """Whether a name may hold parameters, groups or a number; models and settings are read all at once."""
    kinds = (SequenceValue, MappingValue, Collection, Operation)
    for value in evaluator.evaluate(node, context):
        inner = bare(value)
        if isinstance(inner, kinds) or (isinstance(inner, Unknown) and inner.computed):
            return True
        if isinstance(inner, Known) and not isinstance(inner.value, str):
            return True
    return False
