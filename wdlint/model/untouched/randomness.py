"""Random numbers: their state is kept where code of the user's may draw some, or seed them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def preserved_numbers() -> Iterator[None]:
    """Leave the random state of torch, Python and numpy as it was.

    Accelerators that are not started yet are seeded when they start, by what was asked for until then: that list is
    left as it was, too.
    """
    numbers, of_torch = random.getstate(), torch.get_rng_state()
    numpy = sys.modules["numpy"].random if "numpy" in sys.modules else None
    others = numpy.get_state() if numpy is not None else None
    started = torch.cuda.is_available() and torch.cuda.is_initialized()
    on_cards = torch.cuda.get_rng_state_all() if started else []
    waiting = list(torch.cuda._queued_calls)
    seeds = dict(vars(torch.cuda._lazy_seed_tracker))
    try:
        yield
    finally:
        random.setstate(numbers)
        torch.set_rng_state(of_torch)
        if numpy is not None:
            numpy.set_state(others)
        if started:
            torch.cuda.set_rng_state_all(on_cards)
        else:
            torch.cuda._queued_calls[:] = waiting
            vars(torch.cuda._lazy_seed_tracker).update(seeds)
