"""What a run says when it can't go on, or could not do a part of its work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130  # what shells make of a program ended by Ctrl-C


class Complaint(Exception):
    """What ends a run, in words for the user; shown without a traceback, exit code 2."""


def complain(message: str) -> None:
    """Say what is wrong on standard error."""
    from wdlint.harmless import harmless

    print(f"wdlint: error: {harmless(message)}", file=sys.stderr)


_warns = True


@contextmanager
def warnings_said(said: bool) -> Iterator[None]:
    """Say warnings meanwhile, or don't."""
    global _warns
    before, _warns = _warns, said
    try:
        yield
    finally:
        _warns = before


def warn(message: str) -> None:
    """Say what the user may want to know on standard error."""
    if not _warns:
        return
    from wdlint.harmless import harmless

    print(f"wdlint: warning: {harmless(message)}", file=sys.stderr)
