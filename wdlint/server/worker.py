"""One thread that does the linter's work, so that the server answers while a long file is read.

Jobs are done one after the other: the engine's tables are the process's. A job that nobody waits for any more is
skipped if it has not begun.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_STACK = 64 * 2**20  # bytes; what a platform gives to threads may be too little for deeply nested code


class JobFailed(Exception):
    """A job raised an error; the message says which."""


class Worker:
    """A thread and the jobs that wait for it. It ends with the process, in the midst of a job if need be."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = SimpleQueue()
        before = threading.stack_size(_STACK)
        threading.Thread(target=self._serve, name="wdlint", daemon=True).start()
        threading.stack_size(before)

    async def do(self, job: Callable[[], T]) -> T:
        """Have a job done, and wait for what comes of it.

        Raises:
            JobFailed: it raised an error.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, future))
        return await future

    def _serve(self) -> None:
        while True:
            job, future = self._jobs.get()
            if future.cancelled():
                continue
            try:
                outcome = job()
            except BaseException as error:  # a user's rule may even call `sys.exit`; the thread goes on
                _tell(future, future.set_exception, JobFailed(f"{type(error).__name__}: {error}"))
            else:
                _tell(future, future.set_result, outcome)
            del job, future  # a thread that waits holds no document


def _tell(future: asyncio.Future[Any], put: Callable[[Any], None], outcome: object) -> None:
    def tell() -> None:
        if not future.done():
            put(outcome)

    try:
        future.get_loop().call_soon_threadsafe(tell)
    except RuntimeError:  # the server ended meanwhile
        return
