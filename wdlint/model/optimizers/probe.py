"""How an optimizer applies its decay, found by experiment: no table of classes is asked.

A twin of the optimizer steps a toy parameter through varied gradients; then one more step is forked, once with
decay and once without, from the same state. The difference is the decay's own displacement. Where it is
proportional to the parameter and leaves no trace in the state, decay is decoupled; where it is not, an adaptive
optimizer has rescaled it. The user's optimizer, parameters, gradients, state and random numbers are not touched.

The design and its thresholds were measured on 338 optimizer classes of 18 packages.
"""

from __future__ import annotations

import inspect
import math
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from wdlint.facts import Coupling
from wdlint.model.holding.wrappers import defaults_of, leaves
from wdlint.model.kinds.class_source import source_of
from wdlint.model.untouched.apart import apart
from wdlint.model.untouched.twins import Make, Refused, makers, settings_of, step_of

STEPS = 5  # forked after 1..5 steps: Adam's first step is sign(g + λw), which hides coupling
DECAY = 0.1
RATE = 0.01
LONGEST = 2.0  # seconds of computing that one experiment may take
WAITING = 20.0  # seconds that it may take by the clock on the wall: other processes and accelerators are waited for
EXACT = {torch.float64: 1e-4, torch.float32: 1e-3}  # relative residual taken for zero
CARRIED = 1e-2  # relative trace in the state: 0 when decoupled, 0.15 and more when coupled
_WANTS_GRAPH = re.compile(r"grad_fn|create_graph|does not require grad")  # it asks for second derivatives
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


def probe(optimizer: Any, group: dict[str, Any] | None = None, shape: tuple[int, ...] = (6, 8)) -> Probe:
    """Find by experiment how `optimizer` decays the parameters of `group` (default: its first group).

    Args:
        optimizer: a live optimizer; a wrapper is opened, and the first optimizer inside is tried.
        group: one of its `param_groups`; its hyper-parameters are used, its parameters are not.
        shape: of the toy parameter; some optimizers treat vectors and matrices differently.
    """
    optimizer = leaves(optimizer)[0]
    group = group if group is not None else optimizer.param_groups[0]
    key = decay_key(optimizer, group)
    if key is None:
        return Probe(Manner.NONE)
    device = _device(group)
    failure, wants_graph = "", False
    with _aside(optimizer):
        clock = _Clock(time.thread_time() + LONGEST, time.monotonic() + WAITING)
        try:
            settings = settings_of(group, device)
            for curved, make, dtype in product((False, True), makers(optimizer), (torch.float64, torch.float32)):
                if curved and not wants_graph:
                    break
                try:
                    return _doubted(_experiment(make, settings, key, shape, dtype, device, clock, curved), optimizer)
                except Exception as error:
                    clock.check()
                    words = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
                    failure = failure or words
                    wants_graph = wants_graph or _WANTS_GRAPH.search(words) is not None
        except TooSlow:
            failure = f"its steps are slow: cut off after {LONGEST:g} s"
        except Refused as refusal:
            failure = str(refusal)
    return Probe(Manner.FAILED, why=failure)


def decay_key(optimizer: Any, group: Mapping[str, Any]) -> str | None:
    """The key of the decay: one of the optimizer's own defaults, else one that groups carry and its source reads."""
    defaults = defaults_of(optimizer)
    own = next((key for key in DECAY_KEYS if key in defaults and key in group), None)
    return own or next((key for key in DECAY_KEYS if key in group and reads(optimizer, key)), None)


def reads(optimizer: Any, key: str) -> bool:
    """Whether the optimizer's own source names a group key, and so may read it; True where there is no source."""
    classes = [c for c in type(optimizer).__mro__ if c not in (Optimizer, object)]
    texts = [source_of(c) for c in classes]
    return not all(texts) or any(re.search(rf"""["']{re.escape(key)}["']""", text) for text in texts)


def _doubted(found: Probe, optimizer: Any) -> Probe:
    """Where a step moves the parameter before it asks a closure for the gradient, coupling can't be told."""
    closure = inspect.signature(type(optimizer).step).parameters.get("closure")
    if found.manner is Manner.COUPLED and closure is not None and closure.default is closure.empty:
        return Probe(Manner.OTHER, found.residual, found.carry, found.rate_exponent, why="it steps with a closure only")
    return found


def _device(group: Mapping[str, Any]) -> torch.device:
    device = next((p.device for p in group["params"]), torch.device("cpu"))
    return torch.device("cpu") if device.type == "meta" else device


@contextmanager
def _aside(optimizer: Any) -> Iterator[None]:
    """Room for an experiment: nothing is heard of it, no hooks of the program's, no compilation, gradients on.

    One thread is enough for toys, and on a busy machine many would wait for each other.
    """
    from torch.optim import optimizer as hooks

    tables = (hooks._global_optimizer_pre_hooks, hooks._global_optimizer_post_hooks)
    kept = [dict(table) for table in tables]
    with ExitStack() as stack:
        stack.enter_context(apart([type(optimizer)]))
        if "torch._dynamo" in sys.modules:
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        stack.enter_context(torch.enable_grad())
        for table in tables:
            table.clear()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            for table, held in zip(tables, kept, strict=True):
                table.update(held)


class TooSlow(Exception):
    """The experiment takes longer than it may."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """When an experiment is cut off."""

    computing: float  # of `time.thread_time`, in seconds
    waiting: float  # of `time.monotonic`

    def check(self) -> None:
        if time.thread_time() > self.computing or time.monotonic() > self.waiting:
            raise TooSlow


@dataclass(frozen=True, slots=True)
class _Bench:
    """One experimental set-up: everything but the decay and the number of steps."""

    make: Make
    settings: dict[str, Any]
    key: str
    start: Tensor
    gradients: Tensor  # (steps, *shape)
    clock: _Clock
    curved: bool  # gradients come with a graph, of a loss whose second derivative is one

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
        advance = step_of(optimizer)
        for step, decay in enumerate(decays):
            self.clock.check()
            _seed(parameter.device, step)
            group[self.key] = _like(self.settings[self.key], decay)
            if reset and step == len(decays) - 1:
                with torch.no_grad():
                    parameter.copy_(self.start)
            gradient = self.gradients[step] * scale
            _step(advance, parameter, gradient, self.curved)
            seen.append(parameter.detach().clone())
        return seen


def _like(example: Any, value: float) -> Any:
    return torch.as_tensor(value, dtype=example.dtype, device=example.device) if isinstance(example, Tensor) else value


def _seed(device: torch.device, seed: int) -> None:
    """Start random numbers anew where the toy is. `torch.manual_seed` would reach all accelerators, also later ones."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.default_generators[index].manual_seed(seed)


def _step(step: Callable[..., Any], parameter: nn.Parameter, gradient: Tensor, curved: bool) -> None:
    """Step with `gradient`, and with a closure where one is demanded."""

    def closure() -> Any:
        parameter.grad = gradient.clone()
        if curved:
            loss = (gradient * parameter).sum() + 0.5 * (parameter - parameter.detach()).square().sum()
            (parameter.grad,) = torch.autograd.grad(loss, parameter, create_graph=True)
        return torch.zeros((), dtype=parameter.dtype, device=parameter.device)

    closure()
    try:
        step()
    except Exception as error:  # some libraries have an error of their own for it
        if "closure" not in str(error):
            raise
        step(closure)


def _experiment(
    make: Make, settings: dict[str, Any], key: str, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device,
    clock: _Clock, curved: bool,
) -> Probe:  # fmt: skip
    generator = torch.Generator().manual_seed(20191119)
    sign = torch.randint(0, 2, shape, generator=generator, dtype=dtype) * 2 - 1
    start = sign * (0.5 + torch.rand(shape, generator=generator, dtype=dtype))
    spread = 10.0 ** (torch.rand(shape, generator=generator, dtype=dtype) * 2.5 - 2.0)
    gradients = spread * torch.randn((STEPS + 2, *shape), generator=generator, dtype=dtype)
    settings = {**settings}
    if "lr" in settings:
        settings["lr"] = _like(settings["lr"], RATE)
    bench = _Bench(make, settings, key, start.to(device), gradients.to(device), clock, curved)
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
        steps, residual, after, span, _is_mask(displacement, before), factor, _carry(bench, steps, decay), displacement
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


def _aimed_at_the_parameter(bench: _Bench, fork: _Fork, decay: float) -> bool:
    """Whether another parameter under the same gradients is displaced otherwise: some scale the gradient by the key."""
    other = replace(bench, start=-2 * bench.start)
    moved = other.run([decay] * (fork.steps + 1))[-1] - other.run([decay] * fork.steps + [0.0])[-1]
    return float((moved - fork.displacement).norm()) > CARRIED * float(fork.displacement.norm())


def _judged(bench: _Bench, forks: list[_Fork], exact: float, decay: float) -> Probe:
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


def _rate_exponent(bench: _Bench, decay: float, steps: int, proportional: bool) -> float | None:
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
