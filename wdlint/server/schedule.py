"""When documents are linted: at once when they are opened or saved, after a pause when they are typed in.

A document that waits and changes again waits anew; it is linted once, as it stands then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

PAUSE = 0.2  # seconds without typing


class Schedule:
    """The documents that are to be linted, and the task that has it done, one at a time, the longest due first."""

    def __init__(self, lint: Callable[[str], Awaitable[None]]) -> None:
        self._lint = lint
        self._due: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def soon(self, uri: str, pause: float = 0.0) -> None:
        """Have a document linted, after a pause if one is given; the last word counts."""
        self._due.pop(uri, None)  # to the end: of two that are due at once the first named comes first
        self._due[uri] = asyncio.get_running_loop().time() + pause
        self._changed.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    def waits(self, uri: str) -> bool:
        return uri in self._due

    def forget(self, uri: str) -> None:
        self._due.pop(uri, None)

    async def _serve(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            self._changed.clear()
            uri = min(self._due, key=self._due.__getitem__, default=None)
            wait = None if uri is None else self._due[uri] - clock()
            if uri is None or (wait is not None and wait > 0):
                with suppress(asyncio.TimeoutError):  # Python 3.10 has two of that name
                    await asyncio.wait_for(self._changed.wait(), wait)
                continue
            del self._due[uri]
            try:
                await self._lint(uri)
            except Exception:  # one document's trouble must not stop the others
                logging.getLogger(__name__).exception("%s could not be linted", uri)
