"""Children that a watched program starts: those that run Python are watched too.

Launchers (torchrun, `accelerate launch`, DeepSpeed's) train in processes of their own, which they start with a
command; workers of `multiprocessing` are spawned by another. Forked ones inherit the watch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
_TOOLS = ("pip", "torch._inductor", "ensurepip", "venv")  # modules that train nothing
_PATIENCE = 120.0  # seconds that other ranks wait for the first one's report


def watched_command(command: Sequence[str]) -> list[str]:
    """A command with the watch before the script or module that it runs; as it is where it runs no Python."""
    words = [os.fspath(word) for word in command]
    name = os.path.basename(words[0]) if words else ""
    if not words or (words[0] != sys.executable and not name.startswith("python")):
        return words
    at = 1
    while at < len(words) and words[at].startswith("-"):
        option = words[at]
        if option == "-m" and at + 1 < len(words) and not words[at + 1].startswith(("wdlint.", *_TOOLS)):
            return [*words[:at], "-m", "wdlint.model.running.watch", "--module", *words[at + 1 :]]
        if option in ("-c", "-m", "-"):
            return words
        at += 2 if option in _WITH_VALUE else 1
    if at < len(words) and os.path.isfile(words[at]):
        return [*words[:at], "-m", "wdlint.model.running.watch", *words[at:]]
    return words


def follow() -> None:
    """Watch the Python programs that this process starts from now on."""
    construct = subprocess.Popen.__init__

    def constructed(self: Any, args: Any, *rest: Any, **options: Any) -> None:
        listed = isinstance(args, (list, tuple)) and not options.get("shell")
        construct(self, watched_command(args) if listed else args, *rest, **options)

    subprocess.Popen.__init__ = constructed  # type: ignore[method-assign]
    _follow_spawned()


def _follow_spawned() -> None:
    from multiprocessing import spawn

    command: Callable[..., list[Any]] = spawn.get_command_line

    def watched(**options: Any) -> list[Any]:
        start = "from multiprocessing.spawn import spawn_main"
        ours = f"from wdlint.model.running import watch; watch.begin(); {start}"
        return [w.replace(start, ours) if isinstance(w, str) else w for w in command(**options)]

    spawn.get_command_line = watched


def rank() -> int:
    """The number of this process among those that train together; 0 where it trains alone."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank())
    text = os.environ.get("RANK", "0")
    return int(text) if text.isdigit() else 0


def wait_for(result: Path) -> None:
    """Stay until the first rank has reported: its experiments may need this process for what they exchange."""
    end = time.monotonic() + _PATIENCE
    while not result.exists() and time.monotonic() < end:
        time.sleep(0.05)
