"""Tests of a place: `i < 4` where `i` counts a model's parameters or children, and slices of them.

Counters are the numbers of `enumerate` and `range(len(…))`, and those that a loop raises by hand. Which parameter has
which place is worked out in `models.places`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import NoneType

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.taken import rooted
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Changed,
    Collection,
    Condition,
    Context,
    Element,
    External,
    Instance,
    Known,
    Method,
    Part,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

_CHAINS = ("torch.nn.Sequential", "torch.nn.ModuleList")
_PARAMETERS = ("parameters", "named_parameters", "names")
_CHILDREN = ("children", "named_children")


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through all parameters, or all children, of the module at a path, in its order."""

    path: str
    of_children: bool
    module: Value = field(compare=False)

    def places(self, start: int | None, stop: int | None) -> s.Selector:
        """The places of a slice."""
        if start is not None and stop is not None and (start < 0) == (stop < 0) and start >= stop:
            return s.Always(False)
        if stop == 0:
            return s.Always(False)
        if start in (None, 0) and stop is None:
            return s.Always(True)
        return s.Placed(self.path, self.of_children, start or None, stop)


def walk(answers: Answers, evaluator: Evaluation) -> Walk | None:
    """What is gone through where a loop runs over these answers; None for anything but a whole model in its order."""
    if len(answers) != 1:
        return None
    held = bare(answers[0])
    match held:
        case Collection(what="selected"):
            return walk((held.model,), evaluator)
        case Collection(recurse=True, owner=None) if held.what in (*_PARAMETERS, *_CHILDREN):
            return Walk(rooted(held.model)[1], held.what in _CHILDREN, held.model)
        case SequenceValue(items=(item,)) if not item.conditions and not isinstance(answers[0], Changed):
            inner = evaluator.force(item.value)
            if item.spread:
                return walk(inner, evaluator)
            elements = [one for value in inner if (one := _listed_of(value, evaluator)) is not None]
            return walk(tuple(elements), evaluator) if len(elements) == len(inner) else None
        case Instance(cls=External(path=path)) if path in _CHAINS:
            whole = answers[0]
            return Walk(whole.path if isinstance(whole, Part) else "", True, whole)
        case Method():
            inside = path_in_library(held)
            return Walk(inside, True, held) if inside is not None else None
        case _:
            return None


def path_in_library(value: Value) -> str | None:
    """The path of an attribute of a library's model, `features` of `model.features`; None of anything else."""
    steps: list[str] = []
    while isinstance(value, (Method, Changed)):
        if isinstance(value, Method):
            steps.insert(0, value.name)
            value = value.receiver
        else:
            value = value.base
    known = isinstance(value, Instance) and isinstance(value.cls, External) and bool(steps)
    return ".".join(steps) if known else None


def _listed_of(value: Value, evaluator: Evaluation) -> Value | None:
    """The collection whose elements a list takes one by one, as they are or their names alone."""
    if isinstance(value, SequenceValue) and value.kind == "tuple" and value.items:
        last = evaluator.force(value.items[-1].value)
        return _listed_of(last[0], evaluator) if last else None
    return value.collection if isinstance(value, Element) else None


# ---- slices


def sliced(evaluator: Evaluation, expr: t.Expr, context: Context) -> s.Selector | None:
    """The condition that a slice, an item or `islice` of a walk stands for."""
    match expr:
        case t.Subscript(value=of, index=t.Slice(step=None) as index):
            around, lower, upper = of, index.lower, index.upper
        case t.Subscript(value=of, index=index) if not isinstance(index, t.Slice):
            return _item(evaluator, of, index, context)
        case t.Call(args=(first, *ends)) if 1 <= len(ends) <= 2 and syntax.last_name(expr) == "islice":
            around, lower, upper = first.value, ends[0].value if len(ends) == 2 else None, ends[-1].value
        case _:
            return None
    found = walk(evaluator.evaluate(around, context), evaluator)
    start, stop = _number(evaluator, lower, context), _number(evaluator, upper, context)
    if found is None or not isinstance(start, (int, NoneType)) or not isinstance(stop, (int, NoneType)):
        return None
    return found.places(start, stop)


def _item(evaluator: Evaluation, of: t.Expr, index: t.Expr, context: Context) -> s.Selector | None:
    found = walk(evaluator.evaluate(of, context), evaluator)
    number = _number(evaluator, index, context)
    counters = evaluator.evaluate(index, context)
    if found is not None and len(counters) == 1 and isinstance(counters[0], Unknown) and counters[0].span is not None:
        return found.places(*counters[0].span)
    if found is None or not isinstance(number, int):
        return None
    return found.places(number, number + 1 if number != -1 else None)


def _number(evaluator: Evaluation, expr: t.Expr | None, context: Context) -> object:
    """A whole number, None where there is none; `...` where it can't be told."""
    if expr is None:
        return None
    answers = evaluator.evaluate(expr, context)
    told = constant(answers)
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    return None if all(isinstance(v, Known) and v.value is None for v in answers) else ...


# ---- counters


def compared(evaluator: Evaluation, op: str, left: t.Expr, right: t.Expr, context: Context) -> s.Selector | None:
    """`i < 4`, `i == len(parameters) - 1`, `i in (0, 1)`, of a number that counts the elements of a walk."""
    found = _counted(evaluator, left, context)
    if found is None:
        return None
    counted, first = found
    if op in ("in", "not in"):
        one_of = _listed(evaluator, right, context)
        if one_of is None:
            return None
        places = s.either(*(counted.places(n - first, n - first + 1) for n in one_of if n >= first))
        return places if op == "in" else s.negation(places)
    number = _number(evaluator, right, context)
    if isinstance(number, int):
        return _before(counted, op, number - first, None)
    from_end = _from_end(evaluator, right, context, counted)
    return _before(counted, op, None, from_end - first) if from_end is not None else None


def _before(counted: Walk, op: str, front: int | None, end: int | None) -> s.Selector | None:
    """A comparison of a place with a number from the front, or with one that is added to how many there are."""
    if op in ("==", "!="):
        exact = _at(counted, front, end)
        return exact if op == "==" else s.negation(exact)
    if op not in ("<", "<=", ">", ">="):
        return None
    more = 1 if op in ("<=", ">") else 0
    if front is not None:
        early = counted.places(None, max(0, front + more))
    else:
        assert end is not None
        early = counted.places(None, end + more) if end + more < 0 else s.Always(True)
    return early if op in ("<", "<=") else s.negation(early)


def _at(counted: Walk, front: int | None, end: int | None) -> s.Selector:
    """The place of one number."""
    if front is not None:
        return counted.places(front, front + 1) if front >= 0 else s.Always(False)
    assert end is not None
    return counted.places(end, end + 1 or None) if end < 0 else s.Always(False)


def _from_end(evaluator: Evaluation, expr: t.Expr, context: Context, counted: Walk) -> int | None:
    """What is added to the number of elements: -1 for `len(parameters) - 1`."""
    match expr:
        case t.Binary(op="-", left=left, right=right):
            less = _number(evaluator, right, context)
            whole = _from_end(evaluator, left, context, counted)
            return whole - less if whole is not None and isinstance(less, int) else None
        case t.Call(func=t.Name(id="len"), args=(given,)):
            same = walk(evaluator.evaluate(given.value, context), evaluator)
            return 0 if same == counted else None
        case t.Name():
            reach = evaluator.reach(expr.id, context.statement, context.frame.scope)
            if len(reach.bindings) == 1 and not reach.changes and isinstance(reach.bindings[0], t.Assign):
                bound = reach.bindings[0]
                if bound.value is not None and isinstance(bound.targets[0], t.Name):
                    return _from_end(evaluator, bound.value, context.frame.at(bound), counted)
    return None


def _listed(evaluator: Evaluation, expr: t.Expr, context: Context) -> list[int] | None:
    answers = evaluator.evaluate(expr, context)
    held = answers[0] if len(answers) == 1 else None
    if not isinstance(held, SequenceValue) or any(item.spread or item.conditions for item in held.items):
        return None
    told = [constant(evaluator.force(item.value)) for item in held.items]
    numbers = [n for n in told if isinstance(n, int) and not isinstance(n, bool)]
    return numbers if len(numbers) == len(told) <= 64 else None


def _counted(evaluator: Evaluation, expr: t.Expr, context: Context) -> tuple[Walk, int] | None:
    """What a number counts the elements of, and from which number on."""
    if not isinstance(expr, t.Name):
        return None
    answers = evaluator.evaluate(expr, context)
    if len(answers) == 1 and isinstance(answers[0], Unknown) and answers[0].counts:
        found = walk(answers[0].counts, evaluator)
        return (found, answers[0].first) if found is not None else None
    return _raised_by_hand(evaluator, expr.id, context)


def _raised_by_hand(evaluator: Evaluation, name: str, context: Context) -> tuple[Walk, int] | None:
    """A number that is set before a loop and raised by one in each of its turns: `ct = 0`, then `ct += 1`."""
    statement = context.statement
    loop_body = next(iter(flow.loops(statement.block)), None) if statement is not None else None
    loop = loop_body.parent if loop_body is not None else None
    if statement is None or not isinstance(loop, t.For) or loop_body is None:
        return None
    raising = [one for one in loop_body.statements if _raises(one, name)]
    setting = [
        one
        for one in t.statements(statement.scope.body)
        if name in one.binds or (isinstance(one, t.AugAssign) and syntax.root_name(one.target) == name)
    ]
    before = [one for one in setting if one not in raising and one is not loop]
    plain = [one for one in before if one.block is loop.block and one.index < loop.index and not _holds(one)]
    if len(raising) != 1 or not plain or plain != before[-len(plain) :] or _goes_on(loop_body, raising[0].index):
        return None
    start = plain[-1].value if isinstance(plain[-1], t.Assign) else None
    first = _number(evaluator, start, context.frame.at(plain[-1]))
    found = walk(evaluator.evaluate(loop.iter, context.frame.at(loop)), evaluator)
    if found is None or not isinstance(first, int) or any(one.block is not loop.block for one in before):
        return None
    here = next(index for block, index in flow.path(statement) if block is loop_body)
    return found, first + (1 if raising[0].index < here else 0)


def _raises(statement: t.Stmt, name: str) -> bool:
    match statement:
        case t.AugAssign(target=t.Name(id=target), op="+", value=t.Const(value=1)):
            return target == name
        case t.Assign(
            targets=(t.Name(id=target),), value=t.Binary(op="+", left=t.Name(id=left), right=t.Const(value=1))
        ):
            return target == left == name
    return False


def _holds(statement: t.Stmt) -> bool:
    return any(True for _ in t.blocks(statement))


def _goes_on(body: t.Block, index: int) -> bool:
    """Whether a turn may end before the statement at an index of a loop's body."""
    return any(
        isinstance(inner, t.Jump) and inner.kind == "continue"
        for one in body.statements[:index]
        for block in t.blocks(one)
        for inner in t.statements(block)
    )


# ---- loops that are left


def until(condition: Condition, test: s.Selector) -> s.Selector | None:
    """What a loop does before `if i == 4: break`: the elements before the place; None for any other condition."""
    branch = condition.context.statement
    if condition.truth or not isinstance(branch, t.If) or branch.test is not condition.test:
        return None
    last = branch.body.statements[-1] if branch.body.statements else None
    if not isinstance(last, t.Jump) or last.kind != "break":
        return None
    if not isinstance(test, s.Placed):
        return None
    return s.Always(False) if test.start is None else replace(test, start=None, stop=test.start)
