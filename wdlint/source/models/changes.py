"""What later statements do to a module: attributes set, layers added or replaced, weights reparametrised.

The statements are found by `construction` and by the evaluator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Evidence, Kind, Ternary, Witness
from wdlint.source.libraries import adapters
from wdlint.source.libraries.torch import REPARAMETRISING
from wdlint.source.models.containers import add_named, add_numbered, listed
from wdlint.source.models.members import ANY, Leaf, Members, is_below, names_of, set_anew, set_slot
from wdlint.source.values import arithmetic
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.execution import answers, forced, looped
from wdlint.source.values.values import Answers, Change, Instance, Known, SequenceValue, bare, constant

_OF_ADAPTERS = Evidence(Witness.LIBRARY, "so peft adds it to each layer that has an adapter")


def apply(evaluator: Evaluation, members: Members, change: Change, present: Ternary) -> None:
    """Do to a module what a later statement does to it."""
    if not change.path:
        _act(evaluator, members, change, present)
        return
    if change.path[-1] == "requires_grad":
        return  # read in `freezing`
    if change.action == "set":
        set_anew(members, ".".join(map(str, change.path)))
    name = _resolved(members, change.path[0])
    if name not in members.slots:
        _change_fixed(evaluator, members, change, present)
    elif len(change.path) == 1 and change.action == "set":
        if change.value is not None:
            set_slot(members, name, answers(evaluator, change.value, change.context), present, change.context.statement)
    elif len(change.path) == 1 and change.action == "delete":
        if present is Ternary.YES:
            del members.slots[name]
        else:
            for alternative in members.slots[name].alternatives:
                alternative.present &= Ternary.UNKNOWN
    else:
        shorter = Change(change.path[1:], change.action, change.value, change.arguments, change.context,
                         change.certain, change.conditions)  # fmt: skip
        members.slots[name].changes.append(shorter)


def _resolved(members: Members, part: str | int | None) -> str:
    """The slot that a key means; a negative index counts from the end."""
    if part is None:
        return ANY
    if isinstance(part, int) and part < 0:
        names = [n for n in members.slots if n.isdigit()]
        whole = len(names) == len(members.slots) and -part <= len(names)
        return names[part] if whole else ANY
    return ANY if isinstance(part, int) and ANY in members.slots and str(part) not in members.slots else str(part)


def _change_fixed(evaluator: Evaluation, members: Members, change: Change, present: Ternary) -> None:
    """A change below a known layer or library model, or a new attribute."""
    dotted = ".".join(_resolved(members, part) if i == 0 else str(part) for i, part in enumerate(change.path))
    owner, _, attribute = dotted.rpartition(".")
    for leaf in members.fixed:
        if leaf.name == owner and is_mark(evaluator, change):
            leaf.marks |= {attribute}
            return
    if change.action == "delete" and present is Ternary.YES:
        members.fixed = [leaf for leaf in members.fixed if not is_below(leaf.name, dotted)]
    if change.action != "set" or change.value is None:
        return
    values = answers(evaluator, change.value, change.context)
    held = next((leaf for leaf in members.fixed if leaf.name == dotted), None)
    if held is not None:
        if all(isinstance(v, Known) and v.value is None for v in values):
            members.fixed.remove(held)
        return
    if (
        len(change.path) == 1
        or any(isinstance(bare(v), Instance) for v in values)
        or any(is_below(leaf.name, dotted) for leaf in members.fixed)
    ):
        set_slot(members, dotted, values, present, change.context.statement)


def is_mark(evaluator: Evaluation, change: Change) -> bool:
    """Whether a change sets a flag on a parameter: `self.A_log._no_weight_decay = True`."""
    return (
        change.action == "set"
        and change.path[-1] not in ("data", "grad", "requires_grad")
        and change.value is not None
        and arithmetic.truth(evaluator, change.value, change.context, inclined=True) is True
    )


def _act(evaluator: Evaluation, members: Members, change: Change, present: Ternary) -> None:
    """A method called on the module itself."""
    context = change.context
    arguments = [a.value for a in change.arguments if not a.star]
    several = looped(context.statement)
    if change.action in ("append", "insert") and arguments:
        add_numbered(members, ((answers(evaluator, arguments[-1], context), present, several),), context.statement)
    elif change.action in ("extend", "+=") and (arguments or change.value is not None):
        source = change.value if change.value is not None else arguments[0]
        for value in answers(evaluator, source, context):
            listing = [(v, p & present, r or several) for v, p, r in listed(evaluator, value)]
            add_numbered(members, listing, context.statement)
    elif change.action in ("add_module", "register_module", "register_parameter"):
        for keys, values in _named(evaluator, change, members):
            names = names_of(keys)
            for name in names:
                set_slot(members, name, values, present, context.statement, len(names) > 1)
    elif change.action == "update" and arguments:
        for value in evaluator.evaluate(arguments[0], context):
            add_named(members, evaluator, value, present)
    elif change.action in REPARAMETRISING.values():
        reparametrise(evaluator, members, change, present)
    elif change.action in (adapters.ADAPTED, "add_adapter"):
        members.fixed.extend(
            Leaf(f"*.{added.name}", added.kind, _OF_ADAPTERS, added.ndim, None, adapters.OWNER, added.attribute)
            for added in adapters.added_by(evaluator, change)
        )


def reparametrise(evaluator: Evaluation, members: Members, change: Change, present: Ternary) -> None:
    """Replace a layer's weight by the parameters that it is computed from: direction and gain of weight norm."""
    name = "weight"
    for index, argument in enumerate(change.arguments):
        if argument.keyword == "name" or (argument.keyword is None and index == 0):
            told = constant(evaluator.evaluate(argument.value, change.context))
            if not isinstance(told, str):
                return
            name = told
    parametrized = change.action.startswith("parametrized")
    stem = f"parametrizations.{name}.original" if parametrized else f"{name}_"
    parts: tuple[tuple[str, Kind | None], ...]
    if change.action.endswith("weight_norm"):
        parts = (("0", Kind.GAIN), ("1", None)) if parametrized else (("g", Kind.GAIN), ("v", None))
    else:
        parts = (("", None),) if parametrized else (("orig", None),)
    for leaf in [leaf for leaf in members.fixed if leaf.name == name]:
        if present is Ternary.YES:
            members.fixed.remove(leaf)
        else:
            leaf.present &= Ternary.UNKNOWN
        for suffix, kind in parts:
            made = replace(leaf, name=stem + suffix, kind=kind or leaf.kind, present=leaf.present & present)
            made.attribute = made.name.rpartition(".")[2]
            made.key = (*leaf.key, suffix) if leaf.key is not None else None
            if kind is Kind.GAIN:
                made.shape = None
                made.evidence = Evidence(leaf.evidence.witness, f"{leaf.evidence.text}, the norm of weight norm")
            if parametrized:
                made.owner = "torch.nn.utils.parametrize.ParametrizationList"
                made.ancestors = (leaf.owner, "torch.nn.ModuleDict")
            members.fixed.append(made)


def _named(evaluator: Evaluation, change: Change, members: Members) -> Iterator[tuple[Answers, Answers]]:
    """Name and value of `add_module("fc", fc)`, `add_module(name="fc", module=fc)` and `add_module(*pair)`."""
    given: dict[str, Answers] = {}
    places = iter(("name", "module"))
    for argument in change.arguments:
        if argument.star == "*":
            for pair in evaluator.evaluate(argument.value, change.context):
                if isinstance(pair, SequenceValue) and len(pair.items) == 2:
                    yield forced(evaluator, pair.items[0].value), forced(evaluator, pair.items[1].value)
                else:
                    members.complete = False
            return
        name = argument.keyword or next(places, "")
        given["module" if name == "param" else name] = answers(evaluator, argument.value, change.context)
    if "name" in given and "module" in given:
        yield given["name"], given["module"]
    else:
        members.complete = False
