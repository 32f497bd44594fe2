"""Adapters: what peft, loralib and their relatives add to a model, and what of it they leave to be trained.

All of them freeze the model that they are given and train what they add, and besides what their options name: biases,
whole modules, norms. The facts are from peft 0.18 (`tuners/*/config.py`, `layer.py`, `peft_model.py`), loralib 0.1.2
(`utils.py`) and diffusers 0.36 (`loaders/peft.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wdlint.facts import Kind
from wdlint.source.libraries.library import Call, Library
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values import calls
from wdlint.source.values.call_arguments import argument
from wdlint.source.values.contents import items
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Change,
    Changed,
    External,
    Instance,
    Known,
    Method,
    SequenceValue,
    Value,
    bare,
)

OWNER = "peft.Adapter"  # the class that adapters' parameters are said to belong to
ADAPTED = "adapted"  # the change that a model goes through; its arguments are the call's
_ALL = ("prepare_model_for_kbit_training", "prepare_model_for_int8_training", "freeze")
_NAMES = frozenset(
    (
        *("get_peft_model", "add_adapter", "inject_adapter_in_model", "mark_only_lora_as_trainable"),
        *("train_adapter", "unfreeze", *_ALL),
    )
)
_RETURNING = ("get_peft_model", "inject_adapter_in_model", *_ALL[:2])


@dataclass(frozen=True, slots=True)
class Added:
    """A parameter that adapters add to the layers that they are put on."""

    name: str
    kind: Kind
    ndim: int | None

    @property
    def attribute(self) -> str:
        return self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True, eq=False)
class Adaptation:
    """What of a model is trained after a call, what the call adds left out."""

    model: Value
    everything: bool = False
    bias: str = "none"  # "none", "all", or "lora_only" for those of the layers that have adapters
    saved: tuple[str, ...] = ()  # last parts of the paths of modules that are trained as a whole
    norms: bool = False
    added: tuple[Added, ...] = ()


_PAIR = (Added("lora_A.default.weight", Kind.WEIGHT, 2), Added("lora_B.default.weight", Kind.WEIGHT, 2))
_MAGNITUDE = Added("lora_magnitude_vector.default.weight", Kind.GAIN, 1)
_LORA_BIAS = Added("lora_B.default.bias", Kind.BIAS, 1)
_PROMPT = Added("prompt_encoder.default.embedding.weight", Kind.EMBEDDING, 2)
_ADDED: dict[str, tuple[Added, ...]] = {
    "LoraConfig": _PAIR,
    "AdaLoraConfig": (*_PAIR, Added("lora_E.default", Kind.OTHER, 2)),
    "LoHaConfig": tuple(Added(f"hada_w{i}_{j}.default", Kind.WEIGHT, 2) for i in (1, 2) for j in "ab"),
    "IA3Config": (Added("ia3_l.default", Kind.GAIN, 2),),
    "VeraConfig": (Added("vera_lambda_b.default", Kind.GAIN, 1), Added("vera_lambda_d.default", Kind.GAIN, 1)),
    "PromptTuningConfig": (_PROMPT,),
    "PrefixTuningConfig": (_PROMPT,),
    "PromptEncoderConfig": (_PROMPT,),
}
# What peft trains as a whole for a task, whether the configuration names it or not.
_HEADS = {"SEQ_CLS": ("classifier", "score"), "TOKEN_CLS": ("classifier", "score"), "QUESTION_ANS": ("qa_outputs",)}


def is_named(func: t.Expr) -> bool:
    """Whether a call may adapt a model, by the name of what is called."""
    name = func.id if isinstance(func, t.Name) else func.attr if isinstance(func, t.Attribute) else ""
    return name in _NAMES or (name == "from_pretrained" and "Peft" in (syntax.dotted(func) or ""))


def adaptations(
    evaluator: Evaluation, callee: External | Method, arguments: Arguments, result: Answers
) -> Iterator[Adaptation]:
    """What a call of a library leaves to be trained of the models that it is given, or that it is a method of."""
    name = callee.path.rpartition(".")[2] if isinstance(callee, External) else callee.name
    models: Answers = (callee.receiver,) if isinstance(callee, Method) else _given(evaluator, arguments, "model", 0)
    if name == "unfreeze":
        yield from (Adaptation(model, everything=True) for model in models)
    elif name in _ALL or name == "train_adapter":
        yield from (Adaptation(model) for model in models)
    elif name == "from_pretrained":
        yield from (Adaptation(model) for model in models if not isinstance(model, Known))
        yield from (Adaptation(model) for model in result if isinstance(model, Instance))
    elif name == "mark_only_lora_as_trainable":
        yield from (Adaptation(model, bias=_text(evaluator, arguments, "bias", 1) or "none") for model in models)
    elif name == "get_peft_model":
        for model in models:
            yield replace(_configured(evaluator, arguments, "peft_config", 1), model=model)
    elif name == "inject_adapter_in_model":
        for model in _given(evaluator, arguments, "model", 1):
            yield replace(_configured(evaluator, arguments, "peft_config", 0), model=model)
    elif name == "add_adapter":
        first = _given(evaluator, arguments, "adapter_config", 0)
        if any(isinstance(v, Instance) and _class_of(v).endswith("Config") for v in first):
            for model in models:
                yield replace(_configured(evaluator, arguments, "adapter_config", 0), model=model)


def _adapted(evaluator: Evaluation, call: Call) -> Answers | None:
    """The models that a function returns as it was given them, adapters put on."""
    assert isinstance(call.callee, External)
    name = call.callee.path.rpartition(".")[2]
    models = _given(evaluator, call.arguments, "model", 1 if name == "inject_adapter_in_model" else 0)
    if name in _ALL or not models:
        return models or None
    where = call.arguments.context or call.context
    change = Change((), ADAPTED, t.Const(None, name), call.arguments.written, where, True)
    evaluator.keep(change.value)
    return tuple(Changed(model, (change,)) for model in models)


def _returns_model(path: str) -> bool:
    return path.rpartition(".")[2] in _RETURNING or path == "peft.PeftModel.from_pretrained"


def added_by(evaluator: Evaluation, change: Change) -> tuple[Added, ...]:
    """The parameters that a change of a model adds to it as adapters."""
    arguments = Arguments(change.arguments, change.context)
    if change.action == "add_adapter":
        return _configured(evaluator, arguments, "adapter_config", 0).added
    if change.action != ADAPTED or not isinstance(change.value, t.Const):
        return ()
    position = 0 if str(change.value.value).endswith("inject_adapter_in_model") else 1
    return _configured(evaluator, arguments, "peft_config", position).added


def _configured(evaluator: Evaluation, arguments: Arguments, name: str, position: int) -> Adaptation:
    """What a configuration asks for, or the call itself where it takes the same options as keywords."""
    none = Known(None)
    for config in _given(evaluator, arguments, name, position):
        if not isinstance(config, Instance) or config.arguments is None:
            continue
        kind, given = _class_of(config), config.arguments
        task = _heads(evaluator, given)
        saved = tuple(dict.fromkeys((*_texts(evaluator, given, "modules_to_save"), *task)))
        added = list(_ADDED.get(kind, ()))
        if kind == "LoraConfig":
            added += [_MAGNITUDE] if _is_on(evaluator, given, "use_dora") else []
            added += [_LORA_BIAS] if _is_on(evaluator, given, "lora_bias") else []
        bias = _text(evaluator, given, "bias", None) or "none"
        return Adaptation(none, False, bias, saved, kind == "LNTuningConfig", tuple(added))
    bias = _text(evaluator, arguments, "bias", None) or "none"
    return Adaptation(none, False, bias, _texts(evaluator, arguments, "modules_to_save"), added=_PAIR)


def _class_of(value: Instance) -> str:
    path = value.cls.path
    return path.rpartition(".")[2]


def _given(evaluator: Evaluation, arguments: Arguments, name: str, position: int | None) -> Answers:
    return argument(evaluator, arguments, name, position)


def _text(evaluator: Evaluation, arguments: Arguments, name: str, position: int | None) -> str:
    for value in _given(evaluator, arguments, name, position):
        if isinstance(value, Known) and isinstance(value.value, str):
            return value.value
    return ""


def _texts(evaluator: Evaluation, arguments: Arguments, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for value in _given(evaluator, arguments, name, None):
        if isinstance(bare(value), SequenceValue):
            listed = [held for item in items(evaluator, value) for held in evaluator.force(item.value)]
            found += [v.value for v in listed if isinstance(v, Known) and isinstance(v.value, str)]
        elif isinstance(value, Known) and isinstance(value.value, str):
            found.append(value.value)
    return tuple(found)


def _is_on(evaluator: Evaluation, arguments: Arguments, name: str) -> bool:
    given = _given(evaluator, arguments, name, None)
    return any(isinstance(v, Known) and v.value is True for v in given)


def _heads(evaluator: Evaluation, arguments: Arguments) -> tuple[str, ...]:
    for value in _given(evaluator, arguments, "task_type", None):
        task = value.path.rpartition(".")[2] if isinstance(value, External) else getattr(value, "value", "")
        if task in _HEADS:
            return _HEADS[str(task)]
    return ()


def _processors(evaluator: Evaluation, call: Call) -> Answers:
    """diffusers' collection of attention processors, whose adapters are matrices without a bias."""
    nothing = Arguments((), call.context, (), (("bias", (Known(False),)),))
    return (calls.made_by_library(evaluator, External("torch.nn.Linear"), nothing, call.node, call.context),)


LIBRARY = Library(
    paths=("peft", "loralib", "diffusers", "unsloth"),
    calls=dict.fromkeys(("diffusers.loaders.AttnProcsLayers", "diffusers.loaders.utils.AttnProcsLayers"), _processors),
    families=((_returns_model, _adapted),),
)
