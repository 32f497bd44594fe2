"""Room for code of the user's that works on stand-ins: it is not heard, and all around it is put back."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout

import torch

from wdlint.model.untouched.randomness import preserved_numbers
from wdlint.model.untouched.surroundings import preserved_surroundings


@contextmanager
def apart(classes: Iterable[type]) -> Iterator[None]:
    """No prints, warnings and logs; random numbers, names beside `classes` and torch's defaults as before."""
    parts = (
        warnings.catch_warnings(), preserved_numbers(), preserved_surroundings(classes), _unlogged(), _same_defaults(),
        redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()),
    )  # fmt: skip
    with ExitStack() as stack:
        for part in parts:
            stack.enter_context(part)
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _unlogged() -> Iterator[None]:
    """Nothing is logged. Logging sets itself up at a first message, to a screen that is redirected then."""
    threshold, handlers = logging.root.manager.disable, list(logging.root.handlers)
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(threshold)
        logging.root.handlers[:] = handlers


@contextmanager
def _same_defaults() -> Iterator[None]:
    kind, gradients = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        yield
    finally:
        torch.set_default_dtype(kind)
        torch.set_grad_enabled(gradients)
