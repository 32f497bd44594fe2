"""How a function is entered: the frames that its callers make, one for each call that is seen.

What one caller gives goes together: the model of one call is never read with the strength of another. A caller
inside a function is entered by its own callers in turn, a method by the instances that the project makes of its
class. Bounded in number and depth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Origin
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import arithmetic, call_arguments, flow
from wdlint.source.values.callers import all_statements, owner_of
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Arguments,
    CallSite,
    ClassValue,
    Context,
    Frame,
    FunctionValue,
    Instance,
    Known,
    Partial,
    Value,
    bare,
)

_FRAMES = 8  # of one function
_DEPTH = 4  # callers of callers


@dataclass(frozen=True, slots=True, eq=False)
class Entrance:
    """One way into a function: its frame, and the call that opens it."""

    frame: Frame
    call: t.Call
    module: t.Module


@dataclass(frozen=True, slots=True, eq=False)
class Entrances:
    """The ways into a function; `complete` says that there are no more in the project."""

    ways: tuple[Entrance, ...] = ()
    complete: bool = True


def entrances(evaluator: Evaluation, scope: t.Scope) -> Entrances:
    """The ways into a function as far as its callers are seen; none for a module, a class or an inner function."""
    found: dict[int, Entrances] = evaluator.memo("entrances")
    key = id(scope)
    if key not in found:
        found[key] = Entrances()  # a function that calls itself is entered from elsewhere
        found[key] = _limited(_ways(evaluator, scope, 0))
    return found[key]


def _limited(ways: Iterator[Entrance]) -> Entrances:
    kept: dict[int, Entrance] = {}
    for way in ways:
        if len(kept) >= _FRAMES:
            return Entrances(tuple(kept.values()), False)
        kept.setdefault(id(way.frame), way)
    return Entrances(tuple(kept.values()))


def _ways(evaluator: Evaluation, scope: t.Scope, depth: int) -> Iterator[Entrance]:
    definition = scope.definition
    if not isinstance(definition, t.FunctionDef) or depth >= _DEPTH:
        return
    owner = owner_of(definition)
    if owner is None:
        if scope.parent is not None and scope.parent.kind == "module":
            yield from _called(evaluator, definition, depth)
    elif "classmethod" in syntax.decorator_names(definition) or "staticmethod" in syntax.decorator_names(definition):
        yield from _called(evaluator, definition, depth)
    elif definition.name == "__init__":
        yield from _made(evaluator, definition, owner, depth)
    else:
        seen = False
        for way in _called(evaluator, definition, depth):
            receiver = way.frame.receiver
            if isinstance(receiver, Instance) and receiver.arguments is not None:
                seen = True
                yield way
        if not seen:
            yield from _made(evaluator, definition, owner, depth)


def _called(evaluator: Evaluation, definition: t.FunctionDef, depth: int) -> Iterator[Entrance]:
    """The frames of a function's own calls."""
    for site in evaluator.call_index.callers(evaluator, definition, everywhere=True):
        for context in _contexts(evaluator, site, depth):
            for callee in evaluator.evaluate(site.handed or site.call.func, context):
                arguments = Arguments(site.call.args, context)
                if site.handed is not None:
                    arguments = Arguments(site.arguments.written, context, site.arguments.positional)
                called: Value = bare(callee)
                if isinstance(called, Partial):
                    arguments = call_arguments.completed(evaluator, called.arguments, arguments)
                    called = bare(called.callee)
                if isinstance(called, FunctionValue) and called.definition is definition:
                    frame = evaluator.call_frame(called, arguments, site.call, context)
                    if frame is not None:
                        _unsettle(frame, site.call)
                        yield Entrance(frame, site.call, context.module)


def _made(evaluator: Evaluation, definition: t.FunctionDef, owner: t.ClassDef, depth: int) -> Iterator[Entrance]:
    """The frames of a method of the instances that the project makes."""
    cls = evaluator.class_value(owner)
    for site in evaluator.call_index.constructions(evaluator, owner):
        for context in _contexts(evaluator, site, depth):
            for value in map(bare, evaluator.evaluate(site.call, context)):
                if not isinstance(value, Instance) or not isinstance(value.cls, ClassValue):
                    continue
                if value.arguments is not None and any(base is cls for base in linear_bases(evaluator, value.cls)):
                    yield Entrance(evaluator.method_frame(definition, cls, value), site.call, context.module)


def _unsettle(frame: Frame, call: t.Call) -> None:
    """A text that the call does not spell out itself is a choice that may turn out otherwise: `cfg.optimizer`."""
    spelled = [given.value for given in call.args]
    for name, answers in list((frame.arguments or {}).items()):
        assert frame.arguments is not None
        frame.arguments[name] = tuple(
            v.come_from(Origin.FIELD_DEFAULT)
            if isinstance(v, Known) and isinstance(v.value, str) and not any(v.node is s for s in spelled)
            else v
            for v in answers
        )


def _contexts(evaluator: Evaluation, site: CallSite, depth: int) -> Iterator[Context]:
    """Where a call stands: in each frame of the function around it, or in one whose caller is not known."""
    scope = site.statement.scope
    running: set[int] = evaluator.memo("entering").setdefault("scopes", set())
    ways: Entrances | None = None
    if scope.kind == "function" and id(scope) not in running:
        running.add(id(scope))
        try:
            ways = _limited(_ways(evaluator, scope, depth + 1))
        finally:
            running.discard(id(scope))
    frames = [way.frame for way in ways.ways] if ways is not None else []
    for frame in frames or [evaluator.frame(scope)]:
        yield frame.at(site.statement)


def passes_by(evaluator: Evaluation, way: Entrance, statement: t.Stmt) -> bool:
    """Whether a literal that the call itself gives keeps a statement of the function from running."""
    literal = {
        name
        for name, answers in (way.frame.arguments or {}).items()
        if any(isinstance(v, Known) and any(v.node is given.value for given in way.call.args) for v in answers)
    }
    for test, truth, branch in flow.guards(statement) if literal else ():
        names = {node.id for node in syntax.walk(test) if isinstance(node, t.Name)}
        if names & literal and arithmetic.truth(evaluator, test, way.frame.at(branch)) is (not truth):
            return True
    return False


def never_runs(evaluator: Evaluation, statement: t.Stmt, frame: Frame) -> bool:
    """Whether constants that a program writes for itself keep a statement from running: `DECAY = False`, `if DECAY:`.

    What a caller gives, and what is an attribute or set by `global`, may be something else.
    """
    for test, truth, branch in flow.guards(statement):
        nodes = list(syntax.walk(test))
        if any(isinstance(node, (t.Attribute, t.Call, t.Subscript)) for node in nodes):
            continue
        if arithmetic.truth(evaluator, test, frame.at(branch)) is (not truth):
            if all(_is_own(node, statement.scope) for node in nodes if isinstance(node, t.Name)):
                return True
    return False


def _is_own(name: t.Name, scope: t.Scope) -> bool:
    """Whether only assignments in a function, or in its module, can have given a name its value."""
    around: t.Scope | None = scope
    while around is not None:
        if name.id in around.bound and around.kind != "class":
            bound = around.bound[name.id]
            inside = (s.inner for s in all_statements(around) if isinstance(s, t.FunctionDef))
            plain = all(isinstance(binding, t.Assign) for binding in bound)
            return plain and not any(name.id in function.outer_names for function in inside)
        definition = around.definition
        if isinstance(definition, t.FunctionDef) and any(p.name == name.id for p in definition.params):
            return False
        around = around.parent
    return name.id in ("True", "False")
