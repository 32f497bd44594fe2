"""transformers: its parser of classes, and its outputs, which are mappings.

Its helpers that divide parameters are in `optimizers.helpers`, its models in `wdlint.knowledge`.
"""

from __future__ import annotations

from wdlint.source.libraries import argparse, mappings
from wdlint.source.libraries.library import Library

LIBRARY = Library(
    paths=("transformers",),
    calls={"transformers.utils.ModelOutput": mappings.mapping},
    methods={"parse_args_into_dataclasses": argparse.parsed},
)
