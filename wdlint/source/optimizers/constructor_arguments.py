"""What the call that makes an optimizer says for all its groups: the parameters, the strength, the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wdlint.facts import Amount, Origin
from wdlint.source.optimizers.sites import Maker
from wdlint.source.read import tree as t
from wdlint.source.read.positions import Places
from wdlint.source.values import call_arguments
from wdlint.source.values.amounts import AmountDraft, amount_of, source_text
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import External, MappingValue, Method, Unknown, Value, bare


def written_parameters(maker: Maker) -> t.Expr | None:
    """The expression that gives the parameters, where it is written in the call itself."""
    positional = [a for a in maker.arguments.written if a.keyword is None and not a.star]
    for argument in maker.arguments.written:
        if argument.keyword == maker.parameters.name:
            return argument.value
    index = maker.parameters.position
    if index is not None and not maker.arguments.positional and index < len(positional):
        return positional[index].value
    return None


def constructor_amount(evaluator: Evaluation, maker: Maker) -> AmountDraft:
    """The strength for groups that name none: the call's, else the optimizer's own default."""
    if maker.decay is not None:
        answers = call_arguments.argument(evaluator, maker.arguments, maker.decay.name, maker.decay.position)
        if answers:
            draft = amount_of(answers, _argument_text(maker))
            if draft is not None:
                return draft
        spread = _unread_spread(evaluator, maker)
        if spread is not None and maker.default:
            return AmountDraft(None, Origin.UNKNOWN, spread)
    node, module = maker.default_node or (None, None)
    name = maker.described.name.rsplit(".", 1)[-1]
    return AmountDraft(maker.default or 0.0, Origin.OPTIMIZER_DEFAULT, f"{name}'s default", node, module)


def leading_amount(evaluator: Evaluation, makers: Sequence[Maker], leading: Maker) -> AmountDraft:
    """The strength of the maker that is read; one of several where others may be meant, of which some decay nothing."""
    amount = constructor_amount(evaluator, leading)
    if amount.value and any(constructor_amount(evaluator, m).value == 0 for m in makers if m is not leading):
        return replace(amount, varies=True)
    return amount


def _unread_spread(evaluator: Evaluation, maker: Maker) -> str | None:
    """The text of options that are spread and can't be read: they may give a strength."""
    context = maker.arguments.context
    for argument in maker.arguments.written:
        if argument.star == "**" and context is not None:
            if any(_may_hold_more(evaluator, v) for v in evaluator.evaluate(argument.value, context)):
                return f"**{source_text(context.module, argument.value)}"
    return None


def _may_hold_more(evaluator: Evaluation, value: Value) -> bool:
    """Whether a mapping may have keys that can't be seen: it can't be told, or it spreads one that can't be."""
    inner = bare(value)
    if isinstance(inner, MappingValue):
        spread = (v for entry in inner.entries if entry.key is None for v in evaluator.force(entry.value))
        return not inner.complete or any(_may_hold_more(evaluator, v) for v in spread)
    return isinstance(inner, (Unknown, Method, External))


def _argument_text(maker: Maker) -> str:
    assert maker.decay is not None
    context = maker.arguments.context
    positional = [a for a in maker.arguments.written if a.keyword is None and not a.star]
    for argument in maker.arguments.written:
        if argument.keyword == maker.decay.name and context is not None:
            return source_text(context.module, argument.value)
    index = maker.decay.position
    if index is not None and index < len(positional) and context is not None and not maker.arguments.positional:
        return source_text(context.module, positional[index].value)
    return maker.decay.name


def learning_rate(evaluator: Evaluation, places: Places, maker: Maker) -> Amount | None:
    """The learning rate for groups that name none: the call's, else the optimizer's own default."""
    if maker.learning_rate is None:
        return None
    answers = call_arguments.argument(
        evaluator, maker.arguments, maker.learning_rate.name, maker.learning_rate.position
    )
    draft = amount_of(answers, maker.learning_rate.name) if answers else None
    if draft is None:
        default = maker.learning_rate.default
        return Amount(default, Origin.OPTIMIZER_DEFAULT) if default is not None else None
    return draft.placed(places)
