"""What an experiment can show of an optimizer's decay, and what that comes to at other rates and strengths."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from wdlint.facts import Coupling

RATE = 0.01  # the learning rate of every experiment


class Manner(Enum):
    """How decay acts, as observed."""

    NONE = "no effect"
    DECOUPLED = "decoupled"
    AFTER = "decoupled, applied after the step"
    MASKED = "decoupled where the update agrees (cautious)"
    NORM_SCALED = "scaled by a norm of the whole tensor (trust ratio)"
    LINEAR = "linear, carried in momentum or an average"
    COUPLED = "coupled: rescaled with the gradient"
    OTHER = "neither proportional nor carried in the state"
    FAILED = "could not be probed"


_COUPLINGS = {
    Manner.NONE: Coupling.NONE,
    Manner.DECOUPLED: Coupling.DECOUPLED,
    Manner.AFTER: Coupling.DECOUPLED,
    Manner.MASKED: Coupling.DECOUPLED,
    Manner.LINEAR: Coupling.COUPLED_PLAIN,
    Manner.COUPLED: Coupling.COUPLED_ADAPTIVE,
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What the experiment showed of one parameter group."""

    manner: Manner
    residual: float | None = None  # ‖D + c·p‖ / ‖D‖, the smaller of before and after the step
    carry: float | None = None  # relative trace in the state
    rate_exponent: float | None = None  # 1: scales with the learning rate; 0: independent of it
    factor: float | None = None  # share of the parameter removed per unit of decay, at the experiment's rate
    why: str = ""  # why it failed

    @property
    def coupling(self) -> Coupling:
        return _COUPLINGS.get(self.manner, Coupling.UNKNOWN)

    def shrink_at(self, rate: float | None, decay: float | None) -> float | None:
        """The share of a weight that one step removes: η·λ for PyTorch's AdamW, λ where the rate plays no part.

        None where decay is not proportional to the parameter, or a number is missing.
        """
        if self.factor is None or decay is None:
            return None
        if self.rate_exponent is None or round(self.rate_exponent) == 0:
            return self.factor * decay
        return None if rate is None else self.factor * decay * (rate / RATE) ** round(self.rate_exponent)
