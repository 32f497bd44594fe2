"""`python -m wdlint` and the `wdlint` script."""

from __future__ import annotations

import gc
import os
import sys


def _leave_folder() -> None:
    """Import nothing from the working folder: `python -m` puts it first, and the code in it is to be read, not run."""
    here = os.getcwd()
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if sys.path and os.path.abspath(sys.path[0]) == here != ours:
        del sys.path[0]


def main() -> None:
    """Run the command line; output that can't be written ends it in words."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before we were started
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
    try:
        from wdlint.commands.cli import wdlint

        try:
            wdlint(prog_name="wdlint")
        finally:
            gc.freeze()  # the syntax trees go with the process: looking through them at exit took a quarter of a run
            sys.stdout.flush()
    except KeyboardInterrupt:  # before a command ran, or as it ended
        sys.exit(130)
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - what is left in the buffer has nowhere to go
        if not isinstance(error, BrokenPipeError):
            print(f"wdlint: error: can't write the output: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    _leave_folder()
    main()
