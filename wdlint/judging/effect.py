"""How much decay does: the share of a parameter that one step takes, and the steps in which it halves.

Told only where learning rate and strength are visible numbers and the update is known to be `w * (1 - lr * decay)`:
by decoupled optimizers. A coupled one divides the decay by the gradient's history or carries it in its momentum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from wdlint.facts import Coupling, Finding, Group, Note, OptimizerUse, Severity
from wdlint.judging.numbers import number


def shrink_per_step(groups: Sequence[Group], use: OptimizerUse) -> float | None:
    """The largest share (0 to 1) that a step takes in some groups of a use; None where one of them can't be told."""
    shares = [_share(group, use) for group in groups]
    if use.couplings != {Coupling.DECOUPLED} or not shares or None in shares:
        return None
    return max(share for share in shares if share is not None) or None


def half_life(shrink: float) -> float:
    """The steps in which a parameter halves that nothing but decay moves."""
    return math.log(2) / -math.log1p(-shrink) if shrink < 1 else 0.0


def effect_note(groups: Sequence[Group], use: OptimizerUse) -> tuple[Note, ...]:
    """A note that says the time scale, where it can be told."""
    shrink = shrink_per_step(groups, use)
    if shrink is None or shrink >= 0.5:
        return ()
    strongest = next(group for group in groups if _share(group, use) == shrink)
    rate, decay = _rate(strongest, use), strongest.amount.value
    assert rate is not None
    assert decay is not None
    of_schedule = ", the highest of its schedule," if use.highest_rate is not None else ""
    steps = f"{float(f'{half_life(shrink):.2g}'):,.0f}"
    run = f"; the run has {use.steps:,}" if use.steps is not None else ""
    return (
        Note(
            f"at a learning rate of {number(rate)}{of_schedule} and a decay of {number(decay)}, "
            f"what nothing else holds up halves in {steps} steps{run}"
        ),
    )


def weakened(finding: Finding, steps: int) -> Finding:
    """The finding, as a note where its decay halves a parameter in more steps than these."""
    shrink = finding.shrink_per_step
    if shrink is None or half_life(shrink) <= steps:
        return finding
    return replace(finding, severity=Severity.NOTE)


def _share(group: Group, use: OptimizerUse) -> float | None:
    rate, decay = _rate(group, use), group.amount
    if rate is None or decay.value is None or decay.varies:
        return None
    share = float(f"{rate * decay.value:.6g}")  # 3e-5, not 2.9999999999999997e-05
    return share if 0 <= share <= 1 else None


def _rate(group: Group, use: OptimizerUse) -> float | None:
    """The highest learning rate that a group has, where it can be told."""
    if use.highest_rate is not None:
        return use.highest_rate
    rate = group.learning_rate
    return rate.value if rate is not None and not rate.varies else None
