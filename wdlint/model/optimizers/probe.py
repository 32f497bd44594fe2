"""How an optimizer applies its decay, found by experiment: no table of classes is asked.

This is the door: which key is the decay's, which copies can be made, and what is left as it was. The user's optimizer,
parameters, gradients, state and random numbers are not touched. The experiment itself is in `experiment`.
"""

from __future__ import annotations

import inspect
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import product
from typing import Any

import torch
from torch.optim import Optimizer

from wdlint.model.holding.wrappers import defaults_of, leaves
from wdlint.model.kinds.class_source import source_of
from wdlint.model.optimizers.bench import Clock, TooSlow
from wdlint.model.optimizers.experiment import experiment
from wdlint.model.optimizers.manner import Manner, Probe
from wdlint.model.untouched.apart import apart
from wdlint.model.untouched.twins import Refused, makers, settings_of

LONGEST = 2.0  # seconds of computing that one experiment may take
WAITING = 20.0  # seconds that it may take by the clock on the wall: other processes and accelerators are waited for
_WANTS_GRAPH = re.compile(r"grad_fn|create_graph|does not require grad")  # it asks for second derivatives
DECAY_KEYS = ("weight_decay", "weight_decay_rate", "wd")


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
        clock = Clock(time.thread_time() + LONGEST, time.monotonic() + WAITING)
        try:
            settings = settings_of(group, device)
            for curved, make, dtype in product((False, True), makers(optimizer), (torch.float64, torch.float32)):
                if curved and not wants_graph:
                    break
                try:
                    return _doubted(experiment(make, settings, key, shape, dtype, device, clock, curved), optimizer)
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
