"""The start and end of `wdlint server`."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import NoReturn

from wdlint.complaint import Complaint

# How many new objects make Python look for garbage. By its defaults a parse spends half of its time on that, as a
# syntax tree is a million objects; more rarely than this, and what was parsed before stays for long.
_COLLECTIONS = (50_000, 5, 2)
FAILED = 1  # the editor went away without a word


def serve() -> NoReturn:
    """Serve one editor over standard input and output until it says goodbye, and end the process.

    Raises:
        Complaint: pygls is not installed.
    """
    try:
        import pygls.lsp.server  # noqa: F401 - asked for before anything else
    except ImportError as error:
        raise Complaint(f"the server needs pygls 2, which is not installed ({error}): pip install 'pygls>=2'") from None
    from wdlint.server.protocol import Protocol

    # The protocol keeps standard output to itself: what anything else prints goes to standard error.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    protocol = Protocol()
    gc.set_threshold(*_COLLECTIONS)
    protocol.server.start_io(sys.stdin.buffer, output)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed by the other side
            stream.flush()
    # A job that is still being done would meet an interpreter that is half gone, and abort inside of the parser.
    os._exit(0 if protocol.shut_down else FAILED)
