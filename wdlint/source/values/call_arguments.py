"""The arguments that a call gives, as written and as known beforehand: in order, by name, spread.

How they are bound to the parameters of a function is in `binding`.
"""

from __future__ import annotations

from wdlint.source.values import contents, objects
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Arguments, Value


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
    """The arguments of a call, after those that a partial already gives."""
    return Arguments(
        arguments.written,
        arguments.context,
        (*positional(evaluator, given), *arguments.positional),
        (*keywords(evaluator, given), *arguments.keywords),
    )
