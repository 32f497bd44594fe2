"""Several optimizers of one file: which parameters of each are held by another one too.

A generator and a discriminator, a matrix optimizer beside one for the rest: what one leaves out the other may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from wdlint.facts import OptimizerUse, Ternary


def with_elsewhere(uses: Sequence[OptimizerUse]) -> Iterator[OptimizerUse]:
    """The same uses; each says of its parameters whether an optimizer at another place of the file holds them.

    One whose parameters can't all be told may hold any.
    """
    for use in uses:
        others = [other for other in uses if other.place != use.place]
        if not others or use.inventory is None:
            yield use
            continue
        held = [_held(other) for other in others]
        opaque = any(not other.complete or other.inventory is None for other in others)
        least = Ternary.UNKNOWN if opaque else Ternary.NO
        title = use.inventory.model
        yield replace(
            use,
            elsewhere=tuple(
                _most([least, *(found.get((title, parameter.name), Ternary.NO) for found in held)])
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
