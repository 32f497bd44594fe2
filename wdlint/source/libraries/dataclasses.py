"""Dataclasses of the standard library: a field is its default, or what its factory makes."""

from __future__ import annotations

from wdlint.source.libraries.library import Call, Library
from wdlint.source.values.call_arguments import keywords
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments


def _field(evaluator: Evaluation, call: Call) -> Answers:
    """`field(default=0.1)`, `field(default_factory=lambda: [0.9, 0.99])`; without either, nothing can be told."""
    given = dict(keywords(evaluator, call.arguments))
    if "default" in given:
        return given["default"]
    made = (evaluator.call(factory, Arguments(), None, call.context) for factory in given.get("default_factory", ()))
    return tuple(value for answers in made for value in answers)


LIBRARY = Library(paths=("dataclasses",), calls={"dataclasses.field": _field})
