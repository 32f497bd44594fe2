"""The same object under another name: what a loop, a choice or an assignment calls it before it is changed.

`for group in groups: group["weight_decay"] = 0.0` changes what `groups` names, `(a if test else b).append(p)` one of
two lists, `d["bias" in name].append(p)` what lies at one of two keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import EVERY, Condition, Context, FunctionValue, Known, SequenceValue

_DEEP = 4  # names for names
_PASSING_ON = ("list", "tuple", "reversed")  # calls whose elements are those of their argument
_TESTS = ("any", "all", "bool", "isinstance", "hasattr", "startswith", "endswith", "issubclass")

Path = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A loop that runs over the object's elements, with the name of their index and of their companions."""

    loop: t.For
    at: int  # where in the path the element's own index stands
    index: str = ""
    companions: tuple[tuple[str, t.Expr], ...] = ()  # what `zip` gives beside the element: name, sequence


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A place below an object, and when an expression means it."""

    path: Path
    conditions: tuple[Condition, ...] = ()
    chosen: bool = False  # one of several
    turn: Turn | None = None


def positions(evaluator: Evaluation, expr: t.Expr, root: str, context: Context, depth: int = 0) -> Iterator[Position]:
    """Where below the object that `root` names an expression may stand; nothing where it does not."""
    match expr:
        case t.Name():
            if expr.id == root:
                yield Position(())
            elif depth < _DEEP and context.local is None:
                yield from _named(evaluator, expr, root, context, depth + 1)
        case t.Conditional():
            yield from _either(evaluator, ((expr.body, True), (expr.orelse, False)), expr.test, root, context, depth)
        case t.Subscript(value=t.Display(items=(first, second)), index=test):
            yield from _either(evaluator, ((second, True), (first, False)), test, root, context, depth)
        case t.Subscript():
            for position in positions(evaluator, expr.value, root, context, depth):
                for key, conditions in _keys(evaluator, expr.index, context):
                    yield _below(position, key, conditions)
        case t.Attribute():
            for position in positions(evaluator, expr.value, root, context, depth):
                yield _below(position, expr.attr)
        case t.Call(args=(key, *_)):
            made = syntax.set_default(expr)
            for position in positions(evaluator, made.value, root, context, depth) if made is not None else ():
                for held, conditions in _keys(evaluator, key.value, context):
                    yield _below(position, held, conditions)
        case _:
            return


def _below(position: Position, key: str | int | None, conditions: tuple[Condition, ...] = ()) -> Position:
    chosen = position.chosen or bool(conditions)
    return Position((*position.path, key), (*position.conditions, *conditions), chosen, position.turn)


def _either(
    evaluator: Evaluation,
    sides: tuple[tuple[t.Expr, bool], ...],
    test: t.Expr,
    root: str,
    context: Context,
    depth: int,
) -> Iterator[Position]:
    for side, truth in sides:
        for position in positions(evaluator, side, root, context, depth):
            yield replace(position, conditions=(*position.conditions, Condition(test, truth, context)), chosen=True)


def _keys(
    evaluator: Evaluation, index: t.Expr, context: Context
) -> Iterator[tuple[str | int | None, tuple[Condition, ...]]]:
    """The keys that an index may be: a constant, either outcome of a test, or None for what can't be told."""
    if isinstance(index, t.Slice):
        yield None, ()
        return
    while isinstance(index, t.Call) and syntax.dotted(index.func) == "int" and len(index.args) == 1:
        index = index.args[0].value
    if isinstance(index, t.Conditional):
        for side, truth in ((index.body, True), (index.orelse, False)):
            for key, conditions in _keys(evaluator, side, context):
                yield key, (Condition(index.test, truth, context), *conditions)
        return
    if isinstance(index, t.Name) and _counts_turns(index.id, context):
        yield None, ()
        return
    key = constant_key(evaluator, index, context)
    if key is None and _is_test(evaluator, index, context):
        yield from ((truth, (Condition(index, truth, context),)) for truth in (True, False))
        return
    yield key, ()


def _counts_turns(name: str, context: Context) -> bool:
    """Whether a name is only ever the number that `enumerate` counts with: what the loop runs over says nothing of it.

    It may run over the very list that is changed at that number, which must not be asked for its elements then.
    """
    bindings = context.frame.scope.bound.get(name, ())
    return bool(bindings) and all(
        isinstance(binding, t.For)
        and isinstance(binding.iter, t.Call)
        and syntax.dotted(binding.iter.func) == "enumerate"
        and isinstance(binding.target, t.Display)
        and isinstance(binding.target.items[0], t.Name)
        and binding.target.items[0].id == name
        and name not in {n for part in binding.target.items[1:] for n in syntax.target_names(part)}
        for binding in bindings
    )


def _is_test(evaluator: Evaluation, expr: t.Expr, context: Context, depth: int = 0) -> bool:
    """Whether an expression is true or false and nothing else: a comparison, or what a predicate returns."""
    if isinstance(expr, t.Boolean):
        return all(_is_test(evaluator, side, context, depth) for side in (expr.left, expr.right))
    if not isinstance(expr, t.Call):
        return isinstance(expr, t.Compare) or (isinstance(expr, t.Unary) and expr.op == "not")
    if (syntax.dotted(expr.func) or "").rpartition(".")[2] in _TESTS:
        return True
    for callee in evaluator.evaluate(expr.func, context) if depth < _DEEP else ():
        if not isinstance(callee, FunctionValue):
            return False
        function = callee.definition
        if isinstance(function, t.Lambda):
            return callee.context is not None and _is_test(evaluator, function.body, callee.context, depth + 1)
        where = evaluator.frame(function.inner)
        returned = [s for s in t.statements(function.inner.body) if isinstance(s, t.Return)]
        return bool(returned) and all(
            s.value is not None
            and (
                _is_test(evaluator, s.value, where.at(s), depth + 1)
                or (isinstance(s.value, t.Const) and isinstance(s.value.value, bool))
            )
            for s in returned
        )
    return False


def constant_key(evaluator: Evaluation, expr: t.Expr, context: Context) -> str | int | None:
    """The constant key that an expression is, if it is one."""
    if isinstance(expr, t.Const):
        return expr.value if isinstance(expr.value, (str, int)) else None
    answers = evaluator.evaluate(expr, context)
    if len(answers) == 1 and isinstance(answers[0], Known) and isinstance(answers[0].value, (str, int)):
        return answers[0].value
    return None


def _named(evaluator: Evaluation, name: t.Name, root: str, context: Context, depth: int) -> Iterator[Position]:
    """What a name stands for that a loop or a choice has bound."""
    scope = context.frame.scope
    if name.id not in scope.bound or context.statement is None:
        return
    reach = evaluator.reach(name.id, context.statement, scope)
    before: list[Condition] = []
    for binding in reach.bindings:
        where = context.frame.at(binding)
        if isinstance(binding, t.For):
            yield from _element(evaluator, binding, name.id, root, where, depth)
            return
        if not isinstance(binding, t.Assign) or binding.value is None:
            return
        written = next((syntax.paired(target, binding.value, name.id) for target in binding.targets), None)
        if written is None:
            return
        loop = next((b.parent for b in flow.ancestors(binding) if isinstance(b.parent, t.For)), None)
        guards = list(flow.guards(binding, loop.block if loop is not None else None))
        conditions = tuple(Condition(test, truth, context.frame.at(branch)) for test, truth, branch in guards)
        for position in positions(evaluator, written, root, where, depth):
            several = position.chosen or len(reach.bindings) > 1
            yield replace(position, conditions=(*before, *conditions, *position.conditions), chosen=several)
        if len(conditions) != 1:
            return
        before.append(replace(conditions[0], truth=not conditions[0].truth))


def _element(
    evaluator: Evaluation, loop: t.For, name: str, root: str, context: Context, depth: int
) -> Iterator[Position]:
    """An element of what a loop runs over, by itself, counted, or beside others."""
    iterated, index = loop.iter, ""
    companions: tuple[tuple[str, t.Expr], ...] = ()
    while isinstance(iterated, t.Call) and iterated.args and all(not a.star and not a.keyword for a in iterated.args):
        called = syntax.dotted(iterated.func)
        parts = loop.target.items if isinstance(loop.target, t.Display) else ()
        if called in _PASSING_ON:
            iterated = iterated.args[0].value
        elif called == "enumerate" and len(parts) == 2 and isinstance(parts[0], t.Name):
            if not isinstance(parts[1], t.Name) or parts[1].id != name:
                return
            iterated, index = iterated.args[0].value, parts[0].id
        elif called == "zip" and len(parts) == len(iterated.args):
            named = [
                (p.id if isinstance(p, t.Name) else "", a.value) for p, a in zip(parts, iterated.args, strict=True)
            ]
            own = next((held for given, held in named if given == name), None)
            if own is None:
                return
            companions = tuple((given, held) for given, held in named if given != name)
            iterated = own
        else:
            return
    for position in positions(evaluator, iterated, root, context, depth):
        turn = Turn(loop, len(position.path), index, companions)
        yield replace(position, path=(*position.path, EVERY), turn=turn)


def in_turns(
    evaluator: Evaluation, position: Position, value: t.Expr | None, context: Context
) -> Iterator[tuple[Path, t.Expr | None, bool]]:
    """What a change of a loop's element sets, element by element: its place, its value, whether that is certain.

    Where a test of the element decides, which one can't be told. Nothing where the new value comes from the element.
    """
    turn = position.turn
    assert turn is not None and context.statement is not None
    bound = set(syntax.target_names(turn.loop.target))
    chosen: int | None = None
    sure = not any(isinstance(block.parent, (t.If, t.Try, t.While)) for block in flow.ancestors(turn.loop))
    for test, truth, _ in flow.guards(context.statement, turn.loop.block):
        number = _counted(test, turn.index) if truth else None
        if number is not None:
            chosen = number
        elif bound & _names(test):
            if value is not None and not bound & _names(value):
                yield _with(position.path, turn.at, None), value, False
            return
        else:
            sure = False
    sequence = _beside(value, turn)
    if sequence is not None:
        for answer in evaluator.evaluate(sequence, context.frame.at(turn.loop))[:1]:
            if isinstance(answer, SequenceValue) and not any(i.spread or i.conditions for i in answer.items):
                for number in range(len(answer.items)) if chosen is None else (chosen,):
                    yield _with(position.path, turn.at, number), piece(evaluator, sequence, number), sure
    elif value is None or not bound & _names(value):
        yield _with(position.path, turn.at, EVERY if chosen is None else chosen), value, sure


def _with(path: Path, at: int, key: str | int | None) -> Path:
    return (*path[:at], key, *path[at + 1 :])


def _counted(test: t.Expr, index: str) -> int | None:
    """The turn that `i == 0` asks for."""
    match test:
        case t.Compare(left=t.Name(id=name), rest=(("==", t.Const(value=int(number))),)) if name == index:
            return number
    return None


def _beside(value: t.Expr | None, turn: Turn) -> t.Expr | None:
    """The sequence whose element at the same turn a value is."""
    match value:
        case t.Name(id=name):
            return next((held for given, held in turn.companions if given == name), None)
        case t.Subscript(value=held, index=t.Name(id=name)) if name and name == turn.index:
            return held
    return None


def _names(expr: t.Expr) -> set[str]:
    return {node.id for node in syntax.walk(expr) if isinstance(node, t.Name)}


def piece(evaluator: Evaluation, value: t.Expr, index: int) -> t.Expr:
    """`value[index]` as a node; kept on the evaluator, since memos go by a node's identity."""
    pieces: dict[tuple[int, int], t.Expr] = evaluator.memo("pieces")
    key = id(value), index
    if key not in pieces:
        pieces[key] = t.Subscript(value.origin, value, t.Const(value.origin, index))
        evaluator.keep(value)
    return pieces[key]
