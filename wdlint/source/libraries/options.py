"""The defaults of command-line options, whichever library declares them.

An option is found by the name it is read under, in the module that reads it and in the modules of the
project which that one imports. Which functions declare options is said by the libraries. Of several
parsers in a module the one counts that is made where the namespace is; where that can't be told, each may be meant.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from wdlint.facts import Origin
from wdlint.source.libraries.library import Declarer
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, FunctionValue, Known, Unknown, Value

_TRUE, _FALSE = frozenset(("true", "yes", "t", "y", "1", "on")), frozenset(("false", "no", "f", "n", "0", "off"))
_DECLARING = re.compile(
    r"arg|dict|opt|default|config|flag", re.IGNORECASE
)  # in the names of functions that declare many
DECAYS = re.compile(r"decay|wd|l2", re.IGNORECASE)  # what is looked for everywhere: other names are too many
_FILES = 20
_ONE_BY_ONE = ("add_argument", "parse_args", "add_option", "dict", "OrderedDict")
_BEFORE = (b"-", b"'", b'"')  # what stands before an option's name where it is declared

_Declared = tuple[t.Call, t.Stmt, Declarer]


def default(
    evaluator: Evaluation,
    name: str,
    context: Context,
    declarers: Mapping[str, Declarer],
    made_in: t.Scope | None = None,
) -> Answers:
    """What an option is unless the user says otherwise; empty where no such option is seen.

    `made_in` is the scope in which the command line was parsed, where that is known.
    """
    seen: set[str] = set()
    for module in _near(evaluator, context.module, name, declarers):
        if module.path in seen:
            continue
        seen.add(module.path)
        found = _in_module(evaluator, module, name, declarers, made_in)
        if found:
            return found
    return _anywhere(evaluator, context.module, name, declarers) if DECAYS.search(name) else ()


def _anywhere(evaluator: Evaluation, module: t.Module, name: str, declarers: Mapping[str, Declarer]) -> Answers:
    """The default of an option that modules of the project declare which this one does not import, if they agree."""
    known: dict[str, Answers] = evaluator.memo("options anywhere")
    if name not in known:
        known[name] = ()
        marks = tuple(dict.fromkeys(mark for declarer in declarers.values() for mark in declarer.mark))
        found: list[Answers] = []
        spellings = dict.fromkeys((name, name.replace("_", "-")))
        paths = (path for spelling in spellings for path in evaluator.project.files_with(spelling, module.path))
        for path in islice(dict.fromkeys(paths), _FILES):
            if any(mark in evaluator.project.read(path) for mark in marks):
                holder = evaluator.project.mentioning(path, _quoted(name))
                found.append(_in_module(evaluator, holder, name, declarers) if holder is not None else ())
        given = [answers[0] for answers in found if answers]
        if given and len({v.value if isinstance(v, Known) else None for v in given}) == 1:
            known[name] = (given[0],) if isinstance(given[0], Known) else ()
    return known[name]


def _near(evaluator: Evaluation, module: t.Module, name: str, declarers: Mapping[str, Declarer]) -> Iterator[t.Module]:
    """The module itself, those it imports that declare the name as an option, and the linted file."""
    yield module
    near: dict[int, list[str]] = evaluator.memo("declaring_options")
    if id(module) not in near:
        near[id(module)] = list(_declaring(evaluator, module, declarers))
    if near[id(module)]:
        for path in near[id(module)]:
            found = evaluator.project.mentioning(path, _quoted(name))
            if found is not None:
                yield found
    yield evaluator.module


def _quoted(name: str) -> list[bytes]:
    """How an option's name stands where it is declared."""
    spellings = {name.encode(), name.replace("_", "-").encode()}
    return [before + spelling + after for spelling in spellings for before in _BEFORE for after in (b"'", b'"')]


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


def _in_module(
    evaluator: Evaluation,
    module: t.Module,
    name: str,
    declarers: Mapping[str, Declarer],
    made_in: t.Scope | None = None,
) -> Answers:
    cache: dict[int, dict[str, list[_Declared]]] = evaluator.memo("options")
    index = cache.get(id(module))
    if index is None:
        index = cache[id(module)] = {}
        for option, one in declared(evaluator, module, declarers):
            index.setdefault(option, []).append(one)
    entries = index.get(name, [])
    own = [entry for entry in entries if entry[1].scope is made_in]
    set_anew = _set_defaults(evaluator, module, name)
    settled = next((set_there for set_there in reversed(set_anew) if set_there[1].scope is made_in), None)
    if settled is not None:
        return _set(evaluator, settled, name)
    if not entries and not set_anew:
        return _of_dictionaries(evaluator, module, name)
    found = [answer for entry in own or entries for answer in _declared_default(evaluator, module, name, entry)]
    found += [answer for set_there in set_anew for answer in _set(evaluator, set_there, name)]
    return _different(found)


def _different(found: Sequence[Value]) -> Answers:
    """The last of answers that say the same, in order."""
    last: dict[object, Value] = {}
    for answer in found:
        key = (type(answer.value), answer.value) if isinstance(answer, Known) else getattr(answer, "key", id(answer))
        last.pop(key, None)
        last[key] = answer
    return tuple(last.values())


def _set_defaults(evaluator: Evaluation, module: t.Module, name: str) -> list[tuple[t.Expr, t.Stmt]]:
    """What `parser.set_defaults(name=…)` sets in a module."""
    places = evaluator.call_index.calls(module).get("set_defaults", ())
    return [(given.value, statement) for call, statement in places for given in call.args if given.keyword == name]


def _set(evaluator: Evaluation, set_there: tuple[t.Expr, t.Stmt], name: str) -> Answers:
    expr, statement = set_there
    return defaults(evaluator, expr, evaluator.frame(statement.scope).at(statement), name)


def _declared_default(evaluator: Evaluation, module: t.Module, name: str, entry: _Declared) -> Answers:
    """What one declaration says that an option is by default."""
    call, statement, declarer = entry
    context = evaluator.frame(statement.scope).at(statement)
    for argument in call.args:
        if argument.keyword == "default":
            kind = next((a.value for a in call.args if a.keyword == "type"), None)
            found = defaults(evaluator, argument.value, context, name)
            return tuple(_converted(evaluator, v, kind, context) for v in found) if kind is not None else found
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


def _converted(evaluator: Evaluation, default: Value, kind: t.Expr, context: Context) -> Value:
    """A default that is a text, as the option's `type` reads it; one that can't be told where that is unknown."""
    if not isinstance(default, Known) or not isinstance(default.value, str):
        return default
    name = (syntax.dotted(kind) or "").rpartition(".")[2]
    if name == "str" or isinstance(kind, t.Lambda):
        return default
    text = default.value.strip()
    try:
        if name in ("float", "int"):
            return replace(default, value=float(text))
        if name in ("literal_eval", "eval"):
            read = literal_eval(text)
            return replace(default, value=read) if isinstance(read, (str, int, float, bool, type(None))) else default
    except (ValueError, SyntaxError):
        return default
    if "bool" in name.lower() and text.lower() in _TRUE | _FALSE:
        return replace(default, value=text.lower() in _TRUE)
    return default


def _of_dictionaries(evaluator: Evaluation, module: t.Module, name: str) -> Answers:
    """An option out of a dictionary of defaults that a function declares in a loop: `add_dict(parser, defaults)`."""
    known: dict[int, list[tuple[t.Expr, Context]]] = evaluator.memo("dictionaries of options")
    if id(module) not in known:
        known[id(module)] = []
        known[id(module)] = list(_dictionaries(evaluator, module))
    found: list[Value] = []
    for expr, context in known[id(module)]:
        for held in evaluator.evaluate(expr, context):
            found.extend(objects.entry(evaluator, held, name))
    return tuple(v.come_from(Origin.ARGUMENT_DEFAULT) if isinstance(v, Known) else v for v in found)


def _dictionaries(evaluator: Evaluation, module: t.Module) -> Iterator[tuple[t.Expr, Context]]:
    for called, places in evaluator.call_index.calls(module).items():
        for call, statement in places if _DECLARING.search(called) and called not in _ONE_BY_ONE else ():
            context = evaluator.frame(statement.scope).at(statement)
            for callee in evaluator.evaluate(call.func, context) if len(call.args) > 1 else ():
                if isinstance(callee, FunctionValue) and isinstance(callee.definition, t.FunctionDef):
                    places_of = [p.name for p in callee.definition.params]
                    for position in (places_of.index(n) for n in _walked(callee.definition) if n in places_of):
                        if position < len(call.args) and call.args[position].keyword is None:
                            yield call.args[position].value, context


def _walked(function: t.FunctionDef) -> Iterator[str]:
    """The mappings whose entries a function declares as options one by one."""
    for statement in t.statements(function.inner.body):
        if isinstance(statement, t.For) and isinstance(statement.iter, t.Call):
            func = statement.iter.func
            named = isinstance(func, t.Attribute) and func.attr == "items" and isinstance(func.value, t.Name)
            inside = (e for inner in t.statements(statement.body) for e in syntax.expressions(inner))
            declares = any(
                isinstance(node, t.Attribute) and node.attr == "add_argument" for e in inside for node in syntax.walk(e)
            )
            if named and declares:
                assert isinstance(func, t.Attribute) and isinstance(func.value, t.Name)
                yield func.value.id


def declared(
    evaluator: Evaluation, module: t.Module, declarers: Mapping[str, Declarer]
) -> Iterator[tuple[str, _Declared]]:
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
