"""Work spread over processes that may die or stand still: each task gets an answer, if only that there is none.

`multiprocessing.Pool` waits for ever for a task whose worker was killed for its memory.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Task = TypeVar("Task")
_CONTEXT = multiprocessing.get_context("forkserver")
_TASKS = 40  # of one process: models leave memory behind


def answers(
    work: Callable[[Task], Any], tasks: Sequence[Task], workers: int = 1, limit: float = 300.0
) -> Iterator[tuple[Task, Any, str]]:
    """Each task with what `work` makes of it, as it comes, or with the reason why nothing came.

    Args:
        work: a function of a module that can be imported.
        tasks: values that can be pickled.
        workers: processes at one time.
        limit: seconds of one task by the clock on the wall.
    """
    waiting = list(reversed(tasks))
    busy: list[_Worker] = []
    idle: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                worker = idle.pop() if idle else _started(work)
                worker.begin(waiting.pop(), limit)
                busy.append(worker)
            first = min(worker.end for worker in busy)
            ready = wait([worker.pipe for worker in busy], max(0.0, first - time.monotonic()))
            for worker in [w for w in busy if w.pipe in ready or time.monotonic() > w.end]:
                busy.remove(worker)
                answer, trouble = worker.answer() if worker.pipe in ready else (None, f"more than {limit:g} s")
                yield worker.task, answer, trouble
                if trouble or worker.done == _TASKS:
                    worker.stop()
                else:
                    idle.append(worker)
    finally:
        for worker in (*busy, *idle):
            worker.stop()


@dataclass
class _Worker:
    """A process, the way to it, and the task at hand."""

    process: Any
    pipe: Connection
    task: Any = None
    end: float = 0.0
    done: int = 0

    def begin(self, task: Any, limit: float) -> None:
        self.task, self.end, self.done = task, time.monotonic() + limit, self.done + 1
        self.pipe.send(task)

    def answer(self) -> tuple[Any, str]:
        try:
            return self.pipe.recv(), ""
        except EOFError:
            self.process.join(5)
            return None, f"its process ended with {self.process.exitcode}"

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _started(work: Callable[[Any], Any]) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(work: Callable[[Any], Any], pipe: Connection) -> None:
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            pipe.send(work(pipe.recv()))
