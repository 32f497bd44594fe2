"""A comment where an optimizer is made covers the calls in other files that make it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import run

MAKER = """\
import torch


def make(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4){comment}
"""
TRAIN = """\
from torch import nn
from maker import make

net = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
optimizer = make(net)
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.py").write_text(TRAIN)
    Path("maker.py").write_text(MAKER.format(comment=""))


def codes(*arguments: str) -> list[str]:
    out = run("--output-format", "concise", *arguments).output
    return [line.split()[1] for line in out.splitlines() if line.startswith(("train.py:", "maker.py:"))]


@pytest.mark.parametrize("cached", [(), ("--no-cache",)])
def test_the_comment_counts_whichever_files_are_linted(cached: tuple[str, ...]) -> None:
    assert codes("train.py", *cached) == ["WD101", "WD102", "WD201"]
    Path("maker.py").write_text(MAKER.format(comment="  # wdlint: ignore[WD1, coupled-optimizer] as in the paper"))
    assert codes("train.py", *cached) == []
    assert codes("maker.py", "train.py", *cached) == []
    assert "(6 suppressed)" in run("maker.py", "train.py", *cached).output


def test_it_covers_what_it_names() -> None:
    Path("maker.py").write_text(MAKER.format(comment="  # wdlint: ignore[WD101]"))
    assert codes("train.py") == ["WD102", "WD201"]


def test_a_comment_elsewhere_in_that_file_covers_nothing() -> None:
    Path("maker.py").write_text("import sys  # wdlint: ignore\n\n" + MAKER.format(comment=""))
    assert codes("train.py") == ["WD101", "WD102", "WD201"]


def test_ignored_comments_are_ignored_there_too() -> None:
    Path("maker.py").write_text(MAKER.format(comment="  # wdlint: ignore"))
    assert codes("train.py", "--ignore-suppressions") == ["WD101", "WD102", "WD201"]
