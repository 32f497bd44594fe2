"""Modules that libraries make: layers with their switches read from the call, and whole models.

What is known of them is in `wdlint.knowledge`; here a call's arguments are matched with it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wdlint.facts import Kind, Parameter, Ternary
from wdlint.knowledge.children import children
from wdlint.knowledge.layers import KnownLayer, layer, numbered
from wdlint.source.models.containers import container
from wdlint.source.models.frozen_norms import present
from wdlint.source.models.members import CONTAINERS, Leaf, Members, set_slot
from wdlint.source.models.tensor_sizes import may_be_shape
from wdlint.source.values import call_arguments, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    Known,
    MappingValue,
    SequenceValue,
    Unknown,
    Value,
    bare,
    constant,
)

_LIBRARIES = (
    "transformers.",
    "timm.",
    "torchvision.",
    "sentence_transformers.",
    "pytorch_transformers.",
    "pytorch_pretrained_bert.",
    "adapter_transformers.",
)
# Libraries and parts of libraries whose objects hold no parameters of the model.
_INERT = (
    "builtins.",
    "os.",
    "sys.",
    "math.",
    "numpy.",
    "collections.",
    "itertools.",
    "functools.",
    "logging.",
    "random.",
    "time.",
    "datetime.",
    "re.",
    "json.",
    "copy.",
    "argparse.",
    "types.",
    "typing.",
    "pathlib.",
    "pandas.",
    "scipy.",
    "sklearn.",
    "matplotlib.",
    "PIL.",
    "cv2.",
    "yaml.",
    "omegaconf.",
    "wandb.",
    "torchmetrics.",
    "tqdm.",
    "einops.",
    "threading.",
    "multiprocessing.",
    "contextlib.",
    "warnings.",
    "string.",
    "inspect.",
    "dataclasses.",
    "enum.",
    "torch.cuda.",
    "torch.distributions.",
    "torch.optim.",
    "torch.utils.",
    "torch.autograd.",
    "torch.amp.",
    "torch.distributed.",
    "torch.nn.functional.",
    "torch.fft.",
    "torch.linalg.",
    "torch.backends.",
    "torchvision.transforms.",
    "torch.Tensor",
    "torchtext.",
    "nltk.",
    "spacy.",
    "sentencepiece.",
    "tokenizers.",
    "gym.",
    "networkx.",
    "shutil.",
    "torch.nn.init.",
    "torch.ao.",
    "torch.quantization.",
    "tensorboardX.",
    "evaluate.",
    "datasets.",
)
_INERT_ENDS = (
    "Tokenizer",
    "TokenizerFast",
    "Config",
    "Processor",
    "FeatureExtractor",
    "Loss",
    "Dataset",
    "DataLoader",
    "Logger",
    "SummaryWriter",
    "Metric",
    "Accuracy",
)


def members_of_library(evaluator: Evaluation, instance: Instance) -> Members | None:
    """What an instance of a library's class holds; None where nothing is known of it."""
    assert isinstance(instance.cls, External)
    return members_of_path(evaluator, instance.cls.path, instance.arguments, id(instance))


def members_of_path(evaluator: Evaluation, path: str, arguments: Arguments | None, key: object) -> Members | None:
    """The same by import path and arguments. `key` tells the tensors of one instance from those of another."""
    if path in CONTAINERS:
        if arguments is None:
            return Members(f"torch.nn.{CONTAINERS[path]}", complete=False, container=CONTAINERS[path])
        return container(evaluator, path, arguments)
    known = layer(path)
    if known is not None:
        return _layer_members(evaluator, known, arguments, key)
    if path.startswith(_LIBRARIES):
        return _library_members(evaluator, path, arguments, key)
    return None


def is_inert(path: str) -> bool:
    """Whether what a library call makes can't hold parameters of the model."""
    if path.startswith("torch.") and path.count(".") == 1:
        return True  # torch.zeros and its kind make tensors
    if path.startswith(_INERT) or path.rpartition(".")[0].endswith(_INERT_ENDS) or path.endswith(_INERT_ENDS):
        return True
    if path.startswith(_LIBRARIES):
        from wdlint.knowledge.models import has_no_parameters

        return has_no_parameters(path)
    return False


_MODELS = re.compile(
    r"timm\.(create_model|models\.)|torchvision\.models\.|torch\.hub\.load$|(open_)?clip\.(create|load)"
    r"|segmentation_models_pytorch\.(?!losses|metrics|utils)\w+$|(transformers|diffusers)\.\w*(Model|For[A-Z])"
)


def makes_model(path: str) -> bool:
    """Whether a library call makes a model, known or not, as its name goes."""
    return _MODELS.match(path) is not None


# ---- layers


@lru_cache(maxsize=1024)
def _relevant(name: str) -> frozenset[str]:
    """The arguments that decide which parameters a layer has."""
    known = layer(name)
    assert known is not None
    names = {"normalized_shape"} & set(known.arguments)
    for declared in known.declared:
        names.update(declared.name.replace("}", "{").split("{")[1::2])
        for condition in declared.needs:
            for text in condition.split("|"):
                names.update(text.removeprefix("!").split("~"))
    for part in known.parts:
        names.update(part.name.replace("}", "{").split("{")[1::2])
        names.add(part.argument)
    return frozenset(names)


def _layer_members(evaluator: Evaluation, known: KnownLayer, arguments: Arguments | None, key: object) -> Members:
    relevant = _relevant(known.name)
    given = _given(evaluator, known, arguments, relevant) if relevant and arguments is not None else {}
    settings: dict[str, object] = {name: _setting(values) for name, values in given.items()}
    if arguments is None:
        settings = dict.fromkeys(relevant, ...)
    shape = settings.get("normalized_shape")
    if shape is ... and arguments is not None and _one_number(known, arguments):
        settings["normalized_shape"] = 0
    members = Members(known.name, complete=known.complete)
    for parameter in known.parameters(settings):
        leaf = leaf_of(parameter, (key, parameter.name))
        head = leaf.name.rpartition(".")[0]
        leaf.owner = known.name if not head else _inner_owner(leaf)
        leaf.ancestors = (known.name,) if head else ()
        members.fixed.append(leaf)
    for part in known.parts:
        values = given.get(part.argument, ())
        if values and not all(isinstance(v, Known) and v.value is None for v in values):
            for name in numbered(part.name, settings):
                set_slot(members, name, values, Ternary.YES, None, several=True)
    return members


def _inner_owner(leaf: Leaf) -> str:
    """The class of torch.nn that holds a parameter of a composed layer, from its kind and name."""
    if leaf.kind is Kind.GAIN or (leaf.kind is Kind.BIAS and "norm" in leaf.name.split(".")[-2]):
        return "torch.nn.LayerNorm"
    if leaf.attribute.startswith("in_proj") or leaf.attribute in ("bias_k", "bias_v"):
        return "torch.nn.MultiheadAttention"
    return "torch.nn.Linear"


def _one_number(known: KnownLayer, arguments: Arguments) -> bool:
    """Whether a norm's shape, which can't be told, is one number as far as its expression says."""
    for position, argument in enumerate(arguments.written):
        if argument.star:
            return False
        if argument.keyword == "normalized_shape" or (argument.keyword is None and position == 0):
            return not may_be_shape(argument.value)
    return False


def _given(
    evaluator: Evaluation, known: KnownLayer, arguments: Arguments, relevant: frozenset[str]
) -> dict[str, Answers]:
    """The relevant arguments of a call; others are not evaluated."""
    found: dict[str, Answers] = {}
    position = 0
    for values in arguments.positional:
        if position < len(known.arguments):
            found[known.arguments[position]] = values
        position += 1
    found.update((name, values) for name, values in arguments.keywords if name in relevant)
    context = arguments.context
    if context is None:
        return found
    for argument in arguments.written:
        if argument.star == "*":
            given = call_arguments.positional(evaluator, arguments)
            found.update(
                (name, values) for name, values in zip(known.arguments, given, strict=False) if name in relevant
            )
            if len(given) == position:  # a spread whose length can't be told
                found.update((name, (Unknown(name),)) for name in known.arguments[position:] if name in relevant)
            position = len(given)
        elif argument.star == "**":
            for mapping in evaluator.evaluate(argument.value, context):
                for name in relevant - found.keys():
                    entry = objects.entry(evaluator, mapping, name)
                    if entry:
                        found[name] = entry
                    elif not isinstance(bare(mapping), MappingValue) and name in known.defaults:
                        found[name] = (Unknown(name),)
        elif argument.keyword is not None:
            if argument.keyword in relevant:
                found[argument.keyword] = evaluator.evaluate(argument.value, context)
        else:
            if position < len(known.arguments) and known.arguments[position] in relevant:
                found[known.arguments[position]] = evaluator.evaluate(argument.value, context)
            position += 1
    return found


def _setting(values: Answers) -> object:
    """An argument as a plain value; `...` where it can't be told."""
    only = bare(values[0]) if len(values) == 1 else None
    if isinstance(only, SequenceValue) and all(not i.spread and not i.conditions for i in only.items):
        return tuple(... for _ in only.items)
    if values and all(_is_object(bare(v)) for v in values):
        return True
    if values and all(isinstance(v, Known) for v in values):
        told = constant(values)
        if told is not None or all(isinstance(v, Known) and v.value is None for v in values):
            return told
        if len({bool(v.value) for v in values if isinstance(v, Known)}) == 1:
            return ...
    return ...


def _is_object(value: Value) -> bool:
    """Whether a value is certainly something true: a module, a class or a function."""
    if isinstance(value, External):
        return value.path.rpartition(".")[2][:1].isupper() and not value.path.startswith(("builtins.", "?"))
    if isinstance(value, Instance):
        return isinstance(value.cls, ClassValue) or layer(value.cls.path) is not None or value.cls.path in CONTAINERS
    return isinstance(value, (ClassValue, FunctionValue))


# ---- whole models


def _library_members(evaluator: Evaluation, path: str, arguments: Arguments | None, key: object) -> Members | None:
    from wdlint.knowledge.models import library_model

    name = None
    if arguments is not None:
        for keyword, index in (("model_name", 0), ("pretrained_model_name_or_path", 0), ("name", 0), ("arch", 0)):
            given = call_arguments.argument(evaluator, arguments, keyword, index)
            told = constant(given) if given else None
            if isinstance(told, str):
                name = told
                break
    model = library_model(path, name)
    if model is None:
        return None
    members = Members(model.title, complete=model.complete and not model.within)  # what holds it may hold more
    parameters = present(evaluator, path, arguments, model.parameters())
    members.fixed.extend(leaf_of(parameter, (key, parameter.name)) for parameter in parameters)
    classes = {leaf.ancestors[0] for leaf in members.fixed if leaf.ancestors}
    members.order = children(classes.pop()) or () if len(classes) == 1 else ()
    return members


def leaf_of(parameter: Parameter, key: tuple[object, ...] | None) -> Leaf:
    """A known parameter, to be placed in a model."""
    return Leaf(
        parameter.name,
        parameter.kind,
        parameter.evidence,
        parameter.ndim,
        parameter.shape,
        parameter.owner,
        parameter.attribute,
        parameter.present,
        parameter.trainable,
        parameter.ancestors,
        key,
    )
