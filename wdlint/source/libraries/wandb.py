"""wandb: `wandb.config` is what `wandb.init(config=…)` was given, unless a sweep says otherwise."""

from __future__ import annotations

from dataclasses import replace

from wdlint.source.libraries.library import Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, External, Instance, MappingValue

_MAKES_RUN = "wandb.init"
_SWEEPS = ("wandb.sweep", "wandb.agent")


def _member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    """`run.config` of `run = wandb.init(config=…)`."""
    if not isinstance(value.cls, External) or value.cls.path != _MAKES_RUN or name != "config":
        return None
    return _given(evaluator, value) or None


def _given(evaluator: Evaluation, run: Instance) -> Answers:
    given = argument(evaluator, run.arguments, "config", None) if run.arguments is not None else ()
    return tuple(replace(v, settings=True) if isinstance(v, MappingValue) else v for v in given)


def _config(evaluator: Evaluation, context: Context) -> Answers:
    """`wandb.config`: what the one call of `wandb.init` in the module was given."""
    known: dict[int, Answers] = evaluator.memo("configurations of wandb")
    module = context.module
    if id(module) not in known:
        known[id(module)] = ()
        known[id(module)] = _of_module(evaluator, module)
    return known[id(module)]


def _of_module(evaluator: Evaluation, module: t.Module) -> Answers:
    calls = evaluator.call_index.calls(module)
    if any(syntax.dotted(call.func) in _SWEEPS for name in ("sweep", "agent") for call, _ in calls.get(name, ())):
        return ()
    made = [
        value
        for call, statement in calls.get("init", ())
        if syntax.dotted(call.func) == _MAKES_RUN
        for value in evaluator.evaluate(call, evaluator.frame(statement.scope).at(statement))
        if isinstance(value, Instance)
    ]
    return _given(evaluator, made[0]) if len(made) == 1 else ()


LIBRARY = Library(paths=("wandb",), member=_member, names={"wandb.config": _config, "wandb.run.config": _config})
