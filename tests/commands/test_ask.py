"""`--fix --ask` at a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command_line import run

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text(FAULT)
    return tmp_path


def at_terminal(typed: bytes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run wdlint with a terminal as its standard input, at which something is typed."""
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        command = [sys.executable, "-m", "wdlint", "--no-cache", "--isolated", *arguments]
        return subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=120)
    finally:
        os.close(theirs)
        os.close(ours)


def mended(here: Path) -> list[str]:
    return [name for name in ("one.py", "two.py") if (here / name).read_text() != FAULT]


@pytest.mark.parametrize(
    ("typed", "files"),
    [
        (b"y\nn\n", ["one.py"]),
        (b"n\nY\n", ["two.py"]),
        (b"what?\n\na\n", ["one.py", "two.py"]),
        (b"q\n", []),
        (b"y\n\x04", ["one.py"]),  # Ctrl-D
    ],
)
def test_each_fix_is_shown_and_written_if_agreed_to(here: Path, typed: bytes, files: list[str]) -> None:
    done = at_terminal(typed, "--fix", "--ask", "one.py", "two.py")
    assert mended(here) == files
    assert "WD101 decayed-bias at one.py:5:13\n" in done.stderr
    assert "-optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1)\n" in done.stderr
    assert "Write this to one.py? [y]es, [n]o, [a]ll that follow, [q]uit: " in done.stderr
    assert done.returncode == (0 if len(files) == 2 else 1)
    assert ("two.py:5" in done.stdout) is ("two.py" not in files)


def test_asking_is_fixing(here: Path) -> None:
    assert at_terminal(b"a\n", "--ask", "one.py").returncode == 0
    assert mended(here) == ["one.py"]


def test_an_unsafe_fix_is_shown_with_its_reason(here: Path) -> None:
    (here / "one.py").write_text(FAULT.replace("AdamW", "Adam"))
    done = at_terminal(b"y\ny\n", "--ask", "--unsafe-fixes", "one.py")
    assert "(unsafe: " in done.stderr
    assert "AdamW" in (here / "one.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fix", "--ask"), "--ask needs a terminal to ask at; --diff shows what --fix would change"),
        (("--ask", "--diff"), "--ask can't be combined with --diff or standard input"),
        (("--ask", "-"), "--ask can't be combined with --diff or standard input"),
        (("--ask", "--watch"), "--watch goes with neither standard input nor options that write into files"),
    ],
)
def test_where_nobody_can_be_asked_that_is_said(here: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments, stdin=FAULT)
    assert done.exit_code == 2
    assert done.stderr == f"wdlint: error: {said}\n"
    assert mended(here) == []
