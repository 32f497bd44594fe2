"""The groups that an optimizer is given: their parameters, decay, learning rate and keys.

A list of dictionaries, a bare collection, groups appended in loops, one group a parameter, groups keyed
by name: all come down to `GroupDraft`s. Which parameters a part holds is in `selections.taking.taking`.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field, replace

from wdlint.knowledge.wrappers import Helper
from wdlint.source.optimizers import helpers, own_groups
from wdlint.source.optimizers.group_decays import GroupDecays, is_of_one
from wdlint.source.read import tree as t
from wdlint.source.selections import predicates as s
from wdlint.source.selections.taken import Taken, chosen
from wdlint.source.selections.taking import condition_reader, taken
from wdlint.source.selections.turns import choices
from wdlint.source.values import call_arguments, contents, objects
from wdlint.source.values.amounts import AmountDraft, source_text
from wdlint.source.values.elements import elements_of
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import (
    Answers,
    Arguments,
    Collection,
    Context,
    Deferred,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Operation,
    SequenceValue,
    Value,
    bare,
)

_DEPTH = 8
_DECAY = ("weight_decay",)
_MOST = 64  # groups read from one optimizer


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """A group whose places are still nodes. An `amount` of None leaves it to the constructor."""

    parts: tuple[Taken, ...]
    amount: AmountDraft | None
    learning_rate: AmountDraft | None
    label: str
    node: t.Node | None
    module: t.Module | None
    options: tuple[str, ...] = ()
    option_nodes: tuple[t.Node | None, ...] = ()
    expression: t.Expr | None = field(default=None, compare=False)  # the parameters, as written
    unread: bool = False
    context: Context | None = field(default=None, compare=False)  # where that stands
    given: GroupDraft | None = None  # the group that the function which fixes write made this one of

    @property
    def tested(self) -> bool:
        """Whether a condition on each parameter decides what is taken."""
        return any(part.selector != s.Always(True) for part in self.parts)

    def choosing(self, index: int) -> GroupDraft:
        """The group under one of the answers to what its model is."""
        kept = tuple(part for part in self.parts if part.choice[1] == 1 or part.choice[0] == index % part.choice[1])
        return self if len(kept) == len(self.parts) else replace(self, parts=kept)

    def without(self, keys: Set[str]) -> GroupDraft:
        """The group without some of its keys, which the program reads by itself."""
        kept = [number for number, key in enumerate(self.options) if key not in keys]
        nodes = tuple(self.option_nodes[n] for n in kept) if len(self.option_nodes) == len(self.options) else ()
        return replace(self, options=tuple(self.options[n] for n in kept), option_nodes=nodes) if keys else self

    def under(self, condition: s.Selector) -> GroupDraft:
        return replace(self, parts=tuple(part.under(condition) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups of one optimizer; `complete` says that nothing was left unread."""

    drafts: tuple[GroupDraft, ...]
    complete: bool
    listed: bool  # written as groups, not as one bare collection


class GroupReader:
    """Reads what stands for an optimizer's parameters, for one name of the decay key."""

    def __init__(self, evaluator: Evaluation, decay_key: str | None) -> None:
        self.evaluator = evaluator
        self.decays = GroupDecays(evaluator, decay_key or "weight_decay")
        self.complete = True
        self.listed = False

    def read(self, value: Value, expression: t.Expr | None, context: Context) -> Groups:
        """The groups of one answer."""
        drafts = tuple(self._value(value, expression, context, 0))[:_MOST]
        return Groups(drafts, self.complete and bool(drafts), self.listed)

    def _value(self, value: Value, expression: t.Expr | None, context: Context, depth: int) -> Iterator[GroupDraft]:
        if depth > _DEPTH:
            self.complete = False
            return
        if isinstance(bare(value), MappingValue):
            yield from self._mapping(value, context)
            return
        known = helpers.helper_of(bare(value))
        if known is not None:
            made = bare(value)
            assert isinstance(made, Instance) and made.arguments is not None
            yield from self.of_helper(known, made.arguments, made.node, context)
            return
        written = own_groups.helpers_arguments(value)
        if written is not None:
            yield from self._of_written(written, context, depth + 1)
            return
        made_here = tuple(own_groups.decay_groups(self.evaluator, value))
        if made_here:
            self.listed = True
            for one in made_here:
                yield GroupDraft(one.parts, one.amount, one.learning_rate, "decay_groups()", None, None, _DECAY)
            return
        if self._holds_groups(value):
            self.listed = True
            for item in self._items(value):
                yield from self._item(item, context, depth + 1)
            return
        mapped = self._mapped(value)
        if any(isinstance(bare(made), MappingValue) for made in mapped):
            self.listed = True
            for made in mapped:
                yield from self._value(made, None, context, depth + 1)
            return
        yield self._bare(value, expression, context)

    def _mapped(self, value: Value) -> Answers:
        """What a function makes of each parameter: `map(group, model.parameters())`, also in a list."""
        inner = bare(value)
        if not isinstance(inner, Operation):
            return ()
        if inner.name == "flatten":
            return tuple(made for held in inner.operands[0] for made in self._mapped(held))
        if inner.name != "map" or len(inner.operands) != 2:
            return ()
        return tuple(
            made
            for collection in inner.operands[1]
            for function in inner.operands[0]
            if isinstance(function, FunctionValue)
            for made in self.evaluator.call(
                function,
                Arguments(positional=(elements_of(self.evaluator, (collection,), id(inner.node)),)),
                None,
                function.frame.at(None),
            )
        )

    def _items(self, value: Value) -> Iterator[Item]:
        inner = bare(value)
        if isinstance(inner, Operation) and inner.name == "flatten":
            for held in inner.operands[0]:
                for item in contents.items(self.evaluator, held):
                    yield replace(item, spread=True)
            return
        yield from contents.items(self.evaluator, value)

    def _holds_groups(self, value: Value, depth: int = 0) -> bool:
        """Whether a sequence holds dictionaries rather than parameters."""
        inner = bare(value)
        if isinstance(inner, Operation):
            return inner.name == "flatten" and any(self._holds_groups(v, depth + 1) for v in inner.operands[0])
        if not isinstance(inner, SequenceValue) or depth > 5:
            return False
        for position, item in enumerate(contents.items(self.evaluator, value)):
            for held in self.evaluator.force(item.value):
                if isinstance(bare(held), MappingValue):
                    return True
                if (item.spread or isinstance(bare(held), SequenceValue)) and self._holds_groups(held, depth + 1):
                    return True
            if position > 30:
                break
        return False

    def _item(self, item: Item, context: Context, depth: int) -> Iterator[GroupDraft]:
        reader = condition_reader(self.evaluator)
        condition = reader.all_of(self.decays.asked(item.conditions))
        found = self.evaluator.force(item.value)
        where = item.value.context if isinstance(item.value, Deferred) else context
        expression = item.value.expr if isinstance(item.value, Deferred) else None
        for held in found:
            if isinstance(bare(held), MappingValue):
                drafts: Iterator[GroupDraft] = self._mapping(held, where)
            elif item.spread or self._holds_groups(held):
                drafts = self._value(held, expression, where, depth + 1)
            else:
                drafts = iter((self._bare(held, expression, where),))
            for draft in drafts:
                if len(found) > 1 and self._is_of_one(draft):
                    alternative = s.Opaque(f"one:{id(held)}", "in this one of several groups")
                    yield draft.under(s.both(condition, alternative))
                else:
                    yield draft.under(condition)

    def of_helper(
        self, known: Helper, arguments: Arguments, node: t.Node | None, context: Context
    ) -> Iterator[GroupDraft]:
        """The groups that a library's helper makes of the model that it is given."""
        where = arguments.context or context
        answers, is_model = helpers.parts_given(self.evaluator, known, arguments)
        if not is_model:
            for value in answers[:1]:
                yield from self._value(value, None, where, 1)
            return
        self.listed = True
        for condition, amount in helpers.strengths(self.evaluator, known, arguments, where):
            parts = tuple(
                chosen(part.under(condition), index, len(answers))
                for index, model in enumerate(answers)
                for part in taken(self.evaluator, Collection("parameters", model))
            )
            label = f"{known.path.rsplit('.', 1)[-1]}()"
            yield GroupDraft(parts, amount, None, label, node, where.module, ("weight_decay",))

    def _of_written(self, arguments: Arguments, context: Context, depth: int) -> Iterator[GroupDraft]:
        """The groups of the function that fixes write into a file: those that it is given, each divided in two."""
        where = arguments.context or context
        self.listed = True
        given = call_arguments.argument(self.evaluator, arguments, "params", 0)
        for answer in given[:1]:
            self.complete = self.complete and not own_groups.pairs_with_names(self.evaluator, answer)
            for draft in self._value(answer, None, where, depth):
                rules = [own_groups.exempt(self.evaluator, arguments, part) for part in draft.parts]
                kept = (part.under(s.negation(rule)) for part, rule in zip(draft.parts, rules, strict=True))
                spared = (part.under(rule) for part, rule in zip(draft.parts, rules, strict=True))
                options = draft.options if _DECAY[0] in draft.options else (*draft.options, *_DECAY)
                yield replace(draft, parts=tuple(kept), node=None, module=None, option_nodes=(), given=draft)
                yield replace(
                    draft, parts=tuple(spared), amount=own_groups.EXEMPT, node=None, module=None,
                    options=options, option_nodes=(), given=draft,
                )  # fmt: skip

    # ---- one group

    def _bare(self, value: Value, expression: t.Expr | None, context: Context) -> GroupDraft:
        parts = tuple(taken(self.evaluator, value))
        unread = any(part.unread for part in parts) or not parts
        self.complete = self.complete and not unread
        label = source_text(context.module, expression) if expression is not None else ""
        return GroupDraft(parts, None, None, label or "parameters", expression, context.module,
                          expression=expression, unread=unread, context=context)  # fmt: skip

    def _mapping(self, value: Value, context: Context) -> Iterator[GroupDraft]:
        keyed: dict[str, Deferred | Answers] = {}
        nodes: dict[str, t.Node | None] = {}
        inner = bare(value)
        assert isinstance(inner, MappingValue)
        node, module = inner.node, inner.context.module if inner.context else context.module
        self._keys((value,), keyed, nodes, module)
        if "params" not in keyed:
            # a dictionary of groups by name, handed over whole
            self.complete = False
            yield GroupDraft((), None, None, "parameters", None, context.module, unread=True)
            return
        answers = objects.entry(self.evaluator, value, "params")
        deferred = keyed["params"] if isinstance(keyed["params"], Deferred) else None
        expression = deferred.expr if deferred is not None else None
        count = choices(self.evaluator, keyed["params"], answers)
        parts = tuple(
            chosen(part, index, count) for index, answer in enumerate(answers) for part in taken(self.evaluator, answer)
        )
        unread = any(part.unread for part in parts) or not parts
        self.complete = self.complete and not unread
        options = tuple(key for key in keyed if key != "params")
        empty = isinstance(expression, t.Display) and not expression.items  # filled later
        label = "parameters" if empty else source_text(module, expression) or "parameters"
        rate = self.decays.number("lr", value, keyed)
        for condition, amount in self.decays.of_group(value, keyed):
            yield GroupDraft(
                tuple(part.under(condition) for part in parts), amount, rate, label, node, module, options,
                tuple(nodes.get(key) for key in options), expression, unread,
                deferred.context if deferred is not None else None,
            )  # fmt: skip

    def _keys(
        self,
        holders: Answers,
        keyed: dict[str, Deferred | Answers],
        nodes: dict[str, t.Node | None],
        module: t.Module,
    ) -> None:
        """The constant keys of mappings, those that they spread included, with what they hold.

        Where a key stands is told of those that stand in the module of the mapping.
        """
        for held in holders:
            for entry in contents.entries(self.evaluator, held):
                if entry.key is None:
                    self._keys(self.evaluator.force(entry.value), keyed, nodes, module)
                    continue
                for key in self.evaluator.force(entry.key):
                    if isinstance(key, Known) and isinstance(key.value, str):
                        keyed[key.value] = entry.value
                        written = next((d for d in (entry.key, entry.value) if isinstance(d, Deferred)), None)
                        here = written is not None and written.context.module is module
                        nodes[key.value] = entry.node if here else None

    def _is_of_one(self, draft: GroupDraft) -> bool:
        if draft.expression is None or draft.context is None:
            return False
        return is_of_one(self.evaluator, draft.expression, draft.context)
