"""Several optimizers of one file: which parameters of each are held by another one too.

A generator and a discriminator, a matrix optimizer beside one for the rest: what one leaves out the other may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wdlint.facts import OptimizerUse, Place, Ternary


def with_elsewhere(uses: Sequence[OptimizerUse]) -> Iterator[OptimizerUse]:
    """The same uses; each says of its parameters whether an optimizer at another place of the file holds them.

    One whose parameters can't all be told may hold any.
    """
    holding: dict[tuple[str, str], dict[Place, Ternary]] = {}  # by model and parameter, of each place the most
    for use in uses:
        for key, answer in _held(use).items():
            at = holding.setdefault(key, {})
            at[use.place] = _most((answer, at.get(use.place, Ternary.NO)))
    firsts = {key: sorted(at.items(), key=lambda one: one[1].value, reverse=True)[:2] for key, at in holding.items()}
    opaque = {use.place for use in uses if not use.complete or use.inventory is None}
    several = len({use.place for use in uses}) > 1
    for use in uses:
        if not several or use.inventory is None:
            yield use
            continue
        least = Ternary.UNKNOWN if opaque - {use.place} else Ternary.NO
        title = use.inventory.model
        yield replace(
            use,
            elsewhere=tuple(
                _most([least, *(answer for place, answer in firsts[title, parameter.name] if place != use.place)])
                for parameter in use.inventory.parameters
            ),
        )


def _held(use: OptimizerUse) -> dict[tuple[str, str], Ternary]:
    """What an optimizer holds, by the model and the parameter's name."""
    if use.inventory is None:
        return {}
    return {
        (use.inventory.model, parameter.name): _most(
            [group.members[index] for group in use.groups if index < len(group.members)]
        )
        for index, parameter in enumerate(use.inventory.parameters)
    }


def _most(answers: Sequence[Ternary]) -> Ternary:
    return max(answers, key=lambda answer: answer.value, default=Ternary.NO)
