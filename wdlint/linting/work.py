"""Many files: screened in one process, judged in several where that is worth its price.

The order of results is that of the files, whatever the number of workers. A worker that dies takes
no file with it: what it had is judged again, one file a process, so that only the file that kills
is given up, with an error.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wdlint.linting.cache import Cache
from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter, Pending
from wdlint.settings.catalogue import Settings

if TYPE_CHECKING:
    from wdlint.source.read.location import Locator

# What one process judges in about the time that it takes to start another and its parser.
_WORTH_A_WORKER = 400_000  # bytes that passed the screen
_HELD = 8_000_000  # bytes kept from the screen to the judgement; more are read again
_CHUNK = 8  # files of one task: neighbours share the modules that they import
# Objects made between two looks for garbage. By default it is 700, and looking then takes half of the time
# that a parse takes: a syntax tree is a million objects of which none is garbage. About 100 MB at most.
_BETWEEN_COLLECTIONS = 500_000


@dataclass(frozen=True)
class Plan:
    """How files are to be linted; it crosses to workers."""

    settings_of: Callable[[str], Settings]
    heed_comments: bool = True
    cache_folder: str | None = None
    given: dict[str, bytes] = field(default_factory=dict)

    def linter(self) -> Linter:
        cache = Cache(self.cache_folder, _locator) if self.cache_folder else None
        return Linter(self.settings_of, self.given, self.heed_comments, cache)


def _locator(settings: Settings) -> Callable[[str, str, int], str | None]:
    from wdlint.source.read.location import Locator

    if settings not in _LOCATORS:
        _LOCATORS[settings] = Locator([os.path.join(settings.root, root) for root in settings.roots])
    return _LOCATORS[settings].locate


_LOCATORS: dict[Settings, Locator] = {}


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Look for garbage far less often than Python does by default."""
    before = gc.get_threshold()
    gc.set_threshold(_BETWEEN_COLLECTIONS, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def check_files(files: Sequence[str], plan: Plan, workers: int = 0) -> list[Checked]:
    """Lint files, in their order.

    `workers` is the number of processes; 0 takes as many as there are processors, where there is
    enough to do.

    Raises:
        Complaint: the settings can't be used.
    """
    with collecting_rarely():
        return _checked(files, plan, workers)


def _checked(files: Sequence[str], plan: Plan, workers: int) -> list[Checked]:
    linter = plan.linter()
    progress = Progress(len(files))
    done: dict[int, Checked] = {}
    pending: dict[int, Pending] = {}
    held = total = 0
    for index, file in enumerate(files):
        looked = linter.look(file)
        if isinstance(looked, Checked):
            done[index] = looked
            progress.step()
            continue
        total += len(looked.data)
        held += len(looked.data)
        pending[index] = looked if held <= _HELD else Pending(file, b"")
    enough = min(len(pending), total // _WORTH_A_WORKER + 1)
    number = min(workers or os.cpu_count() or 1, enough if not workers else len(pending))
    if number > 1 and not plan.given:
        indices = sorted(pending)
        tasks = [indices[start : start + _CHUNK] for start in range(0, len(indices), _CHUNK)]
        for index, checked in _in_processes(tasks, files, plan, number):
            done[index] = checked
            progress.step()
    else:
        for index in sorted(pending):
            done[index] = _judged(linter, pending[index])
            progress.step()
    progress.end()
    if pending and plan.cache_folder:
        Cache(plan.cache_folder, _locator).sweep()
    every = [done[index] for index in range(len(files))]
    if not any(one.findings for one in every) or not any(one.rests_on for one in every):
        return every
    from wdlint.linting.importers import withheld

    cache = Cache(plan.cache_folder, _locator) if plan.cache_folder else None
    return withheld(every, plan.settings_of, plan.given, plan.heed_comments, cache, linter.known)


def _judged(linter: Linter, pending: Pending) -> Checked:
    return linter.judge(pending) if pending.data else linter.check(pending.path)


# In workers.

_worker: Linter | None = None


def _start(plan: Plan) -> None:
    import signal
    import threading

    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to us, too: our parent ends us
    gc.set_threshold(_BETWEEN_COLLECTIONS, 10, 10)
    _worker = plan.linter()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it does: killed, it can't say so, and we would wait for ever."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check_chunk(files: Sequence[str]) -> list[Checked]:
    assert _worker is not None
    return [_worker.check(file) for file in files]


def _in_processes(
    tasks: list[list[int]], files: Sequence[str], plan: Plan, number: int
) -> Iterator[tuple[int, Checked]]:
    """Judge tasks (indices of files) in worker processes, in the order in which they end."""
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    lost: list[int] = []
    pool = ProcessPoolExecutor(min(number, len(tasks)), initializer=_start, initargs=(plan,))
    try:
        running = {pool.submit(_check_chunk, [files[index] for index in task]): task for task in tasks}
        for future in as_completed(running):
            try:
                yield from zip(running[future], future.result(), strict=True)
            except BrokenProcessPool:
                lost += running[future]
    except BaseException:
        _end_children()
        pool.shutdown(cancel_futures=True)  # waited for: left half closed, the pool complains as Python ends
        raise
    pool.shutdown()
    for index in sorted(lost):
        with ProcessPoolExecutor(1, initializer=_start, initargs=(plan,)) as pool:
            try:
                yield index, pool.submit(_check_chunk, [files[index]]).result()[0]
            except BrokenProcessPool:
                yield index, Checked(files[index], error="the process that read it was killed (out of memory?)")


def _end_children() -> None:
    """End the workers where they are: waiting for what they are at would take long after an interruption."""
    from multiprocessing import active_children

    for child in active_children():
        child.terminate()


class Progress:
    """A line on the terminal that says how far a long run is; nothing anywhere else."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = False
        self._next = time.monotonic() + 1.0 if sys.stderr.isatty() else float("inf")

    def step(self) -> None:
        self._done += 1
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 0.1
            self._shown = True
            sys.stderr.write(f"\r{self._done} of {self._total} files")
            sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
