"""click and typer: options that a decorator declares and hands to the function below it."""

from __future__ import annotations

from wdlint.source.libraries import options
from wdlint.source.libraries.library import Declarer, Library
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Unknown


def _parameter(evaluator: Evaluation, definition: t.FunctionDef, name: str) -> Answers:
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
                return options.defaults(evaluator, argument.value, context, name)
        return (Unknown(f"{definition.name}.--{name}"),)
    return ()


_DECLARER = Declarer(mark=(b"ption(",))

LIBRARY = Library(
    paths=("click", "typer"),
    declarers={"option": _DECLARER, "Option": _DECLARER},
    parameter=_parameter,
)
