"""What the code calls the model whose parameters an optimizer takes, where the optimizer is made.

A reader looks for a name or an attribute there, such as `self.model`; what made the model, or what its annotation says,
is no name of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge

from wdlint.source.models.optimized import Model, same_model
from wdlint.source.optimizers.sites import Site
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import flow
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context, Instance, Part, Unknown, Value, bare

_ASKED = ("parameters", "named_parameters", "modules", "named_modules", "children", "named_children")
_MOST = 200  # expressions tried for one model


def names(evaluator: Evaluation, site: Site, models: Sequence[Model]) -> str:
    """The models' names, joined; empty where one of them has none here."""
    found = [_name(evaluator, site, model) for model in models]
    return " and ".join(dict.fromkeys(found)) if all(found) else ""


def _name(evaluator: Evaluation, site: Site, model: Model) -> str:
    parts: dict[str, None] = {}
    whole = ""
    for count, (expression, context) in enumerate(_candidates(evaluator, site, model)):
        if count > _MOST:
            break
        text = syntax.dotted(expression)
        if text is None or text in parts:
            continue
        for value in evaluator.evaluate(expression, context):
            if isinstance(_uncovered(value), Part):
                if _is_meant(value, model):
                    parts[text] = None
            elif same_model(value, model.value):
                whole = whole or text
    if whole and (len(parts) != 1 or "" in model.prefixes):
        return whole
    return next(iter(parts)) if len(parts) == 1 else whole or _parameter(site, model.value)


def _uncovered(value: Value) -> Value:
    while not isinstance(value, Part) and bare(value) is not value:
        value = value.base  # type: ignore[union-attr]
    return value


def _is_meant(value: Value, model: Model) -> bool:
    part = _uncovered(value)
    return isinstance(part, Part) and same_model(part.root, model.value) and part.path in model.prefixes


def _candidates(evaluator: Evaluation, site: Site, model: Model) -> Iterator[tuple[t.Expr, Context]]:
    """What may name the model at a construction, the likeliest first."""
    for argument in site.call.args:
        yield from _named_in(argument.value, site.context)
    scope = site.statement.scope
    frame = site.context.frame if site.context.frame.scope is scope else evaluator.frame(scope)
    used = {n.id for a in site.call.args for n in syntax.walk(a.value) if isinstance(n, t.Name)}
    made = getattr(bare(model.value), "node", None)
    for statement in _concerning(evaluator, scope, used, made):
        context = frame.at(statement)
        binds = not used.isdisjoint(statement.binds)
        for expression in syntax.expressions(statement):
            for node in syntax.walk(expression):
                if node is made and isinstance(statement, t.Assign):
                    yield from ((target, frame.at(None)) for target in statement.targets)
                if isinstance(node, t.Attribute) and node.attr in _ASKED:
                    yield from _named_in(node.value, context)
            if binds and isinstance(statement, t.Assign):
                yield from _named_in(expression, context)


class _Index:
    """The statements of a scope that may name a model, looked through once for all its constructions."""

    def __init__(self, scope: t.Scope) -> None:
        self.asking: list[t.Stmt] = []  # those that ask something for its parameters
        self.binding: dict[str, list[t.Stmt]] = {}
        self.making: dict[int, t.Stmt] = {}  # assignments by the calls in them
        for statement in t.statements(scope.body):
            nodes = [node for expression in syntax.expressions(statement) for node in syntax.walk(expression)]
            if any(isinstance(node, t.Attribute) and node.attr in _ASKED for node in nodes):
                self.asking.append(statement)
            if isinstance(statement, t.Assign):
                self.making.update((id(node), statement) for node in nodes if isinstance(node, t.Call))
                for name in statement.binds:
                    self.binding.setdefault(name, []).append(statement)


def _concerning(evaluator: Evaluation, scope: t.Scope, used: set[str], made: object) -> Iterator[t.Stmt]:
    """The statements of a scope that ask for parameters, bind one of some names, or make a model, in their order."""
    indices: dict[int, _Index] = evaluator.memo("statements that name models")
    index = indices.get(id(scope))
    if index is None:
        index = indices[id(scope)] = _Index(scope)
    others = [statement for name in used for statement in index.binding.get(name, ())]
    if id(made) in index.making:
        others.append(index.making[id(made)])
    last: t.Stmt | None = None
    for statement in merge(index.asking, sorted(others, key=flow.position), key=flow.position):
        if statement is not last:
            yield statement
        last = statement


def _named_in(expression: t.Expr, context: Context) -> Iterator[tuple[t.Expr, Context]]:
    """The names and attributes in an expression, outermost first; what is called is none."""
    if isinstance(expression, (t.Comprehension, t.Lambda)):
        for child in syntax.children(expression):
            yield from _named_in(child, context)
        return
    if isinstance(expression, (t.Name, t.Attribute)) and syntax.dotted(expression) is not None:
        if not isinstance(expression, t.Attribute) or expression.attr not in _ASKED:
            yield expression, context
    for child in syntax.children(expression):
        yield from _named_in(child, context)


def _parameter(site: Site, value: Value) -> str:
    """The parameter of the function around the construction that is the model, where nobody here says what it is."""
    inner = bare(value)
    key = inner.key if isinstance(inner, Unknown) else ""
    definition = site.statement.scope.definition
    if isinstance(inner, Instance) or not isinstance(definition, t.FunctionDef):
        return ""
    name = key.rpartition(".")[2]
    return name if any(parameter.name == name for parameter in definition.params) else ""
