"""No input explodes: for twice as long a program, a linter does about twice the work.

Work is counted in calls of Python's functions, which is the same on every machine. What is as large as its square or
more would be four times as much and worse; the small share of it that `MOST` lets pass does not hurt at any length
that people write.
"""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from helpers.programs.growing import GROWING, Growing, holding_twice, models

from wdlint.fix.proof import offers
from wdlint.linting.lint import Linter, Pending
from wdlint.settings.config import Configuration
from wdlint.source.engine import Project, observe
from wdlint.source.models import inventory, survey

MOST = 3.0


class Work:
    """Counts the calls of functions while it is entered."""

    def __init__(self) -> None:
        self.calls = 0

    def __enter__(self) -> Work:
        sys.setprofile(self._seen)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _seen(self, frame: FrameType, event: str, argument: object) -> None:
        self.calls += event == "call"


def reading(growing: Growing, number: int) -> int:
    """The work of reading one program of a kind."""
    data = growing.program(number).encode()
    with Work() as work:
        observe(growing.file, data, Project([]))
    return work.calls


def linting(growing: Growing, number: int) -> int:
    """The work of linting it: also of judging, and of planning and proving fixes."""
    linter = Linter(Configuration(isolated=True))
    pending = Pending(growing.file, growing.program(number).encode())
    with Work() as work:
        checked = linter.judge(pending)
    assert not checked.error
    return work.calls


@pytest.fixture(scope="module", autouse=True)
def _ready() -> None:
    """What is imported and worked out once is no work of a program."""
    for growing in GROWING:
        reading(growing, 2)
    linting(GROWING[0], 2)
    linting(GROWING[2], 2)


@pytest.mark.parametrize("growing", GROWING, ids=lambda growing: growing.name)
def test_reading_twice_as_much_is_twice_the_work(growing: Growing) -> None:
    once, twice = reading(growing, growing.number), reading(growing, 2 * growing.number)
    assert twice <= MOST * once, f"{once} calls, and {twice} for twice as much"


FEW_SITES = [growing for growing in GROWING if not growing.sites]


@pytest.mark.parametrize("growing", FEW_SITES, ids=lambda growing: growing.name)
def test_linting_twice_as_much_is_twice_the_work(growing: Growing) -> None:
    once, twice = linting(growing, growing.number), linting(growing, 2 * growing.number)
    assert twice <= MOST * once, f"{once} calls, and {twice} for twice as much"


def test_a_model_that_doubles_with_every_class_is_read_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (survey, inventory):
        monkeypatch.setattr(module, "MOST", 60)
    growing = Growing(holding_twice, 7)
    assert linting(growing, 14) <= MOST * linting(growing, 7)


def test_of_very_many_fixes_only_so_many_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying one is a reading of the whole file: where each of many optimizers has one, that would be a square."""
    monkeypatch.setattr(offers, "TRIED", 4)
    monkeypatch.setattr(offers, "READ", 0)
    checked = Linter(Configuration(isolated=True)).judge(Pending("train.py", models(6).encode()))
    fixed = [finding for finding in checked.findings if finding.fix is not None]
    left = [finding for finding in checked.findings if finding.fix is None]
    assert len({finding.place for finding in fixed}) == 4
    assert len({finding.place for finding in left}) == 2
    assert all("not every fix was tried" in finding.unfixed for finding in left)
