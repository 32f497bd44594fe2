"""What a construction gives its optimizer, as facts: groups, memberships, strengths.

Sites come from `sites`, groups from `groups`, parameters of models from `inventory`; here they are put
together into `OptimizerUse`s. Nothing here judges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wdlint.facts import (
    Amount,
    Division,
    Group,
    Inventory,
    OptimizerUse,
    Origin,
    Parameter,
    Pattern,
    Place,
    Ternary,
)
from wdlint.knowledge.wrappers import Helper
from wdlint.source import call_arguments
from wdlint.source import membership as m
from wdlint.source import predicates as s
from wdlint.source import tree as t
from wdlint.source.amounts import AmountDraft, amount_of, source_text
from wdlint.source.description import words
from wdlint.source.groups import GroupDraft, GroupReader, Groups
from wdlint.source.honoured import honoured
from wdlint.source.in_place import changes_in
from wdlint.source.ordinary import division
from wdlint.source.parts import UNREAD, Taken
from wdlint.source.positions import Places
from wdlint.source.sites import Maker, Site
from wdlint.source.unused_groups import forgotten
from wdlint.source.used_up import empty_groups
from wdlint.source.values import (
    Change,
    Changed,
    ClassValue,
    Context,
    Instance,
    Method,
    Part,
    Unknown,
    Value,
    bare,
)

if TYPE_CHECKING:
    from wdlint.source.evaluate import Evaluator

_MODELS = 8  # answers to what one model is
_ALTERNATIVES = 3  # answers to what the parameters are, each judged on its own
_NO = Division(Ternary.NO, Ternary.NO, Ternary.NO)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One model of a use: its inventory where it can be seen, and the place of its parameters in the whole."""

    value: Value
    inventory: Inventory | None
    start: int = 0  # index of its first parameter in the use's inventory
    named: str = ""  # put before its parameters' names where there are several models


class UseReader:
    """Turns sites into facts; inventories and places are shared by a file's sites."""

    def __init__(self, evaluator: Evaluator, places: Places) -> None:
        self.evaluator = evaluator
        self.places = places
        self._inventories: dict[object, Inventory | None] = {}
        self._decayed: list[tuple[object, s.Selector, Place, Amount]] = []  # what optimizers decay, by model

    def decayed_elsewhere(self, parts: Iterable[Taken]) -> tuple[Place, Amount] | None:
        """The optimizer that certainly decays some of these parameters too, of those read so far."""
        for part in parts:
            for key, selector, place, amount in self._decayed:
                whole = s.Always(True) in (selector, part.selector) or selector == part.selector
                if whole and part.model is not None and key == _key(part.model):
                    return place, amount
        return None

    def read(self, site: Site) -> Iterator[OptimizerUse]:
        """The uses at one site: one for each answer to what its parameters are."""
        maker = self._leading(site.makers)
        expression = self._written(maker)
        context = maker.arguments.context or site.context
        if site.helper is not None:
            yield from self._of_helper(site, site.helper, maker, context)
            return
        answers = call_arguments.argument(
            self.evaluator, maker.arguments, maker.parameters.name, maker.parameters.position
        )
        if not answers:
            return
        found: list[OptimizerUse] = []
        for value in answers[:_ALTERNATIVES]:
            reader = GroupReader(self.evaluator, maker.decay.name if maker.decay else None)
            groups = reader.read(value, expression, context)
            later, complete = self._later(site, reader)
            drafts = (*groups.drafts, *later)
            if drafts:
                read = Groups(drafts, groups.complete and complete, groups.listed or bool(later))
                found.extend(self._variants(site, maker, read))
        seen = [use for use in found if use.inventory is not None] or found
        for use in seen:
            yield replace(use, variants=max(use.variants, len(found))) if len(found) > 1 else use

    def _of_helper(self, site: Site, known: Helper, maker: Maker, context: Context) -> Iterator[OptimizerUse]:
        """An optimizer that a library's helper makes, groups and all."""
        reader = GroupReader(self.evaluator, maker.decay.name if maker.decay else None)
        drafts = tuple(reader.of_helper(known, maker.arguments, site.call, context))
        if drafts:
            honours = Ternary.YES if known.honours_declared else Ternary.UNKNOWN
            for use in self._variants(site, maker, Groups(drafts, reader.complete, True)):
                yield replace(use, honours_declared=honours)

    def _variants(self, site: Site, maker: Maker, groups: Groups) -> Iterator[OptimizerUse]:
        """One use for each answer to what the model is; a model by an unknown name may be any of its families."""
        count = max(part.choice[1] for draft in groups.drafts for part in draft.parts or (UNREAD,))
        for index in range(min(count, _MODELS)):
            drafts = tuple(draft.choosing(index) for draft in groups.drafts)
            models = self._models(Groups(drafts, groups.complete, groups.listed))
            chosen = Groups(drafts, groups.complete, groups.listed)
            several = self._families(models, drafts, site.context.module) if _tests(drafts) else []
            for model in several:
                use = self._use(site, maker, chosen, [model])
                yield replace(use, variants=len(several) + count - 1)
            if not several:
                use = self._use(site, maker, chosen, models)
                yield replace(use, variants=count) if count > 1 else use

    def _families(self, models: Sequence[Model], drafts: Sequence[GroupDraft], module: t.Module) -> list[Model]:
        """The models of a library that one which can't be told may be."""
        if len(models) != 1 or models[0].inventory is not None:
            return []
        from wdlint.source.families import possible_models

        selectors = [part.selector for draft in drafts for part in draft.parts]
        found = possible_models(models[0].value, selectors, module)
        return [Model(models[0].value, inventory) for inventory in found]

    def _leading(self, makers: Sequence[Maker]) -> Maker:
        """The answer whose arguments are read: the first that decays at all."""
        return next((maker for maker in makers if maker.decay is not None), makers[0])

    def _written(self, maker: Maker) -> t.Expr | None:
        """The expression that gives the parameters, where it is written in the call itself."""
        positional = [a for a in maker.arguments.written if a.keyword is None and not a.star]
        for argument in maker.arguments.written:
            if argument.keyword == maker.parameters.name:
                return argument.value
        index = maker.parameters.position
        if index is not None and not maker.arguments.positional and index < len(positional):
            return positional[index].value
        return None

    # ---- strengths

    def _constructor_amount(self, maker: Maker) -> AmountDraft:
        """The strength for groups that name none: the call's, else the optimizer's own default."""
        if maker.decay is not None:
            answers = call_arguments.argument(self.evaluator, maker.arguments, maker.decay.name, maker.decay.position)
            if answers:
                draft = amount_of(answers, self._argument_text(maker))
                if draft is not None:
                    return draft
        node, module = maker.default_node or (None, None)
        name = maker.described.name.rsplit(".", 1)[-1]
        return AmountDraft(maker.default or 0.0, Origin.OPTIMIZER_DEFAULT, f"{name}'s default", node, module)

    def _argument_text(self, maker: Maker) -> str:
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

    # ---- later changes

    def _later(self, site: Site, reader: GroupReader) -> tuple[list[GroupDraft], bool]:
        """Groups that `add_param_group` adds to the optimizer after it is made."""
        drafts: list[GroupDraft] = []
        for change in self._leading(site.makers).later:
            drafts.extend(self._added(change, reader))
        name = _bound_name(site)
        if name is None:
            return drafts, True
        frame = site.context.frame
        for statement in self._touching(site, name):
            root = name.split(".")[0]
            for change in changes_in(self.evaluator, statement, root, frame, True):
                below = change.path[len(name.split(".")) - 1 :]
                if ".".join(map(str, change.path[: len(name.split(".")) - 1])) != ".".join(name.split(".")[1:]):
                    continue
                if not below:
                    drafts.extend(self._added(change, reader))
        return drafts, True

    def _added(self, change: Change, reader: GroupReader) -> Iterator[GroupDraft]:
        if change.action == "add_param_group" and change.arguments:
            expression = change.arguments[0].value
            for value in self.evaluator.evaluate(expression, change.context):
                yield from reader.read(value, expression, change.context).drafts

    def _touching(self, site: Site, name: str) -> Iterator[t.Stmt]:
        root = name.split(".")[0]
        seen = False
        for statement in t.statements(site.context.frame.scope.body):
            if statement is site.statement:
                seen = True
            elif seen and root in statement.touches and not any(True for _ in t.blocks(statement)):
                yield statement

    def _set_later(self, site: Site, index: int, key: str) -> AmountDraft | None:
        """What `optimizer.param_groups[i]["weight_decay"] = …` sets for a group."""
        name = _bound_name(site)
        if name is None:
            return None
        parts = name.split(".")
        found: AmountDraft | None = None
        for statement in self._touching(site, name):
            for change in changes_in(self.evaluator, statement, parts[0], site.context.frame, True):
                wanted = (*parts[1:], "param_groups", index, key)
                if change.action == "set" and change.path == wanted and change.value is not None:
                    answers = self.evaluator.evaluate(change.value, change.context)
                    found = amount_of(answers, source_text(change.context.module, change.value)) or found
        return found

    # ---- the use

    def _use(self, site: Site, maker: Maker, groups: Groups, models: Sequence[Model]) -> OptimizerUse:
        inventory = _merged(models)
        constructor = self._constructor_amount(maker)
        drafted: list[tuple[GroupDraft, AmountDraft]] = []
        key = maker.decay.name if maker.decay else "weight_decay"
        for index, draft in enumerate(groups.drafts):
            later = self._set_later(site, index, key)
            drafted.append((draft, later or draft.amount or constructor))
        members = [self._members(draft, models, inventory) for draft, _ in drafted]
        divisions = [self._division(draft, models) for draft, _ in drafted]
        decayed = [i for i, (_, amount) in enumerate(drafted) if amount.value is None or amount.value != 0]
        self._together(groups.drafts, decayed, models, inventory, members, divisions)
        rate = self._rate(maker)
        facts = tuple(
            self._group(site, draft, amount, members[i], divisions[i], models, rate)
            for i, (draft, amount) in enumerate(drafted)
        )
        place = self.places.of(site.context.module, site.call)
        assert place is not None
        for draft, amount in drafted:
            if amount.value is None or amount.value != 0:
                placed = amount.placed(self.places)
                known = (part for part in draft.parts if part.model is not None and not part.unread)
                self._decayed.extend((_key(part.model), part.selector, place, placed) for part in known if part.model)
        said = honoured(self.evaluator, (model.value for model in models), self._modules(site, groups))
        unused = self._unused(site, maker, groups, models, rate) if len(drafted) == 1 else None
        return OptimizerUse(
            classes=tuple(dict.fromkeys(one.described for one in site.makers)),
            groups=facts,
            place=place,
            callee=source_text(site.context.module, site.call.func),
            inventory=inventory,
            model=_written_model(drafted) or _label(models),
            divided=_divided(drafted),
            complete=groups.complete,
            parameters_place=self._parameters_place(site, maker),
            declared=said.patterns,
            declared_place=self.places.of(said.module, said.node) if said.module is not None else None,
            honours_declared=said.honours,
            empty=empty_groups(self.evaluator, groups.drafts, site.context),
            unused_split=unused[0] if unused else None,
            unused_groups=unused[1] if unused else (),
        )

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
        if groups.drafts[0].unread or len(models) != 1 or groups.listed or _tests(groups.drafts):
            return None
        for binding, made in forgotten(self.evaluator, site.context, maker.decay.name if maker.decay else None):
            constructor = self._constructor_amount(maker)
            drafted = [(draft, draft.amount or constructor) for draft in made.drafts]
            theirs = self._models(made)
            place = self.places.of(site.context.module, binding)
            same = len(theirs) == 1 and _same(theirs[0].value, models[0].value)
            if place is None or not same or not _divided(drafted):
                continue
            inventory = models[0].inventory
            facts = tuple(
                self._group(site, draft, amount, self._members(draft, models, inventory),
                            self._division(draft, models), models, rate)
                for draft, amount in drafted
            )  # fmt: skip
            return place, facts
        return None

    def _parameters_place(self, site: Site, maker: Maker) -> Place | None:
        """Where the parameters stand in the call itself, for a fix."""
        if site.through or maker.arguments.context is None:
            return None
        expression = self._written(maker)
        if expression is None or all(expression is not argument.value for argument in site.call.args):
            return None
        return self.places.of(site.context.module, expression)

    def _rate(self, maker: Maker) -> Amount | None:
        if maker.learning_rate is None:
            return None
        answers = call_arguments.argument(
            self.evaluator, maker.arguments, maker.learning_rate.name, maker.learning_rate.position
        )
        draft = amount_of(answers, maker.learning_rate.name) if answers else None
        if draft is None:
            default = maker.learning_rate.default
            return Amount(default, Origin.OPTIMIZER_DEFAULT) if default is not None else None
        return draft.placed(self.places)

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
            patterns=tuple(self._patterns(draft, amount, models)),
            option_places=known_places if len(known_places) == len(draft.options) else (),
        )

    def _patterns(self, draft: GroupDraft, amount: AmountDraft, models: Sequence[Model]) -> Iterator[Pattern]:
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
                        inside = _relative(parameter, part.prefix) if _same(part.model, model.value) else None
                        matches.append(m.pattern_matches(node, inside) if inside is not None else Ternary.NO)
                negated = not decays or _negated(part.selector, node)
                yield Pattern(text, negated, tuple(matches), None)

    # ---- models

    def _models(self, groups: Groups) -> list[Model]:
        """The distinct models that the groups' parameters come from, in order."""
        values: list[tuple[Value, set[str]]] = []
        for draft in groups.drafts:
            for part in draft.parts:
                if part.model is None or part.unread:
                    continue
                for value, prefixes in values:
                    if _same(value, part.model):
                        prefixes.add(part.prefix)
                        break
                else:
                    values.append((part.model, {part.prefix}))
        models: list[Model] = []
        start = 0
        for value, prefixes in values:
            inventory = self._inventory(value)
            if inventory is not None and "" not in prefixes:
                kept = tuple(p for p in inventory.parameters if _under(p.name, prefixes))
                inventory = replace(inventory, parameters=kept)
            named = f"{_model_name(value)}." if len(values) > 1 else ""
            models.append(Model(value, inventory, start, named or ""))
            start += len(inventory.parameters) if inventory else 0
        return models

    def _inventory(self, value: Value) -> Inventory | None:
        from wdlint.source.inventory import inventory

        key = _key(value)
        if key not in self._inventories:
            self._inventories[key] = inventory(self.evaluator, value)
        return self._inventories[key]

    def _members(self, draft: GroupDraft, models: Sequence[Model], inventory: Inventory | None) -> tuple[Ternary, ...]:
        if inventory is None:
            return ()
        unread = Ternary.UNKNOWN if draft.unread else Ternary.NO
        found: list[Ternary] = []
        for model in models:
            if model.inventory is None:
                continue
            selectors: dict[str, list[s.Selector]] = {}
            for part in draft.parts:
                if not part.unread and part.model is not None and _same(part.model, model.value):
                    selectors.setdefault(part.prefix, []).append(part.selector)
            context = self._context(model)
            for parameter in model.inventory.parameters:
                answer = unread
                for prefix, options in selectors.items():
                    inside = _relative(parameter, prefix)
                    if inside is not None:
                        answer = answer | m.jointly(s.either(*options), inside, context)
                found.append(answer)
        return tuple(found)

    def _context(self, model: Model) -> m.Context:
        from wdlint.knowledge.models import ancestors
        from wdlint.source.inventory import ancestry, marks

        def bases(owner: str) -> frozenset[str] | None:
            found = ancestry(self.evaluator, owner)
            if found is None:
                above = ancestors(owner)
                found = frozenset((owner, *above)) if above else None
            return found

        if isinstance(bare(model.value), Instance) and model.inventory is not None:
            flags = marks(self.evaluator, model.value)
            return m.Context(ancestry=bases, flags=flags, flags_known=_is_ours(model.value))
        return m.Context(ancestry=bases, flags_known=False)

    def _division(self, draft: GroupDraft, models: Sequence[Model]) -> Division:
        total = _NO
        for part in draft.parts:
            if part.unread:
                one = Division()
            elif part.loose or part.model is None:
                one = _NO
            else:
                one = division(part.selector)
            total = Division(total.weights | one.weights, total.gains | one.gains, total.biases | one.biases)
        return total if draft.parts else Division()

    def _together(
        self,
        drafts: Sequence[GroupDraft],
        decayed: Sequence[int],
        models: Sequence[Model],
        inventory: Inventory | None,
        members: list[tuple[Ternary, ...]],
        divisions: list[Division],
    ) -> None:
        """Parameters that are certainly decayed though it can't be told by which group.

        Groups that only separate learning rates leave each parameter's group open and its decay certain.
        """
        if len(decayed) < 2:
            return
        parts = [part for i in decayed for part in drafts[i].parts if not part.unread and part.model is not None]
        if not parts or any(part.prefix for part in parts):
            return
        union = s.either(*(part.selector for part in parts))
        first = decayed[0]
        if any(Ternary.UNKNOWN in (divisions[i].gains, divisions[i].biases) for i in decayed):
            whole = division(union)
            own = divisions[first]
            divisions[first] = Division(own.weights | whole.weights, own.gains | whole.gains, own.biases | whole.biases)
        if inventory is None:
            return
        changed = list(members[first])
        for model in models:
            context = self._context(model)
            for offset, parameter in enumerate(model.inventory.parameters if model.inventory else ()):
                index = model.start + offset
                answers = [members[i][index] for i in decayed]
                if Ternary.YES not in answers and Ternary.UNKNOWN in answers:
                    changed[index] = m.jointly(union, parameter, context)
        members[first] = tuple(changed)


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


def _is_ours(value: Value) -> bool:
    """Whether a model's class is written in the project, so that every mark on its parameters can be seen."""
    inner = bare(value)
    return isinstance(inner, Instance) and (isinstance(inner.cls, ClassValue) or inner.cls.path.startswith("torch.nn."))


def _tests(drafts: Sequence[GroupDraft]) -> bool:
    """Whether the groups test their parameters at all."""
    return any(part.selector != s.Always(True) for draft in drafts for part in draft.parts)


def _bound_name(site: Site) -> str | None:
    """The name or attribute that the site's statement binds to the optimizer."""
    statement = site.statement
    if isinstance(statement, t.Assign) and statement.value is site.call and len(statement.targets) == 1:
        return t.dotted(statement.targets[0])
    return None


def _relative(parameter: Parameter, prefix: str) -> Parameter | None:
    """The parameter by its name in the sub-module at `prefix`; None where it lies elsewhere."""
    if not prefix:
        return parameter
    if parameter.name.startswith(prefix + "."):
        return replace(parameter, name=parameter.name[len(prefix) + 1 :])
    return parameter if parameter.name == prefix else None


def _under(name: str, prefixes: set[str]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def _key(value: Value) -> object:
    value = bare(value) if isinstance(value, Changed) else value
    match value:
        case Unknown():
            return value.key
        case Method():
            return (_key(value.receiver), value.name)
        case Part():
            return (_key(value.root), value.path)
        case _:
            return id(value)


def _same(left: Value | None, right: Value | None) -> bool:
    return left is right or (left is not None and right is not None and _key(left) == _key(right))


def _model_name(value: Value) -> str:
    inner = bare(value)
    if isinstance(inner, Instance):
        path = inner.cls.path
        return path.rsplit(".", 1)[-1]
    return ""


def _merged(models: Sequence[Model]) -> Inventory | None:
    """One inventory for all models of a use; incomplete where one of them can't be seen."""
    seen = [model for model in models if model.inventory is not None]
    if not seen:
        return None
    if len(models) == 1:
        return seen[0].inventory
    parameters: list[Parameter] = []
    complete, assumed = True, False
    for model in models:
        if model.inventory is None:
            complete = False
            continue
        complete = complete and model.inventory.complete
        assumed = assumed or model.inventory.assumed
        parameters.extend(replace(p, name=f"{model.named}{p.name}") for p in model.inventory.parameters)
    names = " and ".join(dict.fromkeys(model.inventory.model for model in seen if model.inventory))
    return Inventory(names, tuple(parameters), complete, assumed)


def _written_model(drafted: Sequence[tuple[GroupDraft, AmountDraft]]) -> str:
    """The expression whose parameters are taken, as written: `model` of `model.named_parameters()`."""
    names: dict[str, None] = {}
    for draft, _ in drafted:
        for node in t.walk(draft.expression) if draft.expression is not None else ():
            if isinstance(node, t.Attribute) and node.attr in ("parameters", "named_parameters"):
                name = t.dotted(node.value)
                if name is not None:
                    names[name] = None
    return next(iter(names)) if len(names) == 1 else ""


def _label(models: Sequence[Model]) -> str:
    names = []
    for model in models:
        inner = bare(model.value)
        if isinstance(inner, Unknown) and not inner.key.startswith("@") and "*" not in inner.key:
            names.append(inner.key.rsplit(".", 1)[-1])
        elif isinstance(inner, Instance):
            names.append(_model_name(inner))
    return " and ".join(dict.fromkeys(names))


def _divided(drafted: Sequence[tuple[GroupDraft, AmountDraft]]) -> bool:
    """Whether the groups are a split by kind: some decay, some don't, and tests decide which."""
    decays = [amount.value is None or amount.value != 0 for _, amount in drafted]
    tested = any(part.selector != s.Always(True) for draft, _ in drafted for part in draft.parts)
    return tested and any(decays) and not all(decays)


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
