"""What makes a mapping out of pairs, other mappings and arguments given by name, as `dict(…)` does.

Dictionaries of libraries whose entries are members too are made in the same way.
"""

from __future__ import annotations

from dataclasses import replace

from wdlint.source.libraries.library import Call
from wdlint.source.values.call_arguments import keywords, spreads
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    Entry,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    Value,
    bare,
)


def mapping(evaluator: Evaluation, call: Call) -> Answers:
    """What `dict(…)` and its like make."""
    entries = _named(evaluator, call)
    for answers in call.positional(evaluator)[:1]:
        if len(answers) == 1 and isinstance(bare(answers[0]), (Collection, Operation)) and not entries:
            held = answers[0]
            pairs = isinstance(held, Collection) and held.what.startswith("named_")
            return (replace(held, keyed=True) if isinstance(held, Collection) and pairs else held,)
        entries.insert(0, Entry(None, tuple(_paired(evaluator, v) for v in answers)))
    return (MappingValue(tuple(entries), call.node, call.context),)


def by_name(evaluator: Evaluation, call: Call) -> Answers:
    """The same where the first argument in order is no content, as of `defaultdict`."""
    return (MappingValue(tuple(_named(evaluator, call)), call.node, call.context, missing=_made(evaluator, call)),)


def _made(evaluator: Evaluation, call: Call) -> Value | None:
    """What a `defaultdict` makes for a key that it lacks."""
    for factory in call.positional(evaluator)[:1]:
        made = [v for f in factory for v in evaluator.call(f, Arguments(), None, call.context)]
        return made[0] if len(made) == 1 and isinstance(made[0], (SequenceValue, MappingValue)) else None
    return None


def _named(evaluator: Evaluation, call: Call) -> list[Entry]:
    entries = [Entry((Known(name),), answers) for name, answers in keywords(evaluator, call.arguments)]
    return entries + [Entry(None, answers) for answers in spreads(evaluator, call.arguments)]


def _paired(evaluator: Evaluation, value: Value) -> Value:
    """A mapping from the (key, value) pairs of a sequence; other values unchanged."""
    if not isinstance(value, SequenceValue):
        return value
    entries = []
    for item in value.items:
        for pair in evaluator.force(item.value):
            if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                entries.append(Entry(pair.items[0].value, pair.items[1].value, item.conditions))
    return MappingValue(tuple(entries), value.node, value.context)
