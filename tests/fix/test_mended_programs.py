"""Fixes harm nothing, over generated programs that are run before and after: nothing crashes, is lost or decays else.

Every number of `FIRST` is one program; `benchmarks/generated_programs.py` tries as many more as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

pytest.importorskip("torch")

from helpers.programs.grammar import program
from helpers.programs.mended import Mended, Verdict
from helpers.programs.workshop import worked, workshop

FIRST = 500
AT_ONCE = 50
RIGHT = 0.5  # the share of faulty programs that are right after all fixes


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with workshop() as made:
        yield made


@pytest.fixture(scope="module")
def all_worked(pool: ProcessPoolExecutor) -> dict[int, tuple[Mended | None, Verdict]]:
    return dict(enumerate(worked(pool, range(FIRST))))


def test_a_number_is_one_program() -> None:
    assert program(7) == program(7)
    assert len({program(number).text for number in range(FIRST)}) > FIRST * 0.95


@pytest.mark.parametrize("start", range(0, FIRST, AT_ONCE))
def test_no_fix_harms(start: int, all_worked: dict[int, tuple[Mended | None, Verdict]]) -> None:
    for number in range(start, start + AT_ONCE):
        one, verdict = all_worked[number]
        assert verdict.harms == [], f"program {number} {one.program.choices if one else ''}"
        if one is not None and verdict.ran and not verdict.faulty:
            assert one.found == [], f"program {number} is right: {one.program.choices}"


def test_most_programs_run_and_fixes_are_many(all_worked: dict[int, tuple[Mended | None, Verdict]]) -> None:
    ran = [verdict for _, verdict in all_worked.values() if verdict.ran]
    assert len(ran) > FIRST * 0.9
    faulty = [verdict for verdict in ran if verdict.faulty]
    assert len(faulty) > FIRST * 0.5
    assert sum(verdict.right for verdict in faulty) >= len(faulty) * RIGHT
