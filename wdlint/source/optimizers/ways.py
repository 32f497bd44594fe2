"""Which of the ways to an optimizer are reported: those that run by default, and splits on any of them.

How the ways through a program's branches are told apart is in `values.branches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from wdlint.facts import OptimizerUse
from wdlint.source.optimizers.constructor_arguments import written_parameters
from wdlint.source.optimizers.sites import Maker
from wdlint.source.read import tree as t
from wdlint.source.values.branches import Way

_Held = TypeVar("_Held")


def deciding(maker: Maker) -> list[t.Expr]:
    """The expressions in a call that give the parameters and the strength."""
    found = [argument.value for argument in maker.arguments.written if argument.star]
    parameters = written_parameters(maker)
    if parameters is not None:
        found.append(parameters)
    if maker.decay is not None:
        plain = [a for a in maker.arguments.written if a.keyword is None and not a.star]
        named = [a for a in maker.arguments.written if a.keyword == maker.decay.name]
        index = maker.decay.position
        if index is not None and index < len(plain) and not maker.arguments.positional:
            named.append(plain[index])
        found.extend(argument.value for argument in named)
    return found


def preferred(
    read: Sequence[tuple[Way, OptimizerUse, _Held]],
) -> list[tuple[Way, OptimizerUse, _Held]]:
    """The uses that say something of the program, of those read along the ways to one optimizer.

    A split is judged on whatever way it lies: it states an intent. Beside one, a use that is not divided counts
    only on the way that the program goes by itself; without one, whatever goes against no default counts.
    """
    distinct: list[tuple[Way, OptimizerUse, _Held]] = []
    for one in read:
        same = next((i for i, other in enumerate(distinct) if other[1] == one[1]), None)
        if same is None:
            distinct.append(one)
        elif _rank(one[0]) > _rank(distinct[same][0]):
            distinct[same] = one
    split = any(by_hand(use) for _, use, _ in distinct)
    kept = [one for one in distinct if by_hand(one[1]) or (one[0].shown if split else one[0].defaults)]
    return [(way, replace(use, ways=len(distinct)) if len(distinct) > 1 else use, held) for way, use, held in kept]


def by_hand(use: OptimizerUse) -> bool:
    """Whether the groups are a split that somebody wrote, and not one that a fix made."""
    return use.divided and not use.by_fix


def _rank(way: Way) -> int:
    return way.defaults + way.shown
