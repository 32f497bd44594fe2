"""Decays that files of data set: YAML and JSON of which the command line names one, so that no source tells which.

Where every such file of the project sets a decay of 0, it is 0 unless the user says otherwise. Other numbers are left
unknown: which of them counts can't be told.
"""

from __future__ import annotations

import re

from wdlint.facts import Origin
from wdlint.source.libraries.options import DECAYS
from wdlint.source.read.mentions import DATA
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Context, Known

_FILES = 400  # that are read; of more it isn't told what all say


def default(evaluator: Evaluation, name: str, context: Context) -> Answers:
    """0, where all files of data in the project that set `name` set it to 0; empty otherwise."""
    if DECAYS.search(name) is None:
        return ()
    known: dict[str, Answers] = evaluator.memo("decays in files of data")
    if name not in known:
        project = evaluator.project
        setting = re.compile(
            rb"""(?:^|[\s{,])["']?%s["']?\s*:\s*([^\s,}#]+)""" % re.escape(name.encode()), re.MULTILINE
        )
        paths = project.files_with(name, context.module.path, DATA)
        numbers = {_number(text) for path in paths[:_FILES] for text in setting.findall(project.read(path))}
        known[name] = (Known(0.0, Origin.FIELD_DEFAULT),) if numbers == {0.0} and len(paths) <= _FILES else ()
    return known[name]


def _number(text: bytes) -> float | None:
    try:
        return float(text.strip(b"\"'"))
    except ValueError:
        return None
