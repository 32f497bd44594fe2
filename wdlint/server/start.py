"""The start and end of `wdlint server`."""

from __future__ import annotations

import os
import sys

from wdlint.complaint import Complaint

FAILED = 1  # the editor went away without a word


def serve() -> int:
    """Serve one editor over standard input and output until it says goodbye; returns the exit code.

    Raises:
        Complaint: pygls is not installed.
    """
    try:
        import pygls.lsp.server  # noqa: F401 - asked for before anything else
    except ImportError as error:
        raise Complaint(
            f"the server needs pygls 2, which is not installed ({error}): pip install 'wdlint[server]'"
        ) from None
    from wdlint.server.protocol import Protocol
    from wdlint.work import collecting_rarely

    # The protocol keeps standard output to itself: what anything else prints goes to standard error.
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    protocol = Protocol()
    with collecting_rarely():
        protocol.server.start_io(sys.stdin.buffer, output)
    return 0 if protocol.shut_down else FAILED
