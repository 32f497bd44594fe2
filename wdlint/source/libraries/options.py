"""The defaults of command-line options, whichever library declares them.

An option is found by the name it is read under, in the module that reads it and in the modules of the
project which that one imports. Which functions declare options is said by the libraries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wdlint.facts import Origin
from wdlint.source.libraries.library import Declarer
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, Known, Unknown

_BEFORE = (b"-", b"'", b'"')  # what stands before an option's name where it is declared


def default(evaluator: Evaluation, name: str, context: Context, declarers: Mapping[str, Declarer]) -> Answers:
    """What an option is unless the user says otherwise; empty where no such option is seen."""
    seen: set[str] = set()
    for module in _near(evaluator, context.module, name, declarers):
        if module.path in seen:
            continue
        seen.add(module.path)
        found = _in_module(evaluator, module, name, declarers)
        if found:
            return found
    return ()


def _near(evaluator: Evaluation, module: t.Module, name: str, declarers: Mapping[str, Declarer]) -> Iterator[t.Module]:
    """The module itself, those it imports that declare the name as an option, and the linted file."""
    yield module
    near: dict[int, list[str]] = evaluator.memo("declaring_options")
    if id(module) not in near:
        near[id(module)] = list(_declaring(evaluator, module, declarers))
    if near[id(module)]:
        spellings = {name.encode(), name.replace("_", "-").encode()}
        wanted = [before + spelling + after for spelling in spellings for before in _BEFORE for after in (b"'", b'"')]
        for path in near[id(module)]:
            found = evaluator.project.mentioning(path, wanted)
            if found is not None:
                yield found
    yield evaluator.module


def _declaring(evaluator: Evaluation, module: t.Module, declarers: Mapping[str, Declarer]) -> Iterator[str]:
    """The files of the modules that a module imports and that declare options."""
    marks = tuple(dict.fromkeys(mark for declarer in declarers.values() for mark in declarer.mark))
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
            found = evaluator.project.holding(dotted, module, level, marks)
            if found is not None:
                yield found


def _in_module(evaluator: Evaluation, module: t.Module, name: str, declarers: Mapping[str, Declarer]) -> Answers:
    cache: dict[int, dict[str, tuple[t.Call, t.Stmt, Declarer]]] = evaluator.memo("options")
    index = cache.get(id(module))
    if index is None:
        index = cache[id(module)] = dict(declared(evaluator, module, declarers))
    entry = index.get(name)
    if entry is None:
        return ()
    call, statement, declarer = entry
    context = evaluator.frame(statement.scope).at(statement)
    for argument in call.args:
        if argument.keyword == "default":
            return defaults(evaluator, argument.value, context, name)
    for argument in call.args:
        if argument.keyword == "action" and isinstance(argument.value, t.Const):
            if argument.value.value in ("store_true", "store_false"):
                return (Known(argument.value.value == "store_false", Origin.ARGUMENT_DEFAULT, call, module),)
    if isinstance(call.func, t.Attribute) and declarer.default is not None and len(call.args) > declarer.default:
        return defaults(evaluator, call.args[declarer.default].value, context, name)
    return (Unknown(f"{module.name}.--{name}"),)


def defaults(evaluator: Evaluation, expr: t.Expr, context: Context, name: str) -> Answers:
    """What is written as an option's default, marked as such; nothing is known of an option whose default is None."""
    answers = evaluator.evaluate(expr, context)
    found: Answers = tuple(v.come_from(Origin.ARGUMENT_DEFAULT) if isinstance(v, Known) else v for v in answers)
    if len(found) == 1 and isinstance(found[0], Known) and found[0].value is None:
        return (Unknown(f"{context.module.name}.--{name}"),)
    return found


def declared(
    evaluator: Evaluation, module: t.Module, declarers: Mapping[str, Declarer]
) -> Iterator[tuple[str, tuple[t.Call, t.Stmt, Declarer]]]:
    """Every option that a module declares, by the name under which it is read."""
    index = evaluator.call_index.calls(module)
    for function, declarer in declarers.items():
        for call, statement in index.get(function, ()):
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
                if declarer.plain:
                    destination = names[0]
            yield destination, (call, statement, declarer)
