"""Groups that wdlint itself makes: the function that fixes write into a file, and `wdlint.decay_groups`.

Both are read as exactly as what is written out. The function divides each group that it is given by the condition
below, for the parameters of the models that it is given too; of any others it knows the dimensions alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wdlint.facts import Kind, Origin
from wdlint.knowledge.written import HELPER_NAME
from wdlint.source.models.optimized import same_model
from wdlint.source.optimizers import helpers
from wdlint.source.selections import predicates as s
from wdlint.source.selections.taken import Taken
from wdlint.source.selections.taking import taken
from wdlint.source.values import call_arguments, contents, objects
from wdlint.source.values.amounts import AmountDraft, amount_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    External,
    Instance,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    Value,
    bare,
    constant,
)

HELPER = f"wdlint.{HELPER_NAME}"  # the path by which a call of the written function goes
_DECAY_GROUPS = ("wdlint.decay_groups", "wdlint.model.groups.decay_groups")

_DEEPEST = 3  # groups within lists within lists
_FLAT = s.Dims("<", 2)
_LEAF = s.Leaf()
# What the written function exempts in the models that it is given.
_EXEMPT = s.either(
    _FLAT,
    s.Contains(s.Lower(s.OwnerType()), "norm"),
    s.Contains(_LEAF, "bias"),
    s.Equals(_LEAF, "weight_g"),
    s.Equals(_LEAF, "original0"),
    s.both(s.Vector(), s.negation(s.Contains(_LEAF, "weight")), s.negation(s.Contains(_LEAF, "original"))),
)

EXEMPT = AmountDraft(0.0, Origin.WRITTEN, "0.0")


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """One group of `decay_groups`."""

    parts: tuple[Taken, ...]
    amount: AmountDraft
    learning_rate: AmountDraft | None


def arguments_of(value: Value, paths: Sequence[str]) -> Arguments | None:
    """What a function at one of these paths was given, where its call made a value."""
    inner = bare(value)
    if isinstance(inner, Instance) and isinstance(inner.cls, External) and inner.cls.path in paths:
        return inner.arguments
    return None


def helpers_arguments(value: Value) -> Arguments | None:
    """What the written function was given."""
    return arguments_of(value, (HELPER,))


def pairs_with_names(evaluator: Evaluation, value: Value, depth: int = 0) -> bool:
    """Whether an optimizer is given `(name, parameter)` pairs, which torch takes and the written function does not."""
    inner = bare(value)
    if isinstance(inner, Collection):
        return inner.what.startswith("named_")
    if isinstance(inner, Operation):
        return any(pairs_with_names(evaluator, held, depth + 1) for operand in inner.operands for held in operand)
    if isinstance(inner, MappingValue):
        held_in = objects.entry(evaluator, value, "params")
        return depth < _DEEPEST and any(pairs_with_names(evaluator, held, depth + 1) for held in held_in)
    if not isinstance(inner, SequenceValue) or depth >= _DEEPEST:
        return False
    for item in contents.items(evaluator, value):
        for held in evaluator.force(item.value):
            found = bare(held)
            if isinstance(found, SequenceValue) and found.kind == "tuple" and len(found.items) == 2:
                return True
            if (item.spread or isinstance(found, MappingValue)) and pairs_with_names(evaluator, held, depth + 1):
                return True
    return False


def exempt(evaluator: Evaluation, arguments: Arguments, part: Taken) -> s.Selector:
    """What the written function keeps from decay among some parameters that it is given."""
    for model in call_arguments.positional(evaluator, arguments)[1:]:
        for answer in model:
            for whole in taken(evaluator, Collection("parameters", answer)):
                if whole.model is not None and same_model(whole.model, part.model) and _below(part, whole.prefix):
                    return _EXEMPT
    return _FLAT


def _below(part: Taken, prefix: str) -> bool:
    return not prefix or part.prefix == prefix or part.prefix.startswith(prefix + ".")


def decay_groups(evaluator: Evaluation, value: Value) -> Iterator[Made]:
    """The groups of `wdlint.decay_groups`, decayed and exempt; none where a value is something else."""
    arguments = arguments_of(value, _DECAY_GROUPS)
    if arguments is None:
        return
    models = call_arguments.argument(evaluator, arguments, "model", 0)
    strength = call_arguments.argument(evaluator, arguments, "weight_decay", 1)
    rate = call_arguments.argument(evaluator, arguments, "lr", None)
    decays = _decays(evaluator, arguments, models)
    parts = [part for model in models[:1] for part in taken(evaluator, Collection("parameters", model))]
    amount = amount_of(strength, "weight_decay") or AmountDraft(None, Origin.UNKNOWN, "weight_decay")
    learning_rate = amount_of(rate, "lr") if rate and constant(rate) is not None else None
    for condition, how_much in ((decays, amount), (s.negation(decays), EXEMPT)):
        chosen = tuple(part.under(s.both(s.Trainable(), condition)) for part in parts)
        yield Made(chosen, how_much, learning_rate)


def _decays(evaluator: Evaluation, arguments: Arguments, models: Answers) -> s.Selector:
    tables = call_arguments.argument(evaluator, arguments, "decay_embeddings", None)
    kinds = {Kind.WEIGHT} if tables and constant(tables) is False else {Kind.WEIGHT, Kind.EMBEDDING}
    spared: list[s.Selector] = []
    heeds = call_arguments.argument(evaluator, arguments, "declared", None)
    if models and not (heeds and constant(heeds) is False):
        spared += [helpers.declared(evaluator, models[0]), s.HasFlag("_no_weight_decay")]
    for given in call_arguments.argument(evaluator, arguments, "exempt", None):
        for item in contents.items(evaluator, given):
            for text in evaluator.force(item.value):
                spared.append(_named(text))
    return s.both(s.OfKind(frozenset(kinds)), *map(s.negation, spared))


def _named(text: Value) -> s.Selector:
    """An entry of `exempt`: a whole name, a last part, or a shell pattern."""
    if not isinstance(text, Known) or not isinstance(text.value, str):
        return s.Opaque(f"exempt:{id(text)}", "named in `exempt`")
    from fnmatch import translate

    name = s.FullName()
    pattern = s.Matches(name, translate(text.value), "match")
    return s.either(s.Equals(name, text.value), s.EndsWith(name, f".{text.value}"), pattern)
