"""Decays of gains and biases by a setting of their own: `cfg.WEIGHT_DECAY_NORM` beside `cfg.WEIGHT_DECAY`.

Nobody gives a group that takes no weights a setting apart from the weights' to have both the same. What it is, no
source tells (detectron2's is 0 by default), so nothing is assumed of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from wdlint.facts import Division, Inventory, Kind, Origin, Ternary
from wdlint.source.values.amounts import AmountDraft

_WEIGHTS = (Kind.WEIGHT, Kind.EMBEDDING)


def of_their_own(
    amounts: Sequence[AmountDraft],
    members: Sequence[tuple[Ternary, ...]],
    divisions: Sequence[Division],
    inventory: Inventory | None,
) -> tuple[int, ...]:
    """The groups whose decay is such a setting, by their numbers."""
    weighty = [_takes_weights(members[i], divisions[i], inventory) for i in range(len(amounts))]
    meant = {a.text for a, takes in zip(amounts, weighty, strict=True) if takes is not Ternary.NO and a.value != 0}
    return tuple(
        i
        for i, (amount, takes) in enumerate(zip(amounts, weighty, strict=True))
        if takes is Ternary.NO and meant and _is_unseen(amount) and amount.text not in meant
    )


def _is_unseen(amount: AmountDraft) -> bool:
    return amount.value is None and amount.origin is Origin.UNKNOWN and bool(amount.text) and amount.node is None


def _takes_weights(members: Sequence[Ternary], division: Division, inventory: Inventory | None) -> Ternary:
    if inventory is None:
        return division.weights
    answers = [a for p, a in zip(inventory.parameters, members, strict=True) if p.kind in _WEIGHTS]
    if Ternary.YES in answers:
        return Ternary.YES
    return Ternary.UNKNOWN if Ternary.UNKNOWN in answers or not inventory.complete else Ternary.NO
