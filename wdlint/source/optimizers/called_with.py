"""The project's functions that are called with an optimizer, and what they do to its groups.

A function is read with what it is given: what stands behind a `return` or a test that its arguments decide is not done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Ternary
from wdlint.source.optimizers.sites import Site
from wdlint.source.optimizers.switched_off import switching_off, turn_over_groups
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import execution
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.in_place import changes_in
from wdlint.source.values.values import Arguments, Change, Frame, FunctionValue

_GROUPS = "param_groups"


@dataclass(frozen=True, slots=True)
class CalledWith:
    """A call of a function with an optimizer."""

    frame: Frame  # of the function
    parameter: str  # what it calls the optimizer
    surely: bool  # whether the call is made whenever the optimizer is


def functions_called_with(evaluator: Evaluation, site: Site, name: str) -> list[CalledWith]:
    """The functions that get an optimizer after it is made, until its name is bound to something else."""
    known: dict[tuple[int, int], list[CalledWith]] = evaluator.memo("functions called with an optimizer")
    frame = site.context.frame
    key = id(site.statement), id(frame)
    if key not in known:
        evaluator.keep(frame)
        known[key] = [one for statement in _later(site, name) for one in _called(evaluator, site, statement, name)]
    return known[key]


def _later(site: Site, name: str) -> Iterator[t.Stmt]:
    """The statements below the one that makes an optimizer, as long as its name stands for it."""
    seen = False
    for statement in t.statements(site.context.frame.scope.body):
        if statement is site.statement:
            seen = True
        elif seen and statement.block is site.statement.block and _binds(statement, name):
            return
        elif seen:
            yield statement


def _binds(statement: t.Stmt, name: str) -> bool:
    """Whether a statement binds a name to something else; `optimizer = prepare(optimizer)` may return what it got."""
    if not isinstance(statement, t.Assign) or statement.value is None:
        return False
    if any(syntax.dotted(node) == name for node in syntax.walk(statement.value)):
        return False
    return any(syntax.dotted(target) == name for target in statement.targets)


def _called(evaluator: Evaluation, site: Site, statement: t.Stmt, name: str) -> Iterator[CalledWith]:
    handed = list(_handed_to(evaluator, statement, name, site.context.frame))
    if handed:
        shared = execution.gone_with(site.statement, statement)
        done = execution.taken(evaluator, statement, site.context.frame, shared)
        for inner, parameter in handed if done is not Ternary.NO else ():
            if not inner.scope.bound.get(parameter):  # else it is another optimizer there
                yield CalledWith(inner, parameter, done is Ternary.YES)


def _handed_to(evaluator: Evaluation, statement: t.Stmt, name: str, frame: Frame) -> Iterator[tuple[Frame, str]]:
    """The project's functions that a statement calls with an optimizer: their frames, and what they call it."""
    context = frame.at(statement)
    for expression in syntax.expressions(statement):
        for call in syntax.walk(expression):
            if not isinstance(call, t.Call) or name not in (syntax.dotted(a.value) for a in call.args):
                continue
            for callee in evaluator.evaluate(call.func, context):
                if not isinstance(callee, FunctionValue) or not isinstance(callee.definition, t.FunctionDef):
                    continue
                own = callee.definition.params[callee.receiver is not None :]
                for given, parameter in syntax.matched(own, call.args):
                    if syntax.dotted(given.value) == name and any(p.name == parameter for p in own):
                        inner = evaluator.call_frame(callee, Arguments(call.args, context), call, context)
                        if inner is not None:
                            yield inner, parameter


def done_by_functions(evaluator: Evaluation, site: Site, name: str) -> list[Change]:
    """What the project's functions do to the groups of an optimizer that they are handed after it is made."""
    known: dict[tuple[int, int], list[Change]] = evaluator.memo("groups changed by functions")
    key = id(site.statement), id(site.context.frame)
    if key not in known:
        evaluator.keep(site.context.frame)
        known[key] = [
            change for called in functions_called_with(evaluator, site, name) for change in _done(evaluator, called)
        ]
    return known[key]


def _done(evaluator: Evaluation, called: CalledWith) -> Iterator[Change]:
    for statement in t.statements(called.frame.scope.body):
        for change in changes_in(evaluator, statement, called.parameter, called.frame, called.surely):
            if change.path[:1] == (_GROUPS,):
                done = execution.taken(evaluator, statement, called.frame)
                if done is not Ternary.NO:
                    yield change if done is Ternary.YES else replace(change, certain=False)


def set_by_function(evaluator: Evaluation, site: Site, name: str, key: str) -> bool:
    """Whether a function that gets the optimizer sets decays to 0, or by what else is in a group.

    `def adjust(optimizer): … for group in optimizer.param_groups: group["weight_decay"] = decay * group["decay_mult"]`
    """
    for called in functions_called_with(evaluator, site, name):
        scope = called.frame.scope
        if (scope, called.parameter) in switching_off(evaluator, scope.module, key):
            return True
        if any(_sets_by_group(statement, key) for statement in t.statements(scope.body)):
            return True
    return False


def _sets_by_group(statement: t.Stmt, key: str) -> bool:
    """`for group in optimizer.param_groups:` whose body sets the group's decay to something that it holds."""
    turn = turn_over_groups(statement)
    return turn is not None and any(
        isinstance(target, t.Subscript)
        and syntax.dotted(target.value) == turn[1]
        and isinstance(target.index, t.Const)
        and target.index.value == key
        and any(isinstance(node, t.Name) and node.id == turn[1] for node in syntax.walk(inner.value))
        for block in t.blocks(statement)
        for inner in t.statements(block)
        if isinstance(inner, t.Assign) and inner.value is not None
        for target in inner.targets
    )


def keys_read(evaluator: Evaluation, site: Site, name: str | None) -> set[str]:
    """The keys of groups that the functions which get an optimizer ask for: `if group["decay"]: …`."""
    found: set[str] = set()
    for called in functions_called_with(evaluator, site, name) if name is not None else ():
        for statement in t.statements(called.frame.scope.body):
            turn = turn_over_groups(statement)
            if turn is not None:
                inside = (inner for block in t.blocks(statement) for inner in t.statements(block))
                nodes = (node for inner in inside for e in syntax.expressions(inner) for node in syntax.walk(e))
                found.update(key for node in nodes if (key := _asked(node, turn[1])) is not None)
    return found


def _asked(node: t.Node, group: str) -> str | None:
    """The key that an expression asks a group for."""
    match node:
        case t.Subscript(value=held, index=t.Const(value=str(key))):
            return key if syntax.dotted(held) == group else None
        case t.Call(
            func=t.Attribute(value=held, attr="get" | "pop"), args=(t.Argument(value=t.Const(value=str(key))), *_)
        ):
            return key if syntax.dotted(held) == group else None
    return None
