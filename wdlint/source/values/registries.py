"""Registries: dictionaries that decorators fill, in whatever file of the project they stand.

`@register("adamw")` above a function puts it into a dictionary under that key, `@MODELS.register()` above a class puts
that class under its name into what `MODELS` holds. Which function or method fills a dictionary is seen in its body.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.classes import linear_bases, method_named
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Change,
    ClassValue,
    Context,
    FunctionValue,
    Instance,
    Known,
    Unknown,
    Value,
    bare,
)

_FILES = 24  # of a project that may fill one registry; in more of them a name means something else, too

Definition = t.FunctionDef | t.ClassDef


def entered(evaluator: Evaluation, name: str, module: t.Module) -> tuple[Change, ...]:
    """What decorators put into a dictionary of a module, by the functions of that module that fill it."""
    known: dict[tuple[int, str], tuple[Change, ...]] = evaluator.memo("entered by decorators")
    key = id(module), name
    if key not in known:
        known[key] = ()
        filling = {
            function.name: (function, index)
            for function in module.scope.body.statements
            if isinstance(function, t.FunctionDef) and (index := _key_entered(function, name)) is not None
        }
        known[key] = tuple(_by_functions(evaluator, filling, module)) if filling else ()
    return known[key]


def _by_functions(
    evaluator: Evaluation, filling: dict[str, tuple[t.FunctionDef, t.Expr]], module: t.Module
) -> Iterator[Change]:
    for name, (function, index) in filling.items():
        for there, definition, decorator in _decorated(evaluator, name, module):
            called = decorator.func if isinstance(decorator, t.Call) else decorator
            if syntax.last_part(called) != name:
                continue
            context = evaluator.frame(there.scope).at(definition)
            found = evaluator.evaluate(called, context) if there is not module else ()
            if there is module or any(isinstance(v, FunctionValue) and v.definition is function for v in found):
                yield _entry(evaluator, (_key(index, decorator, definition),), definition, there)


def held_by(evaluator: Evaluation, instance: Instance) -> tuple[Change, ...]:
    """What decorators put into an object that a module makes: `@MODELS.register("small")` in any file."""
    if instance.node is None or instance.frame is None or not isinstance(instance.cls, ClassValue):
        return ()
    known: dict[int, tuple[Change, ...]] = evaluator.memo("entered into objects")
    key = id(instance.node)
    if key not in known:
        known[key] = ()
        name = _bound_to(instance.node, instance.frame.scope)
        place = _filled(evaluator, instance) if name else None
        known[key] = tuple(_by_methods(evaluator, instance, name, place)) if place is not None else ()
    return known[key]


def item(evaluator: Evaluation, instance: Instance, index: Value, context: Context) -> Answers:
    """What an object of the project holds: what decorators entered, or what its own `__getitem__` returns."""
    key = index.value if isinstance(index, Known) else None
    for change in held_by(evaluator, instance):
        if change.path == (key,) and change.value is not None:
            return evaluator.evaluate(change.value, change.context)
    asked = method_named(evaluator, instance, "__getitem__") if isinstance(instance.cls, ClassValue) else None
    if asked is None:
        return ()
    found = evaluator.call_function(asked, Arguments(positional=((index,),)), None, context)
    return tuple(value for value in found if not isinstance(value, Unknown))


def _by_methods(evaluator: Evaluation, instance: Instance, name: str, place: tuple[str, t.Expr]) -> Iterator[Change]:
    assert instance.frame is not None
    attribute, index = place
    for there, definition, decorator in _decorated(evaluator, name, instance.frame.scope.module):
        called = decorator.func if isinstance(decorator, t.Call) else decorator
        holder = called.value if isinstance(called, t.Attribute) and called.attr != name else called
        if syntax.last_part(holder) != name:
            continue
        found = evaluator.evaluate(holder, evaluator.frame(there.scope).at(definition))
        if any(isinstance(one := bare(v), Instance) and one.node is instance.node for v in found):
            key = _key(index, decorator, definition)
            yield _entry(evaluator, (attribute, key) if attribute else (key,), definition, there)


def _decorated(evaluator: Evaluation, name: str, home: t.Module) -> Iterator[tuple[t.Module, Definition, t.Expr]]:
    """The decorated functions and classes of the modules that hold a name."""
    paths = evaluator.project.files_with(name, home.path)
    others: Sequence[str] = () if len(paths) > _FILES else paths
    seen = {home.path}
    for module in (home, *(evaluator.project.module(path) for path in others)):
        if module is None or (module is not home and (module.path in seen or module.name == home.name)):
            continue
        seen.add(module.path)
        for statement in module.scope.body.statements:
            if isinstance(statement, (t.FunctionDef, t.ClassDef)):
                for decorator in statement.decorators:
                    yield module, statement, decorator


def _entry(
    evaluator: Evaluation, path: tuple[str | int | None, ...], definition: Definition, module: t.Module
) -> Change:
    held = t.Name(None, definition.name)
    evaluator.keep(held)
    return Change(path, "set", held, (), evaluator.frame(module.scope).at(None), True)


def _key(index: t.Expr, decorator: t.Expr, definition: Definition) -> str | None:
    """The key under which a decorator enters what stands below it: the text that it is given, else the name."""
    given = decorator.args if isinstance(decorator, t.Call) else ()
    if isinstance(index, t.Attribute) or not given:
        return definition.name
    written = given[0].value.value if isinstance(given[0].value, t.Const) else None
    return written if isinstance(written, str) else None


def _key_entered(function: t.FunctionDef, name: str) -> t.Expr | None:
    """The key under which a function puts what it, or a function inside it, is given into the dictionary `name`."""
    for target in _targets(function):
        if isinstance(target.value, t.Name) and target.value.id == name:
            return target.index
    return None


def _filled(evaluator: Evaluation, instance: Instance) -> tuple[str, t.Expr] | None:
    """The attribute of an object that its methods fill with what they are given ("" for itself), and the key."""
    assert isinstance(instance.cls, ClassValue)
    for owner in linear_bases(evaluator, instance.cls):
        for method in t.statements(owner.definition.inner.body) if isinstance(owner, ClassValue) else ():
            if not isinstance(method, t.FunctionDef) or not method.params:
                continue
            own = method.params[0].name
            for target in _targets(method):
                match target.value:
                    case t.Attribute(value=t.Name(id=name), attr=attribute) if name == own:
                        return attribute, target.index
                    case t.Name(id=name) if name == own:
                        return "", target.index
    return None


def _targets(function: t.FunctionDef) -> Iterator[t.Subscript]:
    """The places in dictionaries that a function, or one inside it, sets to what it is given."""
    params = {parameter.name for parameter in function.params}
    for statement in t.statements(function.inner.body):
        if isinstance(statement, t.FunctionDef):
            yield from _targets(statement)
        elif isinstance(statement, t.Assign) and isinstance(statement.value, t.Name) and statement.value.id in params:
            yield from (target for target in statement.targets if isinstance(target, t.Subscript))


def _bound_to(node: t.Call, scope: t.Scope) -> str:
    """The name of a module that a call is bound to; empty where it is none's."""
    for statement in scope.body.statements if scope.kind == "module" else ():
        if isinstance(statement, t.Assign) and statement.value is node:
            return next((target.id for target in statement.targets if isinstance(target, t.Name)), "")
    return ""
