"""What can be asked of things that libraries make or that are unknown: members, items, entries, elements."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Origin
from wdlint.source.values.call_arguments import positional
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Context,
    External,
    Instance,
    Known,
    Method,
    Unknown,
    Value,
    constant,
)


def library_member(evaluator: Evaluation, value: Instance, name: str, context: Context) -> Answers:
    """An attribute of something that a library made."""
    assert isinstance(value.cls, External)
    path = value.cls.path
    if name == "module":
        return (value,)
    if path in ("argparse.Namespace", "absl.flags.FLAGS") or path.endswith((".FLAGS", "Namespace")):
        option = evaluator.option_default(name, context)
        return option or (Unknown(f"@{id(value)}.{name}"),)
    if name == "__class__":
        return (value.cls,)
    return (Method(value, name),)


def library_item(evaluator: Evaluation, value: Instance, index: Value, context: Context) -> Answers:
    """An item of something that a library made, such as a layer of `nn.Sequential`."""
    if isinstance(value.cls, External) and value.cls.path == "torch.nn.Sequential" and value.arguments is not None:
        given = positional(evaluator, value.arguments)
        key = index.value if isinstance(index, Known) else None
        if isinstance(key, int) and -len(given) <= key < len(given):
            return given[key]
    if isinstance(index, Known) and isinstance(index.value, str):
        option = evaluator.option_default(index.value, context) if "Namespace" in _path(value) else ()
        return option or (Unknown(f"@{id(value)}[{index.value}]"),)
    return (Unknown(f"@{id(value)}[{getattr(index, 'value', None)}]"),)


def _path(value: Instance) -> str:
    return value.cls.path if isinstance(value.cls, External) else ""


def library_entry(evaluator: Evaluation, value: Instance, key: str) -> Answers:
    """An entry of something used as a mapping: `vars(args)["lr"]`, `**vars(args)`."""
    if "Namespace" in _path(value) and value.frame is not None:
        return evaluator.option_default(key, value.frame.at(None))
    return ()


def library_elements(evaluator: Evaluation, value: Instance | Unknown, turn: int) -> Iterator[Value]:
    """What iterating over something of a library, or something unknown, gives."""
    if isinstance(value, Unknown):
        yield Unknown(f"{value.key}[*{turn}]")
    elif _path(value) in ("torch.nn.Sequential", "torch.nn.ModuleList") and value.arguments is not None:
        for answers in positional(evaluator, value.arguments):
            yield from answers
    elif _path(value) == "builtins.range":
        span = known_range(evaluator, value)
        if span is None or len(span) > 1:
            yield Unknown(f"index{turn}", computed=True)
        elif span:
            # a default that may be another number does not say which element there is
            given = [v for answers in positional(evaluator, value.arguments or Arguments()) for v in answers]
            told = all(isinstance(v, Known) and v.origin in (Origin.WRITTEN, Origin.COMPUTED) for v in given)
            yield Known(span[0], Origin.COMPUTED) if told else Unknown(f"index{turn}", computed=True)


def known_range(evaluator: Evaluation, value: Instance) -> range | None:
    """A `range(…)` with constant bounds, defaults included; None where it can't be told."""
    given = positional(evaluator, value.arguments) if value.arguments is not None else ()
    told = [constant(answers) for answers in given]
    bounds = [b for b in told if isinstance(b, int) and not isinstance(b, bool)]
    if not 1 <= len(bounds) == len(told) <= 3:
        return None
    return range(*bounds) if bounds[2:] != [0] else None
