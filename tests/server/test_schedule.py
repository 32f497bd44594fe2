"""When work is done: once for what was typed in a row, the rest in order, and never in the server's own thread."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from wdlint.server.schedule import Schedule
from wdlint.server.worker import JobFailed, Worker


def test_a_document_that_changes_again_waits_anew_and_is_linted_once() -> None:
    done: list[str] = []

    async def lint(uri: str) -> None:
        done.append(uri)
        if uri == "opened":
            raise ZeroDivisionError("said, and the others go on")

    async def story() -> None:
        schedule = Schedule(lint)
        for _ in range(5):
            schedule.soon("typed", 0.05)
            schedule.soon("dependent", 0.05)
            await asyncio.sleep(0.01)
        schedule.soon("gone", 0.05)
        schedule.forget("gone")
        schedule.soon("opened")
        await asyncio.sleep(0.3)

    asyncio.run(story())
    assert done == ["opened", "typed", "dependent"]


def test_the_server_answers_while_a_job_is_done() -> None:
    worker = Worker()

    async def story() -> list[str]:
        events: list[str] = []

        async def job() -> None:
            await worker.do(lambda: time.sleep(0.2))
            events.append("job")

        task = asyncio.ensure_future(job())
        await asyncio.sleep(0.01)
        events.append("answer")
        await task
        return events

    assert asyncio.run(story()) == ["answer", "job"]


def test_a_job_that_nobody_waits_for_is_not_begun_and_one_that_fails_ends_nothing() -> None:
    worker = Worker()
    begun: list[str] = []

    def fails() -> None:
        raise SystemExit

    async def story() -> None:
        first = asyncio.ensure_future(worker.do(lambda: time.sleep(0.1)))
        second = asyncio.ensure_future(worker.do(lambda: begun.append("second")))
        await asyncio.sleep(0.01)
        second.cancel()
        await first
        with pytest.raises(JobFailed, match="SystemExit"):
            await worker.do(fails)
        assert await worker.do(threading.current_thread) is not threading.current_thread()

    asyncio.run(story())
    assert begun == []
