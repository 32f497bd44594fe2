"""What prepares models and optimizers for a device: accelerate, Lightning Fabric, Ray, apex, Intel's extension.

Each returns what it was given, in the same order. Which of their classes wrap an optimizer is in `knowledge.wrappers`.
"""

from __future__ import annotations

from wdlint.source.libraries.library import Call, Library, passed_through
from wdlint.source.libraries.torch import sharded
from wdlint.source.values.call_arguments import argument, keywords
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    External,
    Instance,
    Item,
    Known,
    Method,
    SequenceValue,
    Value,
    bare,
)


def _prepared(evaluator: Evaluation, call: Call) -> Answers:
    """A method that returns its arguments: one by itself, more as a tuple."""
    given = call.positional(evaluator)
    if len(given) == 1:
        return given[0]
    return (SequenceValue("tuple", tuple(Item(a) for a in given), call.node, call.context),)


def _set_up(evaluator: Evaluation, call: Call) -> Answers:
    """Fabric's `setup`: what it is given, the model first, which a sharding strategy leaves flat."""
    given = call.positional(evaluator)
    if given and isinstance(call.callee, Method) and _shards(evaluator, call.callee.receiver):
        model = tuple(sharded(value, call.arguments, call.context) for value in given[0])
        given = (model, *given[1:])
    return given[0] if len(given) == 1 else (SequenceValue("tuple", tuple(map(Item, given)), call.node, call.context),)


def _shards(evaluator: Evaluation, fabric: Value) -> bool:
    """Whether a Fabric was made with a strategy under which parameters lose their dimensions."""
    inner = bare(fabric)
    if not isinstance(inner, Instance) or not isinstance(inner.cls, External) or inner.arguments is None:
        return False
    if inner.cls.path.rpartition(".")[2] != "Fabric":
        return False
    for value in argument(evaluator, inner.arguments, "strategy", 1):
        made = bare(value)
        if isinstance(made, Known) and isinstance(made.value, str):
            if made.value.startswith(("fsdp", "deepspeed_stage_3")):
                return True
        elif isinstance(made, Instance) and isinstance(made.cls, External):
            if made.cls.path.rpartition(".")[2] == "FSDPStrategy":
                return True
    return False


def _model_and_optimizer(evaluator: Evaluation, call: Call) -> Answers:
    """A wrapper that returns the model and optimizer that it was given, as a tuple."""
    given = dict(keywords(evaluator, call.arguments))
    order = call.positional(evaluator)
    model = given.get("model") or given.get("models") or (order[0] if order else ())
    optimizer = given.get("optimizer") or given.get("optimizers") or (order[1] if len(order) > 1 else ())
    if not optimizer:
        return model
    return (SequenceValue("tuple", (Item(model), Item(optimizer)), call.node, call.context),)


LIBRARY = Library(
    paths=("accelerate", "apex", "intel_extension_for_pytorch", "lightning", "ray"),
    calls={
        "apex.amp.initialize": _model_and_optimizer,
        "apex.parallel.DistributedDataParallel": passed_through,
        "apex.parallel.convert_syncbn_model": passed_through,
        "intel_extension_for_pytorch.optimize": _model_and_optimizer,
    },
    methods={
        **dict.fromkeys(("distribute_model", "prepare", "prepare_model"), _prepared),
        **dict.fromkeys(("setup", "setup_module"), _set_up),
    },
)
