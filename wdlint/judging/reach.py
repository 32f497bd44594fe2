"""What the decay of one optimizer reaches: questions that several rules ask of the same facts.

Here live selections over an `OptimizerUse`: which of its groups decay, which parameters of a kind
certainly lie in them, and how sure that is. Nothing here words a message or decides that something
is a fault; that is each rule's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from wdlint.facts import (
    Confidence,
    Coupling,
    Group,
    Kind,
    OptimizerClass,
    OptimizerUse,
    Origin,
    Parameter,
    Ternary,
    Witness,
)

UNDECAYED_KINDS = (Kind.GAIN, Kind.BIAS)
"""The kinds that decay does not belong on."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The parameters that decay reaches, and the groups that carry it.

    `parameters` is empty where the model can't be seen and its kinds are assumed.
    """

    use: OptimizerUse
    groups: tuple[Group, ...]
    parameters: tuple[Parameter, ...]
    confidence: Confidence
    latent: bool

    def of(self, *kinds: Kind) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if p.kind in kinds)


def is_silent(group: Group) -> bool:
    """Whether the group's decay is written nowhere: the optimizer's own default."""
    return group.amount.origin is Origin.OPTIMIZER_DEFAULT


def is_written(group: Group) -> bool:
    """Whether somebody chose the group's decay, in this program or one of its defaults."""
    return not is_silent(group)


def decaying_classes(use: OptimizerUse) -> tuple[OptimizerClass, ...]:
    """The classes among the answers that can decay at all."""
    return tuple(c for c in use.classes if c.coupling is not Coupling.NONE)


def certainly_in(group: Group, index: int) -> bool:
    """Whether the group certainly holds the inventory's parameter at `index`."""
    return index < len(group.members) and group.members[index] is Ternary.YES


def holders(use: OptimizerUse, index: int) -> tuple[Group, ...]:
    """The groups that certainly hold the inventory's parameter at `index`."""
    return tuple(g for g in use.groups if certainly_in(g, index))


def held(use: OptimizerUse, groups: tuple[Group, ...]) -> Iterator[tuple[int, Parameter]]:
    """The trainable parameters that certainly lie in one of these groups, each with its index.

    A frozen parameter has no gradient, and PyTorch's optimizers pass over it, decay included.
    """
    if use.inventory is None:
        return
    for index, parameter in enumerate(use.inventory.parameters):
        if parameter.trainable is not Ternary.NO and any(certainly_in(g, index) for g in groups):
            yield index, parameter


def _held_somewhere(use: OptimizerUse, groups: tuple[Group, ...]) -> Iterator[tuple[int, Parameter]]:
    """The trainable parameters that may lie in one of these groups and, of all groups, in such as decay alone.

    Where several groups share a model out by a condition that can't be told and all of them decay, it makes no
    difference which of them holds a parameter. A lone group may leave out just those that it should, and a decay that
    is set anew later may be set for just those.
    """
    several = len(use.groups) > 1 and all(
        g.members and (g.amount.decays or g.amount.latent) and not g.amount.varies for g in use.groups
    )
    for index, parameter in enumerate(use.inventory.parameters) if several and use.inventory is not None else ():
        maybe = [g for g in use.groups if index < len(g.members) and g.members[index] is not Ternary.NO]
        if parameter.trainable is not Ternary.NO and len(maybe) > 1 and any(g in groups for g in maybe):
            yield index, parameter


def _decayed_by_step(classes: tuple[OptimizerClass, ...], kind: Kind) -> Ternary:
    """Whether the optimizer's own step decays this kind: YES for all classes, UNKNOWN for some, NO for none."""
    answers = set()
    for known in classes:
        exempts = known.exempts
        if exempts is None:
            answers.add(Ternary.NO)
        elif kind is Kind.GAIN:
            answers.add(exempts.gains)
        elif kind is Kind.BIAS:
            answers.add(exempts.biases)
        elif kind is Kind.WEIGHT:
            answers.add(exempts.weights)
        else:
            answers.add(Ternary.NO)
    if not answers or Ternary.NO not in answers:
        return Ternary.NO
    return Ternary.YES if len(answers) == 1 else Ternary.UNKNOWN


def _sure(groups: tuple[Group, ...], use: OptimizerUse) -> bool:
    """Whether every reading of the source decays these groups, by an amount that is visible."""
    if len(decaying_classes(use)) < len(use.classes):
        return False
    return is_visible(groups)


def seen_reach(
    use: OptimizerUse,
    kinds: tuple[Kind, ...],
    among: Callable[[Group], bool] = lambda group: True,
) -> Reach | None:
    """The parameters of these kinds that certainly lie in decayed groups of a model that can be seen.

    A group whose visible decay is 0 but can be raised from outside counts only if no other group
    reaches such parameters; the result is then latent.
    """
    inventory = use.inventory
    classes = decaying_classes(use)
    if inventory is None or not classes:
        return None
    by_step = {kind: _decayed_by_step(classes, kind) for kind in kinds}
    for latent in (False, True):
        groups = tuple(g for g in use.groups if among(g) and (g.amount.latent if latent else g.amount.decays))
        found = {i: p for i, p in held(use, groups) if by_step.get(p.kind, Ternary.NO) is not Ternary.NO}
        certain = {i: p for i, p in found.items() if p.present is Ternary.YES and p.trainable is Ternary.YES}
        carriers = tuple(g for g in groups if any(certainly_in(g, i) for i in certain or found))
        if not found:
            shared = _held_somewhere(use, groups)
            found = {i: p for i, p in shared if by_step.get(p.kind, Ternary.NO) is not Ternary.NO}
            carriers = tuple(g for g in groups if any(g.members[i] is not Ternary.NO for i in found))
        if not found:
            continue
        shown = tuple((certain or found).values())
        proven = (
            bool(certain)
            and not inventory.assumed
            and _sure(carriers, use)
            and any(by_step[p.kind] is Ternary.YES for p in shown)
            and any(p.evidence.witness is not Witness.NAME for p in shown)
        )
        confidence = Confidence.PROVEN if proven else Confidence.ASSUMED
        return Reach(use, carriers, shown, confidence, latent)
    return None


def unseen_reach(
    use: OptimizerUse,
    kinds: tuple[Kind, ...] = UNDECAYED_KINDS,
    among: Callable[[Group], bool] = lambda group: True,
) -> Reach | None:
    """The groups that would decay ordinary parameters of all these kinds, for a model that can't be seen.

    None where the inventory settles the matter: it is complete, or it already shows such parameters.
    """
    classes = decaying_classes(use)
    inventory = use.inventory
    if not classes or (inventory is not None and (inventory.complete or seen_reach(use, kinds) is not None)):
        return None
    if any(_decayed_by_step(classes, kind) is Ternary.NO for kind in kinds):
        return None
    for latent in (False, True):
        groups = tuple(
            g
            for g in use.groups
            if among(g)
            and (g.amount.latent if latent else g.amount.decays)
            and all(_of_division(g, kind) is Ternary.YES for kind in kinds)
        )
        if groups:
            return Reach(use, groups, (), Confidence.ASSUMED, latent)
    return None


def _of_division(group: Group, kind: Kind) -> Ternary:
    division = group.division
    return {Kind.GAIN: division.gains, Kind.BIAS: division.biases, Kind.WEIGHT: division.weights}.get(
        kind, Ternary.UNKNOWN
    )


def decayed_groups(use: OptimizerUse) -> tuple[Group, ...]:
    """The groups that decay whatever they hold, or else those whose decay is latent.

    A group that certainly holds nothing of the model is left out.
    """
    filled = tuple(g for g in use.groups if not g.members or any(m is not Ternary.NO for m in g.members))
    return tuple(g for g in filled if g.amount.decays) or tuple(g for g in filled if g.amount.latent)


def is_visible(groups: tuple[Group, ...]) -> bool:
    """Whether the strength of one of these groups is known and the only answer."""
    return any(g.amount.value is not None and not g.amount.varies for g in groups)


def asked_to_exempt(use: OptimizerUse) -> Callable[[Parameter], bool]:
    """A test: whether the model declares that it should not decay this parameter.

    A declared word that is a parameter's whole name means that one only; any other may be a last part of names, a
    keyword inside of them or a pattern.
    """
    names = {p.name for p in use.inventory.parameters} if use.inventory is not None else set()
    whole = names.intersection(use.declared)
    words = [word for word in use.declared if word not in whole]
    return lambda p: p.name in whole or any(word in p.name or fnmatchcase(p.name, word) for word in words)
