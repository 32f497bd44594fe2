"""Changes made in place: `config["wd"] = …`, `groups.append(…)`, `self.model = …`, and when they happen.

Which statements reach a name is worked out in `flow`; what a change makes of a value is read back in `objects` and
`contents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow, registries
from wdlint.source.values.aliases import constant_key, in_turns, piece, positions
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Change, ClassValue, Condition, Context, Frame, Instance


def changes_in(evaluator: Evaluation, statement: t.Stmt, root: str, frame: Frame, certain: bool) -> Iterator[Change]:
    """What one statement does in place to the object that `root` names."""
    context = frame.at(statement)
    known: dict[tuple[int, int], tuple[Condition, ...]] = evaluator.memo("loop_conditions")
    conditions = known.get((id(statement), id(frame)))
    if conditions is None:  # a long chain of `elif` is walked once for each of its branches
        conditions = known[id(statement), id(frame)] = loop_conditions(statement, frame)
        evaluator.keep((statement, frame))

    def changes(place: t.Expr, action: str, value: t.Expr | None = None, arguments: tuple[t.Argument, ...] = (),
                whole: bool = True) -> Iterator[Change]:  # fmt: skip
        for position in positions(evaluator, place, root, context):
            if not whole and (not position.path or isinstance(place, t.Name)):
                continue  # a name is bound anew
            asked = (*conditions, *position.conditions)
            if position.turn is None or action not in ("set", "setdefault", "update"):
                if position.turn is None or action not in ("*=", "/="):
                    sure = certain and not position.chosen
                    yield Change(position.path, action, value, arguments, context, sure, asked)
                continue
            for path, given, sure in in_turns(evaluator, position, value, context):
                yield Change(path, action, given, arguments, context, sure, position.conditions)

    match statement:
        case t.Assign() if statement.value is not None:
            for target in statement.targets:
                for place, value in _targets(evaluator, target, statement.value):
                    yield from changes(place, "set", value, whole=False)
            for holder, given in _defaults_set(statement.value):
                yield from changes(holder, "setdefault", None, given)
        case t.AugAssign():
            yield from changes(statement.target, statement.op + "=", statement.value)
        case t.Delete():
            for target in statement.targets:
                yield from changes(target, "delete", whole=False)
        case t.Expression(value=t.Call(func=t.Attribute(value=t.Name(id=name)) as func, args=args)) if name == root:
            made: dict[tuple[int, int, bool], Change] = evaluator.memo("calls of a name's own methods")
            key = id(statement), id(frame), certain
            if key not in made:  # hundreds of `parser.add_argument(…)` are asked for after each of them
                made[key] = Change((), func.attr, None, args, context, certain, conditions)
            yield made[key]
        case t.Expression(value=t.Call() as call):
            if isinstance(call.func, t.Attribute):
                for holder, given in _defaults_set(call.func.value):
                    yield from changes(holder, "setdefault", None, given)
                yield from changes(call.func.value, call.func.attr, None, call.args)
            elif isinstance(call.func, t.Name) and call.func.id == "setattr" and len(call.args) == 3:
                path = path_below(evaluator, call.args[0].value, root, context)
                if path is not None:
                    named = constant_key(evaluator, call.args[1].value, context)
                    value = call.args[2].value
                    yield Change((*path, named), "set", value, (), context, certain, conditions)
        case _:
            return


def _defaults_set(expr: t.Expr) -> Iterator[tuple[t.Expr, tuple[t.Argument, ...]]]:
    """The mappings that an expression gives a key on its way: `groups.setdefault(key, {})["params"]`."""
    while True:
        made = syntax.set_default(expr)
        if made is not None and isinstance(expr, t.Call):
            yield made.value, expr.args
            expr = made.value
        elif isinstance(expr, (t.Attribute, t.Subscript)):
            expr = expr.value
        else:
            return


def _targets(evaluator: Evaluation, target: t.Expr, value: t.Expr) -> Iterator[tuple[t.Expr, t.Expr]]:
    """Each attribute or item that an assignment sets, with the expression that it is set to."""
    if not isinstance(target, t.Display):
        yield target, value
        return
    same = isinstance(value, t.Display) and len(value.items) == len(target.items)
    for index, part in enumerate(target.items):
        if same:
            assert isinstance(value, t.Display)
            yield from _targets(evaluator, part, value.items[index])
        else:
            yield from _targets(evaluator, part, piece(evaluator, value, index))


def path_below(evaluator: Evaluation, expr: t.Expr, root: str, context: Context) -> tuple[str | int | None, ...] | None:
    """`("a", "b")` for `root.a["b"]`; None where the expression is not rooted in the name."""
    if syntax.root_name(expr) != root:
        return None  # before keys are evaluated
    path: list[str | int | None] = []
    while True:
        match expr:
            case t.Attribute():
                path.append(expr.attr)
                expr = expr.value
            case t.Subscript():
                path.append(None if isinstance(expr.index, t.Slice) else constant_key(evaluator, expr.index, context))
                expr = expr.value
            case t.Name():
                return tuple(reversed(path)) if expr.id == root else None
            case _:
                return None


def loop_conditions(statement: t.Stmt, frame: Frame) -> tuple[Condition, ...]:
    """The tests around a statement inside its outermost loop: they decide for which elements it runs."""
    outermost: t.Block | None = None
    for block in flow.loops(statement.block):
        if isinstance(block.parent, t.For):
            outermost = block.parent.block
    if outermost is None:
        return ()
    found = flow.guards(statement, outermost)
    return tuple(Condition(test, truth, frame.at(branch)) for test, truth, branch in found)


def instance_changes(evaluator: Evaluation, instance: Instance, name: str | None = None) -> tuple[Change, ...]:
    """Everything that the methods of an instance's class do to `self`, `__init__` first.

    With a name, only what may concern this attribute: large classes are asked for few of theirs.
    """
    cache: dict[tuple[int, str | None], tuple[Change, ...]] = evaluator.memo("instance_changes")
    key = id(instance), name
    found = cache.get(key)
    if found is not None:
        return found
    cache[key] = ()
    evaluator.keep(instance)
    assert isinstance(instance.cls, ClassValue)
    owners = [c for c in linear_bases(evaluator, instance.cls) if isinstance(c, ClassValue)]
    constructors: list[Change] = []
    others: list[Change] = []
    for owner in reversed(owners):
        for method, statement in _concerning(evaluator, owner.definition, name):
            frame = evaluator.method_frame(method, owner, instance)
            certain = statement.block.parent is None and method.name == "__init__"
            changes = changes_in(evaluator, statement, method.params[0].name, frame, certain)
            if method.name == "__init__":
                constructors.extend(changes)
            else:
                asked = _asked_of_arguments(statement, method, frame)
                others.extend(replace(c, conditions=(*asked, *c.conditions)) if asked else c for c in changes)
    entered = (c for c in registries.held_by(evaluator, instance) if name is None or c.path[0] == name)
    cache[key] = (*constructors, *others, *entered)
    return cache[key]


def _asked_of_arguments(statement: t.Stmt, method: t.FunctionDef, frame: Frame) -> tuple[Condition, ...]:
    """The tests around a statement of a method that are about what it is given: they decide for which calls it runs."""
    if any(True for _ in flow.loops(statement.block)):
        return ()
    given = {parameter.name for parameter in method.params[1:]}
    guards = flow.guards(statement, None)
    return tuple(
        Condition(test, truth, frame.at(branch))
        for test, truth, branch in guards
        if any(isinstance(n, t.Name) and n.id in given for n in syntax.walk(test))
    )


def _concerning(evaluator: Evaluation, definition: t.ClassDef, name: str | None) -> list[tuple[t.FunctionDef, t.Stmt]]:
    """The statements of a class's methods that may change an attribute of `self`, in textual order."""
    indices: dict[int, list[tuple[t.FunctionDef, t.Stmt, set[str] | None]]] = evaluator.memo("changing_statements")
    index = indices.get(id(definition))
    if index is None:
        index = indices[id(definition)] = [
            (method, statement, _attributes_changed(statement, method.params[0].name))
            for method in t.statements(definition.inner.body)
            if isinstance(method, t.FunctionDef) and method.params
            for statement in t.statements(method.inner.body)
            if method.params[0].name in statement.touches and not any(True for _ in t.blocks(statement))
        ]
    return [(m, s) for m, s, changed in index if name is None or changed is None or name in changed]


def _attributes_changed(statement: t.Stmt, root: str) -> set[str] | None:
    """The attributes of `root` that a statement changes, or None where that can't be read off."""
    places: list[t.Expr] = []
    match statement:
        case t.Assign():
            places = [*statement.targets]
        case t.AugAssign():
            places = [statement.target]
        case t.Delete():
            places = [*statement.targets]
        case t.Expression(value=t.Call(func=t.Attribute(value=held))):
            places = [held]
        case t.Expression(value=t.Call(func=t.Name(id="setattr"), args=(held, key, _))):
            name = key.value.value if isinstance(key.value, t.Const) else None
            places = [t.Attribute(None, held.value, name) if isinstance(name, str) else held.value]
    if not places:
        return None
    found: set[str] = set()
    while places:
        place = places.pop()
        first: str | None = None
        while isinstance(place, (t.Attribute, t.Subscript)):
            first = place.attr if isinstance(place, t.Attribute) else None
            place = place.value
        if isinstance(place, t.Display):
            places.extend(place.items)
        elif isinstance(place, t.Starred):
            places.append(place.value)
        elif isinstance(place, t.Name) and place.id != root:
            continue
        elif not isinstance(place, t.Name) or first is None:
            return None
        else:
            found.add(first)
    return found
