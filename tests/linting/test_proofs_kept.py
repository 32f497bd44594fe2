"""What came of a file beside those that rest on it is kept between runs, as reading them all anew is dear."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.linting.checked import Checked
from wdlint.linting.importers import Importers
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

MODEL = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
"""
FACTORY = """\
import torch
from model import Net


def make(lr):
    model = Net()
    return model, torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.1)
"""
USE = """\
from factory import make

model, optimizer = make(1e-3)
optimizer.step()
"""
FILES = ["factory.py", "model.py", "use.py"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in zip(FILES, (FACTORY, MODEL, USE), strict=True):
        Path(name).write_text(text)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read anew for a proof."""
    read: list[str] = []
    version = Importers.version

    def counting(self: Importers, file: str, *changed: dict[str, bytes]) -> object:
        read.append(file)
        return version(self, file, *changed)

    monkeypatch.setattr(Importers, "version", counting)
    return read


def linted(folder: str | None = "kept") -> list[Checked]:
    return check_files(FILES, Plan(Configuration(), cache_folder=folder), workers=1)


def test_a_second_run_proves_nothing_anew_and_says_the_same(read: list[str]) -> None:
    first = linted()
    assert any(finding.fix for one in first for finding in one.findings)
    assert read == ["use.py"]  # beside the fix alone: what it is without it, and the fix in its own file, are known
    read.clear()
    assert linted() == first
    assert read == []


@pytest.mark.parametrize("changed", FILES)
def test_a_change_of_any_of_the_files_asks_for_a_new_proof(read: list[str], changed: str) -> None:
    linted()
    read.clear()
    with open(changed, "a") as file:
        file.write("\nprint('changed')\n")
    again = linted()
    assert read
    assert again == linted(None)


def test_without_a_cache_nothing_is_kept(read: list[str]) -> None:
    linted(None)
    read.clear()
    linted(None)
    assert read
