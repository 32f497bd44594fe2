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
from wdlint.source.values.values import Answers, ClassValue, Context, External, Instance, Known

# The classes of a training loop's settings, here and in trl and sentence-transformers, which derive theirs.
_SETTINGS = re.compile(r"(?:transformers|trl|sentence_transformers)\.(?:.*\.)?(?:\w*TrainingArguments|[A-Z]\w*Config)$")
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


LIBRARY = Library(
    paths=("transformers",),
    calls={"transformers.utils.ModelOutput": mappings.mapping},
    member=_of_settings,
    inherited=_inherited,
    methods={"parse_args_into_dataclasses": argparse.parsed, "get_input_embeddings": _embeddings},
)
