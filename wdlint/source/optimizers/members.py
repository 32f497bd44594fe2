"""Which parameters each group takes: memberships, kinds, and the name patterns that decide.

The answer for one selector and one parameter is in `membership`; here they are put together for a group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from wdlint.facts import Division, Inventory, Kind, OptimizerUse, Pattern, Ternary
from wdlint.source.models.ancestry import lineage_of
from wdlint.source.models.optimized import Model, model_key, relative, same_model
from wdlint.source.optimizers.groups import GroupDraft
from wdlint.source.selections import membership as m
from wdlint.source.selections import predicates as s
from wdlint.source.selections.ordinary_parameters import division
from wdlint.source.selections.taken import Taken
from wdlint.source.values.amounts import AmountDraft
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import ClassValue, Instance, Value, bare

_NO = Division(Ternary.NO, Ternary.NO, Ternary.NO)


def members_of(
    evaluator: Evaluation, draft: GroupDraft, models: Sequence[Model], inventory: Inventory | None
) -> tuple[Ternary, ...]:
    """Whether each parameter of the use's inventory is in the group."""
    if inventory is None:
        return ()
    unread = Ternary.UNKNOWN if draft.unread else Ternary.NO
    found: list[Ternary] = []
    for model in models:
        if model.inventory is None:
            continue
        selectors: dict[str, list[s.Selector]] = {}
        for part in draft.parts:
            if not part.unread and part.model is not None and same_model(part.model, model.value):
                selectors.setdefault(part.prefix, []).append(part.selector)
        found.extend(_taken(evaluator, model, selectors, unread))
    return tuple(found)


def _taken(
    evaluator: Evaluation, model: Model, selectors: dict[str, list[s.Selector]], unread: Ternary
) -> tuple[Ternary, ...]:
    """Whether each parameter of a model is taken; worked out once for all constructions that take the same."""
    assert model.inventory is not None
    known: dict[object, tuple[Ternary, ...]] = evaluator.memo("members taken")
    key = id(model.inventory), id(model.value), unread, tuple((at, *options) for at, options in selectors.items())
    if key in known:
        return known[key]
    evaluator.keep((model.inventory, model.value))
    contexts = {prefix: _context(evaluator, model, options, prefix) for prefix, options in selectors.items()}
    found: list[Ternary] = []
    for parameter in model.inventory.parameters:
        answer = unread
        for prefix, options in selectors.items():
            inside = relative(parameter, prefix)
            if inside is not None:
                context = contexts[prefix]
                if inside.trainable is Ternary.UNKNOWN:  # what takes it if it is trained decays it if it is trained
                    inside = replace(inside, trainable=Ternary.YES)
                answer = answer | m.jointly(s.either(*options), inside, context)
        found.append(answer)
    known[key] = tuple(found)
    return known[key]


def _context(evaluator: Evaluation, model: Model, selectors: Sequence[s.Selector], prefix: str) -> m.Context:
    """What is known beside the parameters of a model, for conditions on their names below a prefix."""
    from wdlint.source.models.inventory import places

    context = _marks(evaluator, model, selectors)
    if model.inventory is not None and m.asks_for_places(*selectors):
        return replace(context, placed=places(evaluator, model.value, prefix))
    return context


def _marks(evaluator: Evaluation, model: Model, selectors: Iterable[s.Selector]) -> m.Context:
    from wdlint.source.models.declared_exemptions import marked_from_outside
    from wdlint.source.models.inventory import marks

    bases = lineage_of(evaluator)
    if isinstance(bare(model.value), Instance) and model.inventory is not None:
        flags = marks(evaluator, model.value)
        outside = marked_from_outside(evaluator, model.value) if any(map(_asks_for_marks, selectors)) else frozenset()
        return m.Context(bases, flags, _is_ours(model.value), outside)
    return m.Context(ancestry=bases, flags_known=False)


def _asks_for_marks(selector: s.Selector) -> bool:
    if isinstance(selector, s.Not):
        return _asks_for_marks(selector.part)
    if isinstance(selector, (s.And, s.Or)):
        return any(map(_asks_for_marks, selector.parts))
    return isinstance(selector, s.HasFlag)


def division_of(evaluator: Evaluation, draft: GroupDraft) -> Division:
    """Whether the group takes weights, gains and biases of a model that can't be seen, of those that are trained."""
    from wdlint.source.models.trained import trained

    total = _NO
    of_modules: dict[object, list[Taken]] = {}
    for part in draft.parts:
        if part.unread:
            total = Division()
        elif not part.loose and part.model is not None:
            of_modules.setdefault((model_key(part.model), part.prefix, part.choice), []).append(part)
    for parts in of_modules.values():
        taken = s.either(*(part.selector for part in parts))
        one = _of_what_there_is(evaluator, parts[0], division(s.both(taken, trained(evaluator, parts[0]))))
        total = Division(total.weights | one.weights, total.gains | one.gains, total.biases | one.biases)
    return total if draft.parts else Division()


def _of_what_there_is(evaluator: Evaluation, part: Taken, one: Division) -> Division:
    """What a group takes of one model beside others that can't be seen: no kind that it has none of."""
    from wdlint.source.models.inventory import inventory

    found = inventory(evaluator, part.model) if part.model is not None else None
    if found is None or not found.complete or not found.parameters:  # of which nothing is found is not seen
        return one
    inside = [p for p in found.parameters if relative(p, part.prefix) is not None and p.trainable is not Ternary.NO]
    gains = any(p.kind in (Kind.GAIN, Kind.UNKNOWN) for p in inside)
    biases = any(p.kind in (Kind.BIAS, Kind.UNKNOWN) for p in inside)
    return Division(one.weights, one.gains if gains else Ternary.NO, one.biases if biases else Ternary.NO)


def together(
    evaluator: Evaluation,
    drafts: Sequence[GroupDraft],
    decayed: Sequence[int],
    apart: Sequence[int],
    models: Sequence[Model],
    inventory: Inventory | None,
    members: list[tuple[Ternary, ...]],
    divisions: list[Division],
) -> None:
    """Parameters that are certainly decayed though it can't be told by which group.

    Groups that only separate learning rates leave each parameter's group open and its decay certain. They are said to
    be in the group that takes the weights, whose decay is the one that is meant for most. What norms and biases have
    by settings of their own (`apart`) is told of nothing but them.
    """
    if not decayed or len(decayed) + len(apart) < 2:
        return
    parts = [part for i in decayed for part in drafts[i].parts if not part.unread and part.model is not None]
    if not parts or any(part.prefix != parts[0].prefix for part in parts):
        return
    from wdlint.source.models.trained import trained

    likeliest = max(decayed, key=lambda i: (divisions[i].weights is Ternary.YES, divisions[i].biases is not Ternary.NO))
    of_one = all(same_model(part.model, parts[0].model) for part in parts)
    if of_one and any(Ternary.UNKNOWN in (divisions[i].gains, divisions[i].biases) for i in decayed):
        union = s.either(*(part.selector for part in parts))
        whole = division(s.both(union, trained(evaluator, parts[0])))
        own = divisions[likeliest]
        biases = own.biases | whole.biases | _of_other_layers(union, [p for i in apart for p in drafts[i].parts])
        divisions[likeliest] = Division(own.weights | whole.weights, own.gains | whole.gains, biases)
    if inventory is None:
        return
    changed = {i: list(members[i]) for i in decayed}
    for model in models:
        selectors = [part.selector for part in parts if part.model and same_model(part.model, model.value)]
        union = s.either(*selectors)
        context = _context(evaluator, model, [union], parts[0].prefix)
        for offset, parameter in enumerate(model.inventory.parameters if model.inventory else ()):
            index = model.start + offset
            answers = [members[i][index] for i in decayed]
            inside = relative(parameter, parts[0].prefix)
            if inside is not None and Ternary.YES not in answers and Ternary.UNKNOWN in answers:
                open_to = [i for i, one in zip(decayed, answers, strict=True) if one is Ternary.UNKNOWN]
                holder = likeliest if likeliest in open_to else open_to[0]
                changed[holder][index] = m.jointly(union, inside, context)
    for i in decayed:
        members[i] = tuple(changed[i])


def _of_other_layers(union: s.Selector, apart: Sequence[Taken]) -> Ternary:
    """Whether biases decay with the weights: all are among them or `apart`, where only those of some layers are."""
    spared = s.either(*(part.selector for part in apart))
    all_there = bool(apart) and division(s.either(union, spared)).biases is Ternary.YES
    return Ternary.of(all_there and division(spared).biases is not Ternary.YES)


def patterns_of(draft: GroupDraft, amount: AmountDraft, models: Sequence[Model]) -> Iterator[Pattern]:
    """The name patterns in a group's selection, with what each matches."""
    decays = amount.value is None or amount.value != 0
    seen: set[str] = set()
    for part in draft.parts:
        for text, node in m.patterns(part.selector):
            if text in seen:
                continue
            seen.add(text)
            matches: list[Ternary] = []
            for model in models:
                for parameter in model.inventory.parameters if model.inventory else ():
                    inside = relative(parameter, part.prefix) if same_model(part.model, model.value) else None
                    matches.append(m.pattern_matches(node, inside) if inside is not None else Ternary.NO)
            negated = not decays or _negated(part.selector, node)
            yield Pattern(text, negated, tuple(matches), None)


def shared_patterns(uses: Sequence[OptimizerUse]) -> Iterator[OptimizerUse]:
    """Uses over what a model may be: a pattern that is there for one of the models is not dead for the others."""
    alive = {p.text for use in uses for group in use.groups for p in group.patterns if Ternary.YES in p.matches}

    def shared(pattern: Pattern) -> Pattern:
        if pattern.text not in alive or Ternary.YES in pattern.matches:
            return pattern
        return replace(pattern, matches=tuple(Ternary.UNKNOWN for _ in pattern.matches))

    for use in uses:
        groups = tuple(replace(group, patterns=tuple(map(shared, group.patterns))) for group in use.groups)
        yield replace(use, groups=groups)


def _negated(selector: s.Selector, node: s.Selector, positive: bool = True) -> bool:
    """Whether a pattern keeps parameters out of a selection rather than letting them in."""
    if isinstance(selector, s.Not):
        return _negated(selector.part, node, not positive)
    if isinstance(selector, (s.And, s.Or)):
        return any(_negated(part, node, positive) for part in selector.parts)
    if selector == node:
        return not positive
    if isinstance(selector, s.InNames) and isinstance(node, s.Equals):
        return not positive and node.value in selector.names
    return False


def _is_ours(value: Value) -> bool:
    """Whether a model's class is written in the project, so that every mark on its parameters can be seen."""
    inner = bare(value)
    return isinstance(inner, Instance) and (isinstance(inner.cls, ClassValue) or inner.cls.path.startswith("torch.nn."))
