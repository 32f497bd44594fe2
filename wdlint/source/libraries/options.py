"""The defaults of command-line options: argparse, click, absl flags and their like.

An option is found by the name it is read under, in the module that reads it and in the modules of the
project which that one imports.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Origin
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, Known, Unknown

_DECLARERS = ("add_argument", "add", "add_arg", "add_option", "option", "Option")
_FLAGS = ("DEFINE_float", "DEFINE_string", "DEFINE_integer", "DEFINE_bool", "DEFINE_boolean", "DEFINE_enum")
_DECLARING = (
    b"add_arg",
    b"ption(",
    b"DEFINE_",
    b".add('-",
    b'.add("-',
)  # what the bytes of a module that declares options hold
_BEFORE = (b"-", b"'", b'"')  # what stands before an option's name where it is declared


def option_default(evaluator: Evaluation, name: str, context: Context) -> Answers:
    """What an option is unless the user says otherwise; empty where no such option is seen."""
    seen: set[str] = set()
    for module in _near(evaluator, context.module, name):
        if module.path in seen:
            continue
        seen.add(module.path)
        found = _in_module(evaluator, module, name)
        if found:
            return found
    return ()


def _near(evaluator: Evaluation, module: t.Module, name: str) -> Iterator[t.Module]:
    """The module itself, those it imports that declare the name as an option, and the linted file."""
    yield module
    near: dict[int, list[str]] = evaluator.memo("declaring_options")
    if id(module) not in near:
        near[id(module)] = list(_declaring(evaluator, module))
    if near[id(module)]:
        spellings = {name.encode(), name.replace("_", "-").encode()}
        wanted = [before + spelling + after for spelling in spellings for before in _BEFORE for after in (b"'", b'"')]
        for path in near[id(module)]:
            found = evaluator.project.mentioning(path, wanted)
            if found is not None:
                yield found
    yield evaluator.module


def _declaring(evaluator: Evaluation, module: t.Module) -> Iterator[str]:
    """The files of the modules that a module imports and that declare options."""
    for statement in module.scope.body.statements:
        targets: list[tuple[str, int]] = []
        if isinstance(statement, t.ImportFrom):
            targets = [(statement.module, statement.level)]
            targets += [
                (f"{statement.module}.{n}" if statement.module else n, statement.level)
                for n, _ in statement.names
                if n != "*" and n[:1].islower()
            ]
        elif isinstance(statement, t.Import):
            targets = [(dotted, 0) for dotted, _ in statement.names]
        for dotted, level in targets:
            found = evaluator.project.holding(dotted, module, level, _DECLARING)
            if found is not None:
                yield found


def _in_module(evaluator: Evaluation, module: t.Module, name: str) -> Answers:
    cache: dict[int, dict[str, tuple[t.Call, t.Stmt]]] = evaluator.memo("options")
    index = cache.get(id(module))
    if index is None:
        index = cache[id(module)] = dict(_declared(evaluator, module))
    entry = index.get(name)
    if entry is None:
        return ()
    call, statement = entry
    context = evaluator.frame(statement.scope).at(statement)
    for argument in call.args:
        if argument.keyword == "default":
            return _defaults(evaluator, argument.value, context, name)
    for argument in call.args:
        if argument.keyword == "action" and isinstance(argument.value, t.Const):
            if argument.value.value in ("store_true", "store_false"):
                return (Known(argument.value.value == "store_false", Origin.ARGUMENT_DEFAULT, call, module),)
    if isinstance(call.func, t.Attribute) and call.func.attr in _FLAGS and len(call.args) > 1:
        return _defaults(evaluator, call.args[1].value, context, name)
    return (Unknown(f"{module.name}.--{name}"),)


def _defaults(evaluator: Evaluation, expr: t.Expr, context: Context, name: str) -> Answers:
    answers = evaluator.evaluate(expr, context)
    found: Answers = tuple(v.come_from(Origin.ARGUMENT_DEFAULT) if isinstance(v, Known) else v for v in answers)
    if len(found) == 1 and isinstance(found[0], Known) and found[0].value is None:
        return (Unknown(f"{context.module.name}.--{name}"),)
    return found


def _declared(evaluator: Evaluation, module: t.Module) -> Iterator[tuple[str, tuple[t.Call, t.Stmt]]]:
    """Every option that a module declares, by the name under which it is read."""
    index = evaluator.call_index.calls(module)
    for declarer in (*_DECLARERS, *_FLAGS):
        for call, statement in index.get(declarer, ()):
            names = [
                a.value.value
                for a in call.args
                if a.keyword is None and isinstance(a.value, t.Const) and isinstance(a.value.value, str)
            ]
            if not names:
                continue
            destination = next(
                (
                    a.value.value
                    for a in call.args
                    if a.keyword == "dest" and isinstance(a.value, t.Const) and isinstance(a.value.value, str)
                ),
                None,
            )
            if destination is None:
                long = [n for n in names if n.startswith("--")] or names
                destination = long[0].lstrip("-").replace("-", "_")
                if declarer in _FLAGS:
                    destination = names[0]
            yield destination, (call, statement)


def click_option(evaluator: Evaluation, definition: t.FunctionDef, name: str) -> Answers:
    """The default of a function's parameter that a `@click.option` decorator fills."""
    if not any(isinstance(d, t.Call) for d in definition.decorators):
        return ()
    for decorator in definition.decorators:
        if not isinstance(decorator, t.Call) or not isinstance(decorator.func, t.Attribute):
            continue
        names = [
            a.value.value
            for a in decorator.args
            if a.keyword is None and isinstance(a.value, t.Const) and isinstance(a.value.value, str)
        ]
        if not any(n.lstrip("-").replace("-", "_") == name for n in names):
            continue
        context = evaluator.frame(definition.scope).at(definition)
        for argument in decorator.args:
            if argument.keyword == "default":
                return _defaults(evaluator, argument.value, context, name)
        return (Unknown(f"{definition.name}.--{name}"),)
    return ()
