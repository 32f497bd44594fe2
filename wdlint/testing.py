"""For tests, of training code and of rules of one's own.

One line that fails where an optimizer decays what it should not:

    from wdlint.testing import assert_decay

    def test_groups():
        assert_decay(model, make_optimizer(model))

or, with `pytest_plugins = ["wdlint.testing"]` in a conftest, by the fixture of the same name. Needs pytest and torch.
And one that fails where the examples of a rule don't behave as they say; that needs pytest alone:

    from wdlint.testing import assert_examples

    def test_the_rule():
        assert_examples("lint/rules/my_rule.py")
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from wdlint.model.audit import Report


def assert_decay(model: nn.Module, optimizer: Optimizer, **options: Any) -> Report:
    """Audit, and raise `wdlint.DecayFault` (an AssertionError) with the report if there are findings.

    `options` are those of `wdlint.audit`, e.g. `ignore=["WD201"]`.
    """
    from wdlint.model.audit import audit

    report = audit(model, optimizer, **options)
    report.raise_for_findings()
    return report


def assert_examples(*paths: str | os.PathLike[str]) -> None:
    """Run the examples of the rules in files and folders, and raise AssertionError with what is wrong with them."""
    from wdlint.linting.examples import test_folders

    told, failed = test_folders([os.fspath(path) for path in paths])
    if failed or not told:
        raise AssertionError(told or "there are no rules there")


@pytest.fixture(name="assert_decay")
def assert_decay_fixture() -> Callable[..., Report]:
    """`assert_decay(model, optimizer, **options)`, as a fixture."""
    return assert_decay
