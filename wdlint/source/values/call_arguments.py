"""The arguments that a call gives, as written and as known beforehand, and which parameter gets which.

They come in order, by name, or spread; they are bound by Python's own rules.
"""

from __future__ import annotations

from collections.abc import Sequence

from wdlint.source.read import tree as t
from wdlint.source.values import contents, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, Entry, Item, Known, MappingValue, SequenceValue, Value


def positional(evaluator: Evaluation, arguments: Arguments) -> tuple[Answers, ...]:
    """The positional arguments in order; a spread whose length can't be told ends them."""
    found = list(arguments.positional)
    if arguments.context is not None:
        for argument in arguments.written:
            if argument.star == "*":
                spread = evaluator.evaluate(argument.value, arguments.context)
                inner = [list(contents.items(evaluator, v)) for v in spread[:1]]
                if len(spread) != 1 or not inner or any(i.spread or i.conditions for i in inner[0]):
                    break
                found.extend(evaluator.force(i.value) for i in inner[0])
            elif argument.keyword is None and not argument.star:
                found.append(evaluator.evaluate(argument.value, arguments.context))
    return tuple(found)


def keywords(evaluator: Evaluation, arguments: Arguments) -> tuple[tuple[str, Answers], ...]:
    """The arguments given by name."""
    found = list(arguments.keywords)
    if arguments.context is not None:
        for argument in arguments.written:
            if argument.keyword is not None:
                found.append((argument.keyword, evaluator.evaluate(argument.value, arguments.context)))
    return tuple(found)


def spreads(evaluator: Evaluation, arguments: Arguments) -> tuple[Answers, ...]:
    """The mappings that a call spreads with `**`."""
    if arguments.context is None:
        return ()
    return tuple(evaluator.evaluate(a.value, arguments.context) for a in arguments.written if a.star == "**")


def argument(evaluator: Evaluation, arguments: Arguments, name: str, index: int | None) -> Answers:
    """One argument by name or position, spread mappings included; empty where it is not given."""
    for keyword, answers in keywords(evaluator, arguments):
        if keyword == name:
            return answers
    if index is not None:
        given = positional(evaluator, arguments)
        if index < len(given):
            return given[index]
    found: list[Value] = []
    for mapping in spreads(evaluator, arguments):
        for value in mapping:
            found.extend(objects.entry(evaluator, value, name))
    return tuple(found)


def completed(evaluator: Evaluation, given: Arguments, arguments: Arguments) -> Arguments:
    """The arguments of a call, after those that a partial already gives; what the call names itself replaces these."""
    named = {name for name, _ in keywords(evaluator, arguments)}
    mappings = [value for mapping in spreads(evaluator, arguments) for value in mapping]
    kept = (
        (name, answers)
        for name, answers in keywords(evaluator, given)
        if name not in named and not any(objects.entry(evaluator, value, name) for value in mappings)
    )
    return Arguments(
        arguments.written,
        arguments.context,
        (*positional(evaluator, given), *arguments.positional),
        (*kept, *arguments.keywords),
    )


def bind(evaluator: Evaluation, params: Sequence[t.Parameter], arguments: Arguments, bound: bool) -> dict[str, Answers]:
    """The parameters that a call certainly or possibly gives, with what it gives them.

    `bound` says that the first parameter is already taken by the receiver. A parameter that the call
    does not name is missing from the result and keeps its default.
    """
    plain = [p for p in params if not p.star and not p.keyword_only][1 if bound else 0 :]
    by_name = {p.name for p in params if not p.star}
    given: dict[str, Answers] = {}
    positional = evaluator.positional(arguments)
    for parameter, answers in zip(plain, positional, strict=False):
        given[parameter.name] = answers
    rest = positional[len(plain) :]
    extra: list[Entry] = []
    for name, answers in evaluator.keywords(arguments):
        if name in by_name:
            given[name] = answers
        else:
            extra.append(Entry((Known(name),), answers))
    for mapping in evaluator.spreads(arguments):
        for value in mapping:
            for parameter in params:
                if not parameter.star and parameter.name not in given:
                    found = objects.entry(evaluator, value, parameter.name)
                    if found:
                        given[parameter.name] = found
        extra.append(Entry(None, mapping))
    for parameter in params:
        if parameter.star == "*" and parameter.name:
            spread = _spread(evaluator, arguments, len(plain))
            given[parameter.name] = (SequenceValue("tuple", spread or tuple(Item(a) for a in rest)),)
        elif parameter.star == "**":
            given[parameter.name] = (MappingValue(tuple(extra)),)
    return given


def _spread(evaluator: Evaluation, arguments: Arguments, taken: int) -> tuple[Item, ...]:
    """What `*args` receives where the call spreads a list of any length; empty where it spreads none."""
    if arguments.context is None or not any(a.star == "*" for a in arguments.written):
        return ()
    items = [Item(answers) for answers in arguments.positional]
    for argument in arguments.written:
        if argument.star == "*" or (argument.keyword is None and not argument.star):
            answers = evaluator.evaluate(argument.value, arguments.context)
            items.append(Item(answers, spread=argument.star == "*"))
    return tuple(items[taken:]) if not any(item.spread for item in items[:taken]) else ()
