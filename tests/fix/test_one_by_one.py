"""Fixes that are agreed to one by one: each is written as it was shown, and what was declined stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from wdlint.facts import Applicability, Fix
from wdlint.fix.apply import Outcome, fixed
from wdlint.fix.one_by_one import Answer, Offer, OneByOne
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

THREE = '''\
"""Three models, three lists that miss their norms."""

import torch
from torch import nn

first = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
second = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
third = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
one = torch.optim.AdamW(first.parameters(), lr=1e-3, weight_decay=0.1)
two = torch.optim.AdamW(second.parameters(), lr=1e-3, weight_decay=0.1)
three = torch.optim.AdamW(third.parameters(), lr=1e-3, weight_decay=0.1)
'''
BOTH = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
Y, N, A, Q = Answer.YES, Answer.NO, Answer.ALL, Answer.QUIT


def safe(fix: Fix) -> bool:
    return bool(fix.edits) and fix.applicability is Applicability.SAFE


def written(fix: Fix) -> bool:
    return bool(fix.edits) and fix.applicability in (Applicability.SAFE, Applicability.UNSAFE)


class Person:
    """Answers in order, and keeps what it was shown."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = list(answers)
        self.shown: list[Offer] = []

    def __call__(self, offer: Offer) -> Answer:
        self.shown.append(offer)
        return self.answers.pop(0)


def asked(source: str, *answers: Answer, allowed: object = safe) -> tuple[Outcome, Person]:
    person = Person(answers)
    linter = Linter(Configuration(isolated=True))
    outcome = OneByOne(person).fixed(
        "train.py", source.encode(), lambda data: linter.version("train.py", data), allowed  # type: ignore[arg-type]
    )  # fmt: skip
    assert person.answers == []  # nobody is asked less than is said here
    return outcome, person


def lines(outcome: Outcome) -> list[int]:
    return sorted({finding.place.line for finding in outcome.fixed})


@pytest.mark.parametrize(
    ("answers", "mended"),
    [
        ((Y, Y, Y), [9, 10, 11]),
        ((N, N, N), []),
        ((Y, N, Y), [9, 11]),
        ((N, Y, N), [10]),
        ((N, N, Y), [11]),
        ((A,), [9, 10, 11]),
        ((N, A), [10, 11]),
        ((Q,), []),
        ((Y, Q), [9]),
    ],
)
def test_what_is_agreed_to_is_mended_and_nothing_else(answers: tuple[Answer, ...], mended: list[int]) -> None:
    outcome, person = asked(THREE, *answers)
    assert lines(outcome) == mended  # by the lines of the text as it was
    text = outcome.data.decode()
    for number, name in ((9, "first"), (10, "second"), (11, "third")):
        assert (f"AdamW({name}.parameters(), lr" in text) is (number not in mended)
    assert len({finding.subject for finding in outcome.left}) == 3 - len(mended)
    for earlier, later in zip(person.shown, person.shown[1:], strict=False):
        assert later.before in (earlier.before, earlier.after)


def test_all_by_hand_is_what_is_written_without_asking() -> None:
    linter = Linter(Configuration(isolated=True))
    at_once = fixed("train.py", THREE.encode(), lambda data: linter.version("train.py", data), safe)
    assert not asked(THREE, Y, Y, Y)[0].left
    assert not at_once.left


def test_a_fix_that_is_not_allowed_is_not_asked_for() -> None:
    outcome, person = asked(BOTH, Y)
    assert [{f.code for f in offer.findings} for offer in person.shown] == [{"WD101", "WD102"}]
    assert [finding.code for finding in outcome.left] == ["WD201"]


def test_what_comes_up_after_a_fix_is_asked_for_too() -> None:
    outcome, person = asked(BOTH, Y, Y, allowed=written)
    assert len(person.shown) == 2
    assert outcome.left == ()
    assert b"AdamW(" in outcome.data


def test_an_answer_for_all_holds_for_the_next_file() -> None:
    for answer, mended in ((A, True), (Q, False)):
        person = Person([answer])
        by_hand = OneByOne(person)
        for name in ("a.py", "b.py"):
            linter = Linter(Configuration(isolated=True))
            outcome = by_hand.fixed(
                name, THREE.encode(), lambda data, name=name, linter=linter: linter.version(name, data), safe  # type: ignore[misc]
            )  # fmt: skip
            assert bool(outcome.fixed) is mended
            assert bool(outcome.left) is not mended
        assert len(person.shown) == 1


def test_a_file_that_can_not_be_judged_is_left(tmp_path: Path) -> None:
    assert OneByOne(Person([])).fixed("x.py", b"x", lambda data: None, safe) == Outcome(b"x", (), (), ())
