"""Many files: the same results in the same order by any number of workers, and no file lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from wdlint.linting import work
from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

FAULT = """\
import torch
from torch import nn

model = nn.Linear(4, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.{n})
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    names = []
    for n in range(20):
        text = FAULT.format(n=n + 1) if n % 3 else "x = 1\n"
        (tmp_path / f"f{n:02}.py").write_text(text if n != 7 else text + "print 'x'\n")
        names.append(f"f{n:02}.py")
    return [*names, "gone.py"]


def test_results_do_not_depend_on_the_number_of_workers(files: list[str], tmp_path: Path) -> None:
    alone = check_files(files, Plan(Configuration()), workers=1)
    assert [one.file for one in alone] == files
    assert "WD901" in {finding.code for finding in alone[7].findings}
    assert "can't be read" in alone[-1].error
    assert check_files(files, Plan(Configuration()), workers=3) == alone
    kept = Plan(Configuration(), cache_folder=str(tmp_path / "kept"))
    assert check_files(files, kept, workers=2) == alone
    assert check_files(files, kept, workers=2) == alone


def test_little_work_is_done_in_one_process(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> None:
        raise AssertionError("workers were started")

    monkeypatch.setattr(work, "_in_processes", refusing)
    assert len(check_files(files, Plan(Configuration()))) == len(files)


def test_files_too_many_to_hold_are_read_again(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = check_files(files, Plan(Configuration()))
    monkeypatch.setattr(work, "_HELD", 300)
    assert check_files(files, Plan(Configuration())) == whole


def test_a_long_run_says_how_far_it_is_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 0.5, 1.5, 1.5, 1.55, 1.7, 1.7])
    monkeypatch.setattr(work.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(work.sys.stderr, "isatty", lambda: True, raising=False)
    progress = work.Progress(4)
    for _ in range(4):
        progress.step()
    progress.end()
    assert capsys.readouterr().err == "\r2 of 4 files\r4 of 4 files\r\x1b[K"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="what is patched here reaches workers by fork only")
def test_a_worker_that_is_killed_takes_no_other_file_with_it(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = check_files(files, Plan(Configuration()), workers=1)
    check = Linter.check

    def deadly(self: Linter, path: str) -> Checked:
        if path == "f05.py":
            os.kill(os.getpid(), signal.SIGKILL)
        return check(self, path)

    monkeypatch.setattr(Linter, "check", deadly)
    killed = check_files(files, Plan(Configuration()), workers=2)
    assert "was killed" in killed[5].error
    assert killed[:5] + killed[6:] == alone[:5] + alone[6:]
