"""transformers: its parser of classes, its outputs, which are mappings, and what its settings are by default.

Its helpers that divide parameters are in `optimizers.helpers`, its models in `wdlint.knowledge`.
"""

from __future__ import annotations

import re

from wdlint.facts import Origin
from wdlint.source.libraries import argparse, mappings
from wdlint.source.libraries.library import Call, Library
from wdlint.source.values import calls
from wdlint.source.values.call_arguments import argument, spreads
from wdlint.source.values.classes import linear_bases
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    ClassValue,
    Context,
    External,
    Instance,
    Known,
    Method,
    Unknown,
    Value,
    bare,
)

# The classes of a training loop's settings, here and in trl and sentence-transformers, which derive theirs.
_SETTINGS = re.compile(
    r"(?:transformers|sentence_transformers)\.(?:.*\.)?\w*TrainingArguments$|trl\.(?:.*\.)?\w+Config$"
)
_NO_DECAY = (Known(0.0, Origin.FIELD_DEFAULT),)


def _embeddings(evaluator: Evaluation, call: Call) -> Answers:
    """The table of a model's tokens, which is nothing but that."""
    return (calls.made_by_library(evaluator, External("torch.nn.Embedding"), call.arguments, call.node, call.context),)


def _of_settings(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    """The decay of settings: what they are given, or else 0 (measured 5.24.0)."""
    if name != "weight_decay" or not isinstance(value.cls, External) or not _SETTINGS.match(value.cls.path):
        return None
    if value.arguments is not None:
        given = argument(evaluator, value.arguments, name, None)
        if given or spreads(evaluator, value.arguments):
            return given or None
    return _NO_DECAY


def _inherited(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers | None:
    """The decay of settings whose class derives from the library's, and says nothing of it."""
    if name != "weight_decay" or not isinstance(value.cls, ClassValue):
        return None
    if value.arguments is not None and spreads(evaluator, value.arguments):
        return None
    ancestors = (base.path for base in linear_bases(evaluator, value.cls) if isinstance(base, External))
    return _NO_DECAY if any(map(_SETTINGS.match, ancestors)) else None


_AUDIO = "wav2vec2|wav2vec2_bert|wav2vec2_conformer|wavlm|hubert|unispeech|unispeech_sat|sew|sew_d|data2vec_audio"
# What methods of its models freeze, as a pattern of names; read in the source of 5.24, `models/*/modeling_*.py`.
_FREEZING = {
    "freeze_feature_encoder": r"(.*\.)?feature_extractor\.",
    "freeze_feature_extractor": r"(.*\.)?feature_extractor\.",  # its name until 4.17
    "freeze_base_model": rf"({_AUDIO})\.",
    "freeze_encoder": r"(model\.)?encoder\.",
    "freeze_backbone": r"(.*\.)?backbone\.",
    "freeze_text_encoder": r"(.*\.)?text_encoder\.",
    "freeze_audio_encoder": r"(.*\.)?audio_encoder\.",
}
_OF_SPEECH = ("freeze_feature_encoder", "freeze_feature_extractor", "freeze_base_model")  # names that tell the library


def frozen_by(method: str) -> str | None:
    """A pattern that the names of the parameters match (from the beginning) which a method of a model freezes."""
    return _FREEZING.get(method)


def may_freeze(receiver: Value, method: str) -> bool:
    """Whether a method that is called by such a name on something is one of a model of transformers."""
    inner = bare(receiver)
    if isinstance(inner, Instance):
        return isinstance(inner.cls, External) and inner.cls.path.startswith("transformers.")
    return isinstance(inner, (Unknown, Method)) and method in _OF_SPEECH


LIBRARY = Library(
    paths=("transformers",),
    calls={"transformers.utils.ModelOutput": mappings.mapping},
    member=_of_settings,
    inherited=_inherited,
    methods={"parse_args_into_dataclasses": argparse.parsed, "get_input_embeddings": _embeddings},
)
