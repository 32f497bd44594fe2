"""A bench on which a copy of an optimizer steps a toy parameter: with any decay, at any rate, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from wdlint.model.untouched.twins import Make, step_of


class TooSlow(Exception):
    """The experiment takes longer than it may."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When an experiment is cut off."""

    computing: float  # of `time.thread_time`, in seconds
    waiting: float  # of `time.monotonic`

    def check(self) -> None:
        if time.thread_time() > self.computing or time.monotonic() > self.waiting:
            raise TooSlow


@dataclass(frozen=True, slots=True)
class Bench:
    """One experimental set-up: everything but the decay and the number of steps."""

    make: Make
    settings: dict[str, Any]
    key: str
    start: Tensor
    gradients: Tensor  # (steps, *shape)
    clock: Clock
    curved: bool  # gradients come with a graph, of a loss whose second derivative is one

    def run(
        self, decays: list[float], scale: float = 1.0, rate: float | None = None, reset: bool = False
    ) -> list[Tensor]:
        """Step once for each decay; the parameter after each step. `reset`: put it back before the last."""
        settings = dict(self.settings)
        if rate is not None:
            settings["lr"] = like(settings["lr"], rate)
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
            group[self.key] = like(self.settings[self.key], decay)
            if reset and step == len(decays) - 1:
                with torch.no_grad():
                    parameter.copy_(self.start)
            gradient = self.gradients[step] * scale
            _step(advance, parameter, gradient, self.curved)
            seen.append(parameter.detach().clone())
        return seen


def like(example: Any, value: float) -> Any:
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
