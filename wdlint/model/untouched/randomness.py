"""Random numbers that are not torch's: their state is kept where code of the user's may draw some."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def preserved_numbers() -> Iterator[None]:
    """Leave the random state of Python and of numpy as it was."""
    numbers = random.getstate()
    numpy = sys.modules["numpy"].random if "numpy" in sys.modules else None
    others = numpy.get_state() if numpy is not None else None
    try:
        yield
    finally:
        random.setstate(numbers)
        if numpy is not None:
            numpy.set_state(others)
