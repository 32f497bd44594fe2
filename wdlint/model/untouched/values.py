"""Values that change as they are used and hide what they hold: each has a way of its own to a second one."""

from __future__ import annotations

import copy
import itertools
import random
import threading
import warnings
from typing import Any

import torch

_COUNTED = (random.Random, itertools.count, itertools.cycle, itertools.repeat)
_LOCKS = {type(threading.Lock()): threading.Lock, type(threading.RLock()): threading.RLock}
_LARGEST = 10_000_000  # bytes of an array that is copied


def fresh(value: Any) -> Any | None:
    """A second generator of numbers, counter, array or lock that goes its own way; None for anything else."""
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if type(value) in _LOCKS:
        return _LOCKS[type(value)]()
    of_numpy = type(value).__module__.partition(".")[0] == "numpy" and getattr(value, "nbytes", 0) <= _LARGEST
    if not isinstance(value, _COUNTED) and not of_numpy:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # copies of iterators are on their way out of Python
        return copy.deepcopy(value)
