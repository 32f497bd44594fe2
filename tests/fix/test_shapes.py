"""Every shape of edit: what it writes, and what the optimizer holds before and after, parameter by parameter.

The programs are in `data/shapes`; their first lines say what the mended text holds that was not there (`gives`), what
is gone from it (`gone`), and what may change besides (`changes`). Each parameter stays in one group with its learning
rate, weights keep their decay, gains and biases have none; where nothing else may change, the losses are the same,
bit by bit, once the decay is taken out of both runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch")

from helpers.proof import Ran, Workshop, ran

from wdlint.commands.fixing import mended_text
from wdlint.facts import Applicability, Fix
from wdlint.files import paths
from wdlint.fix.apply import Outcome
from wdlint.linting.lint import Linter
from wdlint.settings.catalogue import Settings

FOLDER = Path(__file__).parents[1] / "data" / "shapes"
SHAPES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "net")
shape = pytest.mark.parametrize("name", SHAPES)


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def said(name: str, what: str) -> list[str]:
    return re.findall(rf"^# {what}: (.*)$", text_of(name), re.MULTILINE)


def body(text: str) -> str:
    """A program without the lines that say what is wanted."""
    return re.sub(r"^# .*\n", "", text, flags=re.MULTILINE)


@cache
def mend(name: str, text: str) -> Outcome:
    def allowed(fix: Fix) -> bool:
        return bool(fix.edits) and fix.applicability in (Applicability.SAFE, Applicability.UNSAFE)

    shown = paths.display(str(FOLDER / f"{name}.py"))
    return mended_text(shown, text.encode(), Linter(lambda folder: Settings()), allowed)


@shape
def test_the_smallest_edit_is_written(name: str) -> None:
    before = text_of(name)
    outcome = mend(name, before)
    after = outcome.data.decode()
    assert not outcome.left, outcome.left
    for text in said(name, "gives"):
        assert text in body(after) and text not in body(before), after
    for text in said(name, "gone"):
        assert text in body(before) and text not in body(after), after
    assert not mend(name, after).fixed


def run(name: str) -> tuple[Ran, Ran]:
    command, text = (str(FOLDER / f"{name}.py"),), text_of(name)
    before = ran(command, text.encode(), decays=False, kinds=True)
    return before, ran(command, mend(name, text).data, decays=False, kinds=False)


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, Future[tuple[Ran, Ran]]]]:
    workshop = Workshop()
    yield {name: workshop.start(run, name) for name in SHAPES}
    workshop.close()


@shape
def test_what_the_optimizer_holds_is_right(name: str, runs: dict[str, Future[tuple[Ran, Ran]]]) -> None:
    changes = "".join(said(name, "changes"))
    before, after = runs[name].result()
    (old,), (new,) = before.optimizers, after.optimizers
    strength = max(max(p.decays, default=0.0) for p in old.parameters.values())
    for path, was in old.parameters.items():
        now = new.parameters[path]
        if not was.decays and "no group" not in changes:
            assert not now.decays, path
            continue
        assert now.decays == [0.0 if was.kind in ("gain", "bias") else strength], (path, was.kind)
        assert now.rates == (was.rates or now.rates), path
    assert new.couples is not True
    if not changes or "decay" in changes:
        assert after.losses == before.losses
