"""What is read of a generated program is what its live optimizer holds: each parameter that is told, and its decay."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase

import pytest

pytest.importorskip("torch")

from helpers.programs.grammar import Program, program
from helpers.programs.runs import Live, runs
from helpers.programs.workshop import workshop

from wdlint.facts import OptimizerUse, Ternary
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

FIRST = 300
NAME = "generated_program.py"
LATER = "after: decay schedule"  # read as it was constructed


def _differences(numbers: range) -> tuple[list[str], Counter[str]]:
    """Where reading and running differ over some programs, and how much could be compared."""
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for number in numbers:
        made = program(number)
        run = runs([(made.text, True)])[0]
        if run.error or LATER in made.choices:
            continue
        linter = Linter(Configuration(isolated=True), {NAME: made.text.encode()}, plans=False)
        linter.check(NAME)
        uses = linter.reading.facts.uses if linter.reading is not None else ()
        counts["optimizers"] += len(run.optimizers)
        if len(uses) != len(run.optimizers):
            continue
        for use, live in zip(uses, run.optimizers, strict=True):
            counts["read"] += use.inventory is not None
            wrong += [f"program {number}: {said}" for said in _compared(made, use, live, counts)]
    return wrong, counts


def _compared(made: Program, use: OptimizerUse, live: Live, counts: Counter[str]) -> list[str]:
    found = []
    for index, parameter in enumerate(use.inventory.parameters if use.inventory is not None else ()):
        answers = [group.members[index] for group in use.groups]
        for name in (n for n in live.parameters if fnmatchcase(n, parameter.name)):
            counts["parameters"] += 1
            holding = [g.amount.value for g, answer in zip(use.groups, answers, strict=True) if answer is Ternary.YES]
            if Ternary.UNKNOWN in answers or None in holding:
                continue
            counts["told"] += 1
            read, held = sorted(map(float, holding)), sorted(decay for decay, _ in live.parameters[name].groups)  # type: ignore[arg-type]
            if [round(a, 9) for a in read] != [round(a, 9) for a in held]:
                found.append(f"{name} decays by {held}, and is read as {read} ({made.choices})")
    return found


def test_what_is_read_is_what_runs() -> None:
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    with workshop() as pool:
        assert isinstance(pool, ProcessPoolExecutor)
        for said, told in pool.map(_differences, [range(start, start + 20) for start in range(0, FIRST, 20)]):
            wrong += said
            counts.update(told)
    assert wrong == []
    assert counts["told"] >= counts["parameters"] * 0.85
    assert counts["read"] >= counts["optimizers"] * 0.8
