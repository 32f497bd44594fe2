"""transformers: its parser of classes, and its outputs, which are mappings.

Its helpers that divide parameters are in `optimizers.helpers`, its models in `wdlint.knowledge`.
"""

from __future__ import annotations

from wdlint.source.libraries import argparse, mappings
from wdlint.source.libraries.library import Call, Library
from wdlint.source.values import calls
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, External, Instance, Method, Unknown, Value, bare


def _embeddings(evaluator: Evaluation, call: Call) -> Answers:
    """The table of a model's tokens, which is nothing but that."""
    return (calls.made_by_library(evaluator, External("torch.nn.Embedding"), call.arguments, call.node, call.context),)


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
    methods={"parse_args_into_dataclasses": argparse.parsed, "get_input_embeddings": _embeddings},
)
