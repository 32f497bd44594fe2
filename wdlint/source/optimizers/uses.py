"""What a construction gives its optimizer, as facts: groups, memberships, strengths.

Sites come from `sites`, groups from `groups`, their members from `optimizers.members`, models and their parameters from
`models.optimized`; here they are put together into `OptimizerUse`s. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wdlint.facts import Amount, Division, Group, Loop, OptimizerUse, Origin, Place, Ternary
from wdlint.knowledge.trainers import TrainingLoop
from wdlint.knowledge.wrappers import Helper
from wdlint.source.models.optimized import Model, Models, merged, model_key, same_model
from wdlint.source.optimizers import own_groups
from wdlint.source.optimizers.called_with import keys_read
from wdlint.source.optimizers.constructor_arguments import leading_amount, learning_rate, written_parameters
from wdlint.source.optimizers.groups import GroupDraft, GroupReader, Groups
from wdlint.source.optimizers.honoured_exemptions import honoured
from wdlint.source.optimizers.later_groups import added_later, bound_name, set_later, spared_later
from wdlint.source.optimizers.members import division_of, members_of, patterns_of, shared_patterns, together
from wdlint.source.optimizers.naming import names
from wdlint.source.optimizers.own_settings import of_their_own
from wdlint.source.optimizers.peak_rate import highest_rate
from wdlint.source.optimizers.sites import Maker, Site
from wdlint.source.optimizers.unused_groups import forgotten, halves
from wdlint.source.optimizers.used_up_iterators import empty_groups
from wdlint.source.optimizers.ways import by_hand, deciding, preferred
from wdlint.source.read import tree as t
from wdlint.source.read.positions import Places
from wdlint.source.selections import membership as m
from wdlint.source.selections import predicates as s
from wdlint.source.selections.description import words
from wdlint.source.selections.taken import UNREAD, Taken
from wdlint.source.values import branches, call_arguments
from wdlint.source.values.amounts import AmountDraft, source_text
from wdlint.source.values.values import Changed, Context, Instance, Value, bare

if TYPE_CHECKING:
    from wdlint.source.values.branches import Following

_MODELS = 8  # answers to what one model is
_ALTERNATIVES = 3  # answers to what the parameters are, each judged on its own

Held = tuple[object, s.Selector, Place, Amount]


class UseReader:
    """Turns sites into facts; inventories and places are shared by a file's sites."""

    def __init__(self, evaluator: Following, places: Places) -> None:
        self.evaluator = evaluator
        self.places = places
        self._models = Models(evaluator)
        self._held: list[Held] = []  # what optimizers hold, by model

    def decayed_elsewhere(self, parts: Iterable[Taken]) -> tuple[Place, Amount] | None:
        """The optimizer that certainly decays some of these parameters too, of those read so far."""
        return next(((place, amount) for place, amount in self._holding(parts) if amount.decays), None)

    def held_elsewhere(self, parts: Iterable[Taken]) -> tuple[Place, ...]:
        """The optimizers that certainly hold some of these parameters and no others, of those read so far."""
        asked = list(parts)
        others = {one[2] for one in self._held if not any(_in_common(one, part) for part in asked)}
        return tuple(dict.fromkeys(place for place, _ in self._holding(asked) if place not in others))

    def _holding(self, parts: Iterable[Taken]) -> Iterator[tuple[Place, Amount]]:
        for part in parts:
            yield from (held[2:] for held in self._held if _in_common(held, part))

    def read(self, site: Site) -> Iterator[OptimizerUse]:
        """The uses at one site: one for each answer to what its parameters are.

        Where branches before the site leave several ways open, each is read by itself.
        """
        maker = self._leading(site.makers)
        context = maker.arguments.context or site.context
        if site.helper is not None:
            yield from self._of_helper(site, site.helper, maker, context)
            return
        ways = branches.ways(self.evaluator, context, deciding(maker))
        if len(ways) == 1:
            if not ways[0].outcomes:
                yield from self._along(site, maker, context)
                return
            with self.evaluator.following(ways[0]):
                uses = list(self._along(site, maker, context))
            yield from uses
            return
        held, self._held = self._held, []
        taken = []
        for way in ways:
            with self.evaluator.following(way):
                for use in self._along(site, maker, context):
                    taken.append((way, use, self._held))
                    self._held = []
        self._held = held
        for _, use, holding in preferred(taken):
            self._held.extend(holding)
            yield use

    def _along(self, site: Site, maker: Maker, context: Context) -> Iterator[OptimizerUse]:
        """The uses at one site, for one way to it."""
        expression: t.Expr | None
        if maker.given is not None:
            expression, context = maker.given
            answers = self.evaluator.evaluate(expression, context)
        else:
            expression = written_parameters(maker)
            answers = call_arguments.argument(
                self.evaluator, maker.arguments, maker.parameters.name, maker.parameters.position
            )
        if not answers:
            return
        found: list[OptimizerUse] = []
        for value in answers[:_ALTERNATIVES]:
            reader = GroupReader(self.evaluator, maker.decay.name if maker.decay else None)
            groups = reader.read(value, expression, context)
            later, complete = added_later(self.evaluator, site, maker, reader)
            drafts = (*groups.drafts, *later)
            if drafts:
                read = Groups(drafts, groups.complete and complete, groups.listed or bool(later))
                found.extend(self._variants(site, maker, read))
        seen = [use for use in found if use.inventory is not None] or found
        split = list(filter(by_hand, seen)) or seen  # what may be divided is not called undivided
        for use in shared_patterns(split):
            yield replace(use, variants=max(use.variants, len(found))) if len(found) > 1 else use

    def _of_helper(self, site: Site, known: Helper, maker: Maker, context: Context) -> Iterator[OptimizerUse]:
        """An optimizer that a library's helper makes, groups and all."""
        reader = GroupReader(self.evaluator, maker.decay.name if maker.decay else None)
        drafts = tuple(reader.of_helper(known, maker.arguments, site.call, context))
        if drafts:
            honours = Ternary.YES if known.honours_declared else Ternary.UNKNOWN
            for use in self._variants(site, maker, Groups(drafts, reader.complete, True)):
                honoured = replace(use, honours_declared=honours)
                yield honoured if site.loop is None else _of_loop(honoured, site.loop)

    def _variants(self, site: Site, maker: Maker, groups: Groups) -> Iterator[OptimizerUse]:
        """One use for each answer to what the model is; a model by an unknown name may be any of its families."""
        count = max(part.choice[1] for draft in groups.drafts for part in draft.parts or (UNREAD,))
        for index in range(min(count, _MODELS)):
            drafts = tuple(draft.choosing(index) for draft in groups.drafts)
            models = self._models.of(part for draft in drafts for part in draft.parts)
            chosen = Groups(drafts, groups.complete, groups.listed)
            asked = _tests(drafts) and site.loop is None  # a library's rule suits most models of that library
            several = self._families(models, drafts, site.context.module) if asked else []
            for use in shared_patterns([self._use(site, maker, chosen, [model]) for model in several]):
                yield replace(use, variants=len(several) + count - 1)
            if not several:
                use = self._use(site, maker, chosen, models)
                yield replace(use, variants=count) if count > 1 else use

    def _families(self, models: Sequence[Model], drafts: Sequence[GroupDraft], module: t.Module) -> list[Model]:
        """The models of a library that one which can't be told may be."""
        if len(models) != 1 or models[0].inventory is not None:
            return []
        from wdlint.source.models.families import possible_models
        from wdlint.source.models.trained import of_family

        selectors = [part.selector for draft in drafts for part in draft.parts]
        found = possible_models(self.evaluator.project, models[0].value, selectors, module)
        return [Model(models[0].value, of_family(self.evaluator, models[0].value, one)) for one in found]

    def _leading(self, makers: Sequence[Maker]) -> Maker:
        """The answer whose arguments are read: the first that decays at all."""
        return next((maker for maker in makers if maker.decay is not None), makers[0])

    def _use(self, site: Site, maker: Maker, groups: Groups, models: Sequence[Model]) -> OptimizerUse:
        inventory = merged(models)
        constructor = leading_amount(self.evaluator, site.makers, maker)
        drafted: list[tuple[GroupDraft, AmountDraft]] = []
        key = maker.decay.name if maker.decay else "weight_decay"
        spared = spared_later(self.evaluator, site, key)
        asked = keys_read(self.evaluator, site, bound_name(site)) - {key} if groups.listed else set()
        for index, draft in enumerate(groups.drafts):
            amount = draft.amount or constructor
            amount = set_later(self.evaluator, site, index, key, amount) or amount
            if spared:
                draft = draft.under(s.Opaque("spared", "whose decay is not set to 0 later"))
            drafted.append((draft.without(asked), replace(amount, varies=True) if spared else amount))
        members = [members_of(self.evaluator, draft, models, inventory) for draft, _ in drafted]
        divisions = [division_of(self.evaluator, draft) for draft, _ in drafted]
        apart = of_their_own([amount for _, amount in drafted], members, divisions, inventory)
        for i in apart:
            drafted[i] = drafted[i][0], replace(drafted[i][1], origin=Origin.APART)
        decayed = [i for i, (_, amount) in enumerate(drafted) if amount.decays]
        together(self.evaluator, groups.drafts, decayed, apart, models, inventory, members, divisions)
        rate = learning_rate(self.evaluator, self.places, maker)
        facts = tuple(
            self._group(site, draft, amount, members[i], divisions[i], models, rate)
            for i, (draft, amount) in enumerate(drafted)
        )
        place = self.places.of(site.context.module, site.call)
        assert place is not None
        for draft, amount in drafted:
            placed = amount.placed(self.places)
            known = (part for part in draft.parts if part.model is not None and not part.unread)
            self._held.extend((_made_at(part.model), part.selector, place, placed) for part in known if part.model)
        said = honoured(self.evaluator, (model.value for model in models), self._modules(site, groups))
        unused = self._unused(site, maker, groups, models, rate) if len(drafted) == 1 else None
        return OptimizerUse(
            classes=tuple(dict.fromkeys(one.described for one in site.makers)),
            groups=facts,
            place=place,
            callee=source_text(site.context.module, site.call.func),
            inventory=inventory,
            model=names(self.evaluator, site, models),
            divided=_divided(drafted),
            by_fix=_divided(drafted) and not _divided(_given(drafted)),
            complete=groups.complete,
            parameters_place=self._parameters_place(site, maker),
            made_place=self.places.of(maker.made[1], maker.made[0]) if maker.made is not None else None,
            reached=site.reached,
            reached_from=self._reached_from(site),
            declared=said.patterns,
            declared_place=self.places.of(said.module, said.node) if said.module is not None else None,
            honours_declared=said.honours,
            empty=empty_groups(self.evaluator, groups.drafts, site.context),
            loop=maker.loop,
            highest_rate=highest_rate(self.evaluator, site),
            steps=maker.steps,
            unused_split=unused[0] if unused else None,
            unused_groups=unused[1] if unused else (),
        )

    def _reached_from(self, site: Site) -> tuple[Place, ...]:
        """The call in another file that leads to a construction."""
        if site.entered is None or site.entered[1] is site.context.module:
            return ()
        place = self.places.of(site.entered[1], site.entered[0])
        return (place,) if place is not None else ()

    def _modules(self, site: Site, groups: Groups) -> Iterator[t.Module | None]:
        """The modules whose code has a hand in the groups of an optimizer."""
        yield site.context.module
        for maker in site.makers:
            yield maker.arguments.context.module if maker.arguments.context is not None else None
        for draft in groups.drafts:
            yield draft.module

    def _unused(
        self, site: Site, maker: Maker, groups: Groups, models: Sequence[Model], rate: Amount | None
    ) -> tuple[Place, tuple[Group, ...]] | None:
        """Groups with and without decay that are made for the same models and handed to nobody."""
        draft = groups.drafts[0]
        if draft.unread or len(models) != 1:
            return None
        found: Iterable[tuple[t.Stmt, Groups]] = halves(self.evaluator, site.context, draft)
        if not groups.listed and not draft.tested:
            key = maker.decay.name if maker.decay else None
            found = (*forgotten(self.evaluator, site.context, key), *found)
        for binding, made in found:
            constructor = leading_amount(self.evaluator, site.makers, maker)
            drafted = [(draft, draft.amount or constructor) for draft in made.drafts]
            theirs = self._models.of(part for draft in made.drafts for part in draft.parts)
            place = self.places.of(site.context.module, binding)
            same = len(theirs) == 1 and same_model(theirs[0].value, models[0].value)
            if place is None or not same or not _divided(drafted):
                continue
            inventory = models[0].inventory
            facts = tuple(
                self._group(site, draft, amount, members_of(self.evaluator, draft, models, inventory),
                            division_of(self.evaluator, draft), models, rate)
                for draft, amount in drafted
            )  # fmt: skip
            return place, facts
        return None

    def _parameters_place(self, site: Site, maker: Maker) -> Place | None:
        """Where the parameters stand in the call itself, for a fix."""
        if site.through or maker.arguments.context is None:
            return None
        expression = written_parameters(maker)
        if expression is None or all(expression is not argument.value for argument in site.call.args):
            return None
        return self.places.of(site.context.module, expression)

    def _group(
        self,
        site: Site,
        draft: GroupDraft,
        amount: AmountDraft,
        members: tuple[Ternary, ...],
        divided: Division,
        models: Sequence[Model],
        rate: Amount | None,
    ) -> Group:
        module = draft.module or site.context.module
        place = self.places.of(module, draft.node) if module is site.context.module else None
        here = self.places.of(site.context.module, site.call)
        assert here is not None
        option_places = tuple(self.places.of(module, node) for node in draft.option_nodes)
        known_places = tuple(p for p in option_places if p is not None)
        return Group(
            label=draft.label,
            selection=_in_words(draft),
            amount=amount.placed(self.places),
            place=place or here,
            members=members,
            division=divided,
            options=draft.options,
            learning_rate=draft.learning_rate.placed(self.places) if draft.learning_rate else rate,
            amount_written=amount.origin is not Origin.OPTIMIZER_DEFAULT,
            patterns=tuple(patterns_of(draft, amount, models)),
            option_places=known_places if len(known_places) == len(draft.options) else (),
        )


def _of_loop(use: OptimizerUse, loop: TrainingLoop) -> OptimizerUse:
    """A use whose groups a library's loop divides: the rule is not the author's, and states no intent of theirs."""
    groups = tuple(replace(group, patterns=()) for group in use.groups)
    return replace(use, groups=groups, divided=False, loop=Loop(loop.path, loop.advice, loop.source))


def _in_common(held: Held, part: Taken) -> bool:
    """Whether an optimizer and a part of a model certainly have parameters in common."""
    key, selector, _, _ = held
    common = s.Always(True) in (selector, part.selector) or selector == part.selector
    return common and part.model is not None and key == _made_at(part.model)


def _made_at(model: Value) -> object:
    """A key by which a model is known again, whatever caller it was read with: where it is made."""
    made = bare(model) if isinstance(model, Changed) else model
    return id(made.node) if isinstance(made, Instance) and made.node is not None else model_key(model)


def _in_words(draft: GroupDraft) -> str:
    """What a group takes, part by part: the path below the model, and the condition."""
    said: dict[str, None] = {}
    for part in draft.parts:
        if part.unread:
            said["what can't be told"] = None
        elif part.loose:
            said["tensors of no model"] = None
        else:
            said[f"{part.prefix}: {words(part.selector)}" if part.prefix else words(part.selector)] = None
    return "; or ".join(said)


def _tests(drafts: Sequence[GroupDraft]) -> bool:
    """Whether the groups test their parameters at all."""
    return any(part.selector != s.Always(True) for draft in drafts for part in draft.parts)


def _given(drafted: Sequence[tuple[GroupDraft, AmountDraft]]) -> list[tuple[GroupDraft, AmountDraft]]:
    """The groups as they were before the function that fixes write divided them."""
    return [
        (draft.given or draft, amount)
        for draft, amount in drafted
        if draft.given is None or draft.amount is not own_groups.EXEMPT
    ]


def _divided(drafted: Sequence[tuple[GroupDraft, AmountDraft]]) -> bool:
    """Whether the groups are a split by kind: some decay, some don't, and tests decide which, of more than places."""
    decays = [amount.value is None or amount.value != 0 or amount.is_latent for _, amount in drafted]
    asked = (part.selector for draft, _ in drafted for part in draft.parts)
    tested = any(one != s.Always(True) and not m.asks_for_places_alone(one) for one in asked)
    return tested and any(decays) and not all(decays)
