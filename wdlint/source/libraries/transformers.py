"""transformers: its parser of classes, and its outputs, which are mappings.

Its helpers that divide parameters are in `optimizers.helpers`, its models in `wdlint.knowledge`.
"""

from __future__ import annotations

from wdlint.source.libraries import argparse, mappings
from wdlint.source.libraries.library import Call, Library
from wdlint.source.values import calls
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, External


def _embeddings(evaluator: Evaluation, call: Call) -> Answers:
    """The table of a model's tokens, which is nothing but that."""
    return (calls.made_by_library(evaluator, External("torch.nn.Embedding"), call.arguments, call.node, call.context),)


LIBRARY = Library(
    paths=("transformers",),
    calls={"transformers.utils.ModelOutput": mappings.mapping},
    methods={"parse_args_into_dataclasses": argparse.parsed, "get_input_embeddings": _embeddings},
)
