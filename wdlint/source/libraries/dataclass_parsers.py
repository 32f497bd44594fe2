"""Libraries whose functions make an instance of a class out of the command line: its defaults stand."""

from __future__ import annotations

from wdlint.source.libraries.library import Call, Library
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, ClassValue


def _made(evaluator: Evaluation, call: Call) -> Answers:
    return tuple(evaluator.receiver(v) for v in call.first(evaluator) if isinstance(v, ClassValue))


LIBRARY = Library(
    paths=("chz", "draccus", "jsonargparse", "pyrallis", "simple_parsing", "tyro"),
    calls={
        "chz.entrypoint": _made,
        "draccus.parse": _made,
        "jsonargparse.CLI": _made,
        "pyrallis.parse": _made,
        "simple_parsing.parse": _made,
        "tyro.cli": _made,
    },
)
