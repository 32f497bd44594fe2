"""The experiment that tells how decay acts: one step is forked, and its two ends are compared.

A copy steps a toy parameter through varied gradients; then one more step is forked, once with decay and once without,
from the same state. The difference is the decay's own displacement. Where it is proportional to the parameter and
leaves no trace in the state, decay is decoupled; where it is not, an adaptive optimizer has rescaled it.

The design and its thresholds were measured on 338 optimizer classes of 18 packages.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from wdlint.model.optimizers.bench import Bench, Clock, like
from wdlint.model.optimizers.manner import RATE, Manner, Probe
from wdlint.model.untouched.twins import Make

STEPS = 5  # forked after 1..5 steps: Adam's first step is sign(g + λw), which hides coupling
DECAY = 0.1
EXACT = {torch.float64: 1e-4, torch.float32: 1e-3}  # relative residual taken for zero
CARRIED = 1e-2  # relative trace in the state: 0 when decoupled, 0.15 and more when coupled


def experiment(
    make: Make, settings: dict[str, Any], key: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device,
    clock: Clock, curved: bool,
) -> Probe:  # fmt: skip
    generator = torch.Generator().manual_seed(20191119)
    sign = torch.randint(0, 2, shape, generator=generator, dtype=dtype) * 2 - 1
    start = sign * (0.5 + torch.rand(shape, generator=generator, dtype=dtype))
    spread = 10.0 ** (torch.rand(shape, generator=generator, dtype=dtype) * 2.5 - 2.0)
    gradients = spread * torch.randn((STEPS + 2, *shape), generator=generator, dtype=dtype)
    settings = {**settings}
    if "lr" in settings:
        settings["lr"] = like(settings["lr"], RATE)
    bench = Bench(make, settings, key, start.to(device), gradients.to(device), clock, curved)
    decay = DECAY
    acts = any(not torch.equal(a, b) for a, b in zip(bench.run([decay] * 6), bench.run([0.0] * 6), strict=True))
    if not acts:
        return Probe(Manner.NONE)
    forks = [fork for steps in range(1, STEPS + 1) if (fork := _fork(bench, steps, decay)) is not None]
    if not forks:
        return Probe(Manner.OTHER, why="decay acts, but not within one step")
    return _judged(bench, forks, EXACT[dtype], decay)


@dataclass(frozen=True, slots=True)
class _Fork:
    steps: int  # taken before it
    before: float  # residual against the parameter before the step
    after: float  # against the parameter after a step without decay
    span: float  # against the parameter, its update and the gradient together
    mask: bool
    factor: float  # c in D = −c·p, of the parameter before the step or after it, whichever fits
    carry: float
    displacement: Tensor


def _fork(bench: Bench, steps: int, decay: float) -> _Fork | None:
    """Step `steps` times with decay, then once more with and once without it, from the same state."""
    with_decay = bench.run([decay] * (steps + 1))
    without = bench.run([decay] * steps + [0.0])
    before, plain = with_decay[-2], without[-1]
    displacement = with_decay[-1] - plain
    size = float(displacement.norm())
    if not math.isfinite(size) or size <= 1e-13 * float(before.norm()):
        return None
    factor, residual = _fit(displacement, before)
    factor_after, after = _fit(displacement, plain)
    parts = (before, plain - before, bench.gradients[steps])
    basis = torch.stack([part.flatten() for part in parts], dim=1).double()
    target = displacement.flatten().double()
    fitted = basis @ torch.linalg.lstsq(basis.cpu(), target.cpu()[:, None]).solution.to(basis.device)
    span = float((target - fitted[:, 0]).norm()) / size
    return _Fork(
        steps,
        residual,
        after,
        span,
        _is_mask(displacement, before),
        factor if residual <= after else factor_after,
        _carry(bench, steps, decay),
        displacement,
    )


def _fit(displacement: Tensor, parameter: Tensor) -> tuple[float, float]:
    """The least-squares c of D ≈ −c·p and the relative residual."""
    factor = -float((displacement * parameter).sum() / (parameter * parameter).sum())
    return factor, float((displacement + factor * parameter).norm() / displacement.norm())


def _is_mask(displacement: Tensor, parameter: Tensor) -> bool:
    """Whether each element shrinks by one common factor or not at all, and some of either."""
    ratio = (-displacement / parameter).flatten()
    top = float(ratio.max())
    if top <= 0:
        return False
    moved = ratio > 0.5 * top
    return bool(
        ((ratio[moved] - top).abs() < 1e-3 * top).all() and (ratio[~moved].abs() < 1e-3 * top).all() and not moved.all()
    )


def _carry(bench: Bench, steps: int, decay: float) -> float:
    """How much of a forked decay step is still at work one step later, from the same parameter: the state's trace."""
    one = bench.run([decay] * steps + [decay, 0.0], reset=True)
    two = bench.run([decay] * steps + [0.0, 0.0], reset=True)
    forked = float((one[-2] - two[-2]).norm())
    return float((one[-1] - two[-1]).norm()) / forked if forked else 0.0


def _aimed_at_the_parameter(bench: Bench, fork: _Fork, decay: float) -> bool:
    """Whether another parameter under the same gradients is displaced otherwise: some scale the gradient by the key."""
    other = replace(bench, start=-2 * bench.start)
    moved = other.run([decay] * (fork.steps + 1))[-1] - other.run([decay] * fork.steps + [0.0])[-1]
    return float((moved - fork.displacement).norm()) > CARRIED * float(fork.displacement.norm())


def _judged(bench: Bench, forks: list[_Fork], exact: float, decay: float) -> Probe:
    residual = max(f.before for f in forks)
    after = max(f.after for f in forks)
    carry = max(f.carry for f in forks)
    if residual < max(exact, 1e-3) and residual <= after and carry < CARRIED:
        manner = Manner.DECOUPLED
    elif after < max(exact, 1e-3) and carry < CARRIED:
        manner = Manner.AFTER
    elif min(residual, after) < 1e-3:
        manner = Manner.LINEAR
    elif all(f.mask for f in forks):
        manner = Manner.MASKED
    elif max(f.span for f in forks) < 10 * exact:  # a clip of the whole tensor is no rescaling of its elements
        manner = Manner.NORM_SCALED
    elif carry >= CARRIED and not _aimed_at_the_parameter(bench, forks[0], decay):
        return Probe(Manner.OTHER, min(residual, after), carry, why="what it changes does not depend on the parameter")
    elif carry >= CARRIED:
        manner = Manner.COUPLED
    else:
        manner = Manner.OTHER
    # Momentum goes on working after the step, so what one step shows of linear decay is not what it comes to.
    proportional = manner in (Manner.DECOUPLED, Manner.AFTER, Manner.MASKED)
    factor = forks[0].factor / decay if proportional else None  # per unit of decay at RATE
    exponent = _rate_exponent(bench, decay, forks[0].steps, proportional)
    return Probe(manner, min(residual, after), carry, exponent, factor)


def _rate_exponent(bench: Bench, decay: float, steps: int, proportional: bool) -> float | None:
    """1 where decay scales with the learning rate, 0 where it doesn't, measured by doubling the rate.

    Where decay is proportional to the parameter, its share is compared: at another rate the parameter is another too.
    """
    if "lr" not in bench.settings:
        return None
    moved = []
    for rate in (RATE, 2 * RATE):
        with_decay = bench.run([decay] * (steps + 1), rate=rate)
        without = bench.run([decay] * steps + [0.0], rate=rate)
        displacement = with_decay[-1] - without[-1]
        share = min((_fit(displacement, p) for p in (with_decay[-2], without[-1])), key=lambda fit: fit[1])[0]
        moved.append(share if proportional else float(displacement.norm()))
    if min(moved) <= 0 or not all(map(math.isfinite, moved)):
        return None
    return math.log2(moved[1] / moved[0])
