"""How an optimizer applies its decay, found by experiment: no table of classes is asked.

A twin of the optimizer steps a toy parameter through varied gradients; then one more step is forked, once with
decay and once without, from the same state. The difference is the decay's own displacement. Where it is
proportional to the parameter and leaves no trace in the state, decay is decoupled; where it is not, an adaptive
optimizer has rescaled it. The user's optimizer, parameters, gradients, state and random numbers are not touched.

The design and its thresholds were measured on 338 optimizer classes of 18 packages.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wdlint.facts import Coupling

STEPS = 5  # forked after 1..5 steps: Adam's first step is sign(g + λw), which hides coupling
DECAY = 0.1
RATE = 0.01
EXACT = {torch.float64: 1e-4, torch.float32: 1e-3}  # relative residual taken for zero
CARRIED = 1e-2  # relative trace in the state: 0 when decoupled, 0.15 and more when coupled
DECAY_KEYS = ("weight_decay", "weight_decay_rate", "wd")


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


Make = Callable[[dict[str, Any], nn.Parameter], Optimizer]


def probe(optimizer: Optimizer, group: dict[str, Any] | None = None, shape: tuple[int, ...] = (6, 8)) -> Probe:
    """Find by experiment how `optimizer` decays the parameters of `group` (default: its first group).

    Args:
        optimizer: a live optimizer; wrappers are opened by `unwrap`.
        group: one of its `param_groups`; its hyper-parameters are used, its parameters are not.
        shape: of the toy parameter; some optimizers treat vectors and matrices differently.
    """
    optimizer = unwrap(optimizer)
    settings = _settings(group if group is not None else optimizer.param_groups[0])
    key = decay_key(optimizer, settings)
    if key is None:
        return Probe(Manner.NONE)
    device = _device(group if group is not None else optimizer.param_groups[0])
    failure = ""
    with preserved_randomness(device):
        for make in (_twin_of(optimizer), _fresh_of(optimizer)):
            for dtype in (torch.float64, torch.float32):
                try:
                    return _doubted(_experiment(make, settings, key, shape, dtype, device), optimizer)
                except Exception as error:
                    failure = failure or f"{type(error).__name__}: {error}"
    return Probe(Manner.FAILED, why=failure)


def decay_key(optimizer: Optimizer, group: Mapping[str, Any]) -> str | None:
    """The key of the decay: one of the optimizer's own defaults, as a group may carry others that nothing reads."""
    keys = optimizer.defaults or group
    return next((key for key in DECAY_KEYS if key in keys and key in group), None)


def _doubted(found: Probe, optimizer: Optimizer) -> Probe:
    """Where a step moves the parameter before it asks a closure for the gradient, coupling can't be told."""
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if found.manner is Manner.COUPLED and closure is not None and closure.default is closure.empty:
        return Probe(Manner.OTHER, found.residual, found.carry, found.rate_exponent, why="it steps with a closure only")
    return found


def unwrap(optimizer: Any) -> Optimizer:
    """The optimizer that really steps, inside Accelerate's, DeepSpeed's or a Lookahead-like wrapper."""
    seen: set[int] = set()
    while id(optimizer) not in seen:
        seen.add(id(optimizer))
        held = (vars(optimizer).get(name) for name in ("optimizer", "base_optimizer", "_optimizer"))
        inner = next((value for value in held if isinstance(value, Optimizer)), None)
        if inner is None:
            break
        optimizer = inner
    return optimizer


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """A group's hyper-parameters, tensors copied, without parameters and names."""
    kept = {}
    for key, value in group.items():
        if key in ("params", "param_names"):
            continue
        kept[key] = value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
    return kept


def _device(group: dict[str, Any]) -> torch.device:
    device = next((p.device for p in group["params"]), torch.device("cpu"))
    return torch.device("cpu") if device.type == "meta" else device


def _twin_of(optimizer: Optimizer) -> Make:
    """A twin with the optimizer's instance attributes, a state of its own, and none of its hooks.

    `copy.copy` would lose instance attributes; an instance attribute `step` is a learning-rate scheduler's patch,
    bound to the user's optimizer.
    """

    def make(settings: dict[str, Any], parameter: nn.Parameter) -> Optimizer:
        twin: Optimizer = object.__new__(type(optimizer))
        for name, value in vars(optimizer).items():
            if name in ("state", "param_groups", "step") or name.endswith("_hooks"):
                continue
            plain = isinstance(value, (list, dict, set)) and not _holds_tensors(value)
            vars(twin)[name] = copy.copy(value) if plain else value
        for name in vars(optimizer):
            if name.endswith("_hooks"):
                vars(twin)[name] = type(vars(optimizer)[name])()
        twin.state = defaultdict(dict)
        twin.param_groups = [{"params": [parameter], **_settings({**settings, "params": None})}]
        return twin

    return make


def _fresh_of(optimizer: Optimizer) -> Make:
    """The class called anew with the group's own settings, for optimizers that make state when constructed."""
    accepted = inspect.signature(type(optimizer).__init__).parameters

    def make(settings: dict[str, Any], parameter: nn.Parameter) -> Optimizer:
        return type(optimizer)([parameter], **{k: v for k, v in settings.items() if k in accepted})  # type: ignore[arg-type, unused-ignore]

    return make


def _holds_tensors(value: Any) -> bool:
    items = value.values() if isinstance(value, dict) else value
    return any(isinstance(item, (Tensor, nn.Module)) for item in items)


@contextmanager
def preserved_randomness(device: torch.device) -> Any:
    """Leave torch's random state as it was, on the CPU and on `device`."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield


@dataclass(frozen=True, slots=True)
class _Bench:
    """One experimental set-up: everything but the decay and the number of steps."""

    make: Make
    settings: dict[str, Any]
    key: str
    start: Tensor
    gradients: Tensor  # (steps, *shape)

    def run(
        self, decays: list[float], scale: float = 1.0, rate: float | None = None, reset: bool = False
    ) -> list[Tensor]:
        """Step once for each decay; the parameter after each step. `reset`: put it back before the last."""
        settings = dict(self.settings)
        if rate is not None:
            settings["lr"] = _like(settings["lr"], rate)
        parameter = nn.Parameter(self.start.clone())
        optimizer = self.make({**settings, self.key: decays[0]}, parameter)
        group = optimizer.param_groups[0]
        train = getattr(optimizer, "train", None)  # schedule-free optimizers have two modes
        if callable(train):
            train()
        seen = []
        for step, decay in enumerate(decays):
            torch.manual_seed(step)
            group[self.key] = _like(self.settings[self.key], decay)
            if reset and step == len(decays) - 1:
                with torch.no_grad():
                    parameter.copy_(self.start)
            gradient = self.gradients[step] * scale
            parameter.grad = gradient.clone()
            _step(optimizer, parameter, gradient)
            seen.append(parameter.detach().clone())
        return seen


def _like(example: Any, value: float) -> Any:
    return torch.as_tensor(value, dtype=example.dtype, device=example.device) if isinstance(example, Tensor) else value


def _step(optimizer: Optimizer, parameter: nn.Parameter, gradient: Tensor) -> None:
    """Step, with a closure where one is demanded."""

    def closure() -> Any:
        parameter.grad = gradient.clone()
        return torch.zeros((), dtype=parameter.dtype, device=parameter.device)

    step: Callable[..., Any] = type(optimizer).step
    try:
        step(optimizer)
    except TypeError as error:
        if "closure" not in str(error):
            raise
        step(optimizer, closure)


def _experiment(
    make: Make, settings: dict[str, Any], key: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
) -> Probe:
    generator = torch.Generator().manual_seed(20191119)
    sign = torch.randint(0, 2, shape, generator=generator, dtype=dtype) * 2 - 1
    start = sign * (0.5 + torch.rand(shape, generator=generator, dtype=dtype))
    spread = 10.0 ** (torch.rand(shape, generator=generator, dtype=dtype) * 2.5 - 2.0)
    gradients = spread * torch.randn((STEPS + 2, *shape), generator=generator, dtype=dtype)
    settings = {**settings}
    if "lr" in settings:
        settings["lr"] = _like(settings["lr"], RATE)
    bench = _Bench(make, settings, key, start.to(device), gradients.to(device))
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
    before: float  # residual against the parameter before the step
    after: float  # against the parameter after a step without decay
    span: float  # against the parameter, its update and the gradient together
    mask: bool
    factor: float  # c in D = −c·p
    carry: float
    displacement: Tensor


def _fork(bench: _Bench, steps: int, decay: float) -> _Fork | None:
    """Step `steps` times with decay, then once more with and once without it, from the same state."""
    with_decay = bench.run([decay] * (steps + 1))
    without = bench.run([decay] * steps + [0.0])
    before, plain = with_decay[-2], without[-1]
    displacement = with_decay[-1] - plain
    size = float(displacement.norm())
    if not math.isfinite(size) or size <= 1e-13 * float(before.norm()):
        return None
    factor, residual = _fit(displacement, before)
    _, after = _fit(displacement, plain)
    parts = (before, plain - before, bench.gradients[steps])
    basis = torch.stack([part.flatten() for part in parts], dim=1).double()
    target = displacement.flatten().double()
    fitted = basis @ torch.linalg.lstsq(basis.cpu(), target.cpu()[:, None]).solution.to(basis.device)
    span = float((target - fitted[:, 0]).norm()) / size
    return _Fork(
        residual, after, span, _is_mask(displacement, before), factor, _carry(bench, steps, decay), displacement
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


def _carry(bench: _Bench, steps: int, decay: float) -> float:
    """How much of a forked decay step is still at work one step later, from the same parameter: the state's trace."""
    one = bench.run([decay] * steps + [decay, 0.0], reset=True)
    two = bench.run([decay] * steps + [0.0, 0.0], reset=True)
    forked = float((one[-2] - two[-2]).norm())
    return float((one[-1] - two[-1]).norm()) / forked if forked else 0.0


def _judged(bench: _Bench, forks: list[_Fork], exact: float, decay: float) -> Probe:
    residual = max(f.before for f in forks)
    after = max(f.after for f in forks)
    carry = max(f.carry for f in forks)
    exponent = _rate_exponent(bench, decay)
    if residual < max(exact, 1e-3) and residual <= after and carry < CARRIED:
        manner = Manner.DECOUPLED
    elif after < max(exact, 1e-3) and carry < CARRIED:
        manner = Manner.AFTER
    elif min(residual, after) < 1e-3:
        manner = Manner.LINEAR
    elif all(f.mask for f in forks):
        manner = Manner.MASKED
    elif max(f.span for f in forks) < 1e-3:
        manner = Manner.NORM_SCALED
    elif carry >= CARRIED:
        manner = Manner.COUPLED
    else:
        manner = Manner.OTHER
    # Momentum goes on working after the step, so what one step shows of linear decay is not what it comes to.
    proportional = manner in (Manner.DECOUPLED, Manner.AFTER, Manner.MASKED)
    factor = forks[0].factor / decay if proportional else None  # per unit of decay at RATE
    return Probe(manner, min(residual, after), carry, exponent, factor)


def _rate_exponent(bench: _Bench, decay: float) -> float | None:
    """1 where decay scales with the learning rate, 0 where it doesn't, measured by doubling the rate."""
    if "lr" not in bench.settings:
        return None
    moved = []
    for rate in (RATE, 2 * RATE):
        with_decay = bench.run([decay] * 2, rate=rate)
        without = bench.run([decay, 0.0], rate=rate)
        moved.append(float((with_decay[-1] - without[-1]).norm()))
    if min(moved) <= 0 or not all(map(math.isfinite, moved)):
        return None
    return math.log2(moved[1] / moved[0])
