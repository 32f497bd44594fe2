"""Names and attributes on the way from a loss to its summands: what was assigned, added, appended or given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.source.penalties import terms as penalty_terms
from wdlint.source.penalties.calls import entered
from wdlint.source.penalties.summands import Reading, Term, Way
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.classes import class_member, field_given
from wdlint.source.values.in_place import changes_in, instance_changes
from wdlint.source.values.names import parameter_named
from wdlint.source.values.values import Change, ClassValue, Context, Frame, FunctionValue, Instance, bare


def named(reader: Reading, name: str, context: Context, way: Way) -> Iterator[Term]:
    around: Context | None = context
    while around is not None:
        if around.local is not None and name in around.local:
            yield from _local(reader, name, around, way)
            return
        around = around.outer
    frame: Frame | None = context.frame
    statement = context.statement
    first = True
    while frame is not None:
        scope = frame.scope
        if first or scope.kind != "class":
            parameter = parameter_named(scope.definition, name) if scope.kind == "function" else None
            if parameter is not None or name in scope.bound:
                yield from _in_scope(reader, name, statement, frame, parameter, way)
                return
        frame, statement, first = frame.parent, None, False


def _local(reader: Reading, name: str, around: Context, way: Way) -> Iterator[Term]:
    """A comprehension's variable: whatever it runs over."""
    held = reader.clauses.get(id(around))
    if held is not None:
        clause, outside = held
        path = way.path if isinstance(clause.target, t.Name) else ()
        yield from reader.terms(clause.iter, outside, replace(way, path=(None, *path) if path else ()))


def _in_scope(
    reader: Reading, name: str, statement: t.Stmt | None, frame: Frame, parameter: t.Parameter | None, way: Way
) -> Iterator[Term]:
    reach = flow.reaching(name, statement, frame.scope)
    for change, _ in reach.changes:
        if isinstance(change, t.AugAssign) and isinstance(change.target, t.Name) and change.op in ("*", "/"):
            way = way.times(change.value, frame.at(change), inverse=change.op == "/")
    for binding in reach.bindings:
        if reader.evaluator.possible(binding, frame, statement):
            yield from _bound(reader, binding, name, frame, way)
    if not reach.certain and parameter is not None:
        yield from _parameter(reader, parameter, frame, way)
    for change, _ in reach.changes:
        if reader.evaluator.possible(change, frame, statement):
            yield from _changed(reader, change, name, frame, way)


def _bound(reader: Reading, statement: t.Stmt, name: str, frame: Frame, way: Way) -> Iterator[Term]:
    context = frame.at(statement)
    match statement:
        case t.Assign() if statement.value is not None:
            for target in statement.targets:
                if name in syntax.target_names(target):
                    yield from _unpacked(reader, target, statement.value, name, context, way)
        case t.For():
            plain = isinstance(statement.target, t.Name)
            path = (None, *way.path) if plain and way.path else ()
            yield from reader.terms(statement.iter, context, replace(way, path=path))
        case t.With():
            for entered, given in statement.items:
                if given is not None and name in syntax.target_names(given):
                    yield from reader.terms(entered, context, way)
        case _:
            return


def _unpacked(reader: Reading, target: t.Expr, value: t.Expr, name: str, context: Context, way: Way) -> Iterator[Term]:
    if isinstance(target, t.Display):
        for index, part in enumerate(target.items):
            if name in syntax.target_names(part) and not isinstance(part, t.Starred):
                if isinstance(value, t.Display) and len(value.items) == len(target.items):
                    yield from _unpacked(reader, part, value.items[index], name, context, way)
                else:
                    yield from reader.terms(value, context, replace(way, path=(index, *way.path)))
    else:
        yield from reader.terms(value, context, way)


def _changed(reader: Reading, statement: t.Stmt, name: str, frame: Frame, way: Way) -> Iterator[Term]:
    for change in changes_in(reader.evaluator, statement, name, frame, False):
        yield from _change(reader, change, way)


def _change(reader: Reading, change: Change, way: Way) -> Iterator[Term]:
    """The summands that one in-place change brings."""
    way = replace(way, added=way.added or change.action != "set")
    rest = _rest(change.path, way.path)
    if rest is None:
        return
    inner = replace(way, path=rest)
    if change.action in ("append", "add", "insert", "add_", "appendleft") and change.arguments:
        if change.action != "add_":
            inner = replace(way, path=rest[1:])
        yield from reader.terms(change.arguments[-1].value, change.context, inner)
    elif change.action in ("extend", "update") and change.arguments:
        yield from reader.terms(change.arguments[0].value, change.context, inner)
    elif change.value is not None and change.action in ("set", "+="):
        if change.action == "+=":
            inner = reader.joined(inner, change.value, change.context, change.value)
        yield from reader.terms(change.value, change.context, inner)
    elif change.value is not None and change.action == "-=":
        yield from reader.terms(change.value, change.context, replace(inner, negative=not way.negative))


def _parameter(reader: Reading, parameter: t.Parameter, frame: Frame, way: Way) -> Iterator[Term]:
    """What the callers give for a function's parameter."""
    definition = frame.scope.definition
    assert isinstance(definition, t.FunctionDef)
    site = reader.sites.get(id(frame))
    sites = [site] if site is not None else []
    if site is None and frame.arguments is None:
        for caller in reader.evaluator.call_index.callers(reader.evaluator, definition):
            if caller.arguments.context is not None:
                made = t.Call(None, t.Const(None, None), caller.arguments.written)
                sites.append((made, caller.arguments.context, caller.bound))
    plain = [p for p in definition.params if not p.star and not p.keyword_only]
    for call, context, bound in sites:
        position = plain.index(parameter) - bound if parameter in plain else len(call.args)
        value = penalty_terms.given(call, parameter.name, position) if position >= 0 else None
        if value is not None:
            yield from reader.terms(value, context, way)


def attribute(reader: Reading, expr: t.Attribute, context: Context, way: Way) -> Iterator[Term]:
    if expr.attr in ("data", "grad", "shape"):
        return
    wanted = replace(way, path=(expr.attr, *way.path))
    root = syntax.root_name(expr.value)
    for holder in reader.evaluator.evaluate(expr.value, context):
        holder = bare(holder)
        if isinstance(holder, Instance) and isinstance(holder.cls, ClassValue):
            member = class_member(reader.evaluator, holder.cls, expr.attr)
            functions = [v for v in member if isinstance(v, FunctionValue)]
            for function in functions:
                definition = function.definition
                if isinstance(definition, t.FunctionDef) and "property" in syntax.decorator_names(definition):
                    bound = FunctionValue(definition, function.frame, None, holder)
                    yield from entered(reader, bound, t.Call(None, expr, ()), context, way)
            field = field_given(holder, expr.attr) if not functions else None
            if field is not None:
                yield from reader.terms(*field, replace(way, added=True))
            elif not functions:
                for change in instance_changes(reader.evaluator, holder):
                    if change.path[:1] == (expr.attr,):
                        yield from _change(reader, change, wanted)
    if (isinstance(expr.value, t.Name) and root not in ("self", "cls")) or isinstance(expr.value, t.Call):
        yield from reader.terms(expr.value, context, wanted)


def _rest(
    changed: tuple[str | int | None, ...], wanted: tuple[str | int | None, ...]
) -> tuple[str | int | None, ...] | None:
    """What is left of a wanted path inside something set at `changed`; None where it is another entry."""
    for here, there in zip(changed, wanted, strict=False):
        if here is not None and there is not None and here != there:
            return None
    return wanted[len(changed) :]
