"""The optimizer that a loop's settings choose: by name, by a member of an enumeration, as a class or as a partial."""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Coupling, OptimizerClass, Origin
from wdlint.knowledge.trainers import TrainingLoop, optimizer_at, optimizer_named
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, External, Known, Partial, bare, constant

_WRAPPER = "OptimWrapper"  # fastai's, which hands torch's optimizer all parameters in one group


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """A class, with the decay that it has where the loop is given none."""

    described: OptimizerClass
    decay: Answers = ()
    divides: bool = True  # False: it passes over the loop's split


def chosen(evaluator: Evaluation, loop: TrainingLoop, answers: Answers) -> Chosen:
    """The optimizer of a loop, its coupling unknown where it can't be told."""
    value = bare(answers[0]) if len(answers) == 1 else None
    if isinstance(value, Partial) and isinstance(value.callee, External):
        return _partly(evaluator, loop, value.callee.path, value.arguments)
    if isinstance(value, External):
        return _partly(evaluator, loop, value.path, None)
    name = constant(answers) if answers else loop.usual
    return _partly(evaluator, loop, name, None) if isinstance(name, str) else Chosen(_untold(loop))


def _partly(evaluator: Evaluation, loop: TrainingLoop, path: str, given: Arguments | None) -> Chosen:
    """A class by its path or name, some of whose arguments are given."""
    if path.rpartition(".")[2] == _WRAPPER:
        inner = [v for v in argument(evaluator, given, "opt", None) if isinstance(v, External)] if given else []
        made = _partly(evaluator, loop, inner[0].path, given) if len(inner) == 1 else Chosen(_untold(loop))
        return Chosen(made.described, made.decay, divides=False)
    known = optimizer_at(path)
    if known is None:
        named = optimizer_named(path.rpartition(".")[2].lower())
        return Chosen(named or _untold(loop))
    told: Answers = ()
    settings: dict[str, object] = {}
    if given is not None:
        told = argument(evaluator, given, known.decay.name, None) if known.decay is not None else ()
        for flag in {name for switch in known.switches for name, _ in switch.settings}:
            answers = argument(evaluator, given, flag, None)
            if answers:
                settings[flag] = value.value if isinstance(value := answers[0], Known) and len(answers) == 1 else ...
    default = known.decay.default if known.decay is not None else None
    return Chosen(known.described(settings), told or (Known(default or 0.0, Origin.OPTIMIZER_DEFAULT),))


def _untold(loop: TrainingLoop) -> OptimizerClass:
    return OptimizerClass(loop.path, Coupling.UNKNOWN, source="the optimizer is chosen by name")
