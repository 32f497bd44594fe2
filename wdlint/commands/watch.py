"""`--watch`: look again whenever a file changes, until the user ends it.

Files are asked for their times and sizes, as no library that listens to the system is worth an installation for it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable

_BETWEEN = 0.5  # seconds between two looks at the files' times

State = dict[str, tuple[int, int]]
"""Time of change (ns) and size (bytes) by path."""


def watch(
    run: Callable[[], object], files: Callable[[], Iterable[str]], wait: Callable[[float], None] = time.sleep
) -> None:
    """Run now, and after each change of one of the files, or of which files there are; never returns by itself."""
    while True:
        before = state(files())
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[2J\x1b[H")  # a clear screen
        run()
        sys.stdout.flush()
        print("wdlint: watching; Ctrl-C ends it", file=sys.stderr)
        while state(files()) == before:
            wait(_BETWEEN)


def state(files: Iterable[str]) -> State:
    """What tells whether files were changed; those that have gone are left out."""
    found = {}
    for path in files:
        try:
            status = os.stat(path)
        except OSError:
            continue
        found[path] = (status.st_mtime_ns, status.st_size)
    return found
