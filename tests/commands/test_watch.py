"""`--watch`: a run now, and one after each change."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.commands.watch import watch


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Ended(Exception):
    """The user's interruption."""


def watched(*changes: Callable[[], object]) -> int:
    """How often it is run where these happen while it waits, one after the other, before it is ended."""
    runs = []
    coming = iter(changes)

    def wait(seconds: float) -> None:
        change = next(coming, None)
        if change is None:
            raise Ended
        change()

    with pytest.raises(Ended):
        watch(lambda: runs.append(1), lambda: map(str, Path().glob("*.py")), wait)
    return len(runs)


def test_it_runs_once_and_then_after_each_change(here: Path) -> None:
    file = here / "a.py"
    file.write_text("x = 1\n")
    assert watched() == 1
    assert watched(lambda: file.write_text("x = 22\n"), lambda: file.write_text("x = 333\n")) == 3
    assert watched(lambda: (here / "b.py").write_text(""), file.unlink) == 3


def test_what_is_no_change_runs_nothing(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    assert watched(lambda: (here / "notes.txt").write_text("x"), lambda: None) == 1


@pytest.mark.parametrize("option", ["--fix", "--write-baseline", "--add-ignore"])
def test_it_writes_into_no_file(here: Path, option: str) -> None:
    told = CliRunner().invoke(wdlint, ["--watch", option, "."], prog_name="wdlint")
    assert (told.exit_code, "--watch" in told.stderr) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_the_command_reports_again_and_ends_at_an_interruption(here: Path) -> None:
    (here / "a.py").write_text("x = 1\n")
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job of a shell ignores it
    code += "import runpy; runpy.run_module('wdlint', run_name='__main__', alter_sys=True)"
    command = [sys.executable, "-c", code, "--no-cache", "--watch", "."]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("No faults found in 1 file")
        (here / "b.py").write_text("y = 1\n")
        try:
            assert running.stdout.readline().startswith("No faults found in 2 files")
        finally:
            os.kill(running.pid, signal.SIGINT)
        deadline = time.monotonic() + 30
        while running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        ended = running.poll()
        running.kill()
    assert ended == 130
