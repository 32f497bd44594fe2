"""The training scripts in `fixtures/`: in each, exactly what its lines say must be found.

They are linted where they stand, with the default settings.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wdlint.linting.examples import differences, marks_of
from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration

TOP = Path(__file__).parent.parent
FILES = sorted(
    path.relative_to(TOP).as_posix() for path in (TOP / "fixtures").rglob("*") if path.suffix in (".py", ".yaml")
)


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter(Configuration(isolated=True))


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)


@pytest.mark.parametrize("file", FILES)
def test_exactly_what_is_marked_is_found(file: str, linter: Linter) -> None:
    checked = linter.check(file)
    assert checked.error == ""
    assert differences(checked.findings, marks_of({file: Path(file).read_text(encoding="utf-8")})) == []


def test_there_are_fixtures() -> None:
    assert len(FILES) > 10
    assert not os.path.isabs(FILES[0])
