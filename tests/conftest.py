"""What several test modules share: hand-made findings, and a linter whose engine is given its facts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from wdlint.facts import Finding, Place

# A law is a law on a slow machine too: no test fails for the time it takes.
settings.register_profile("wdlint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("wdlint")


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """A finding at a line of a file; keyword arguments set its other fields."""

    def made(
        code: str = "WD101",
        line: int = 1,
        column: int = 1,
        end_line: int | None = None,
        end_column: int | None = None,
        file: str = "train.py",
        cell: int | None = None,
        **more: object,
    ) -> Finding:
        place = Place(file, line, column, end_line or line, end_column or column + 1, cell)
        more.setdefault("message", "AdamW decays 1 bias of `model` by 0.1")
        return Finding(code, place, **more)  # type: ignore[arg-type]

    return made


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the reports' golden files anew")
