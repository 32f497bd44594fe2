"""What goes wrong around a run: full disks, closed pipes, interruptions, names that are weapons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wdlint.complaint import Complaint
from wdlint.files.writing import write_whole

FAULT = "import torch\nopt = torch.optim.Adam(m.parameters(), weight_decay=1e-2)\n"
WDLINT = [sys.executable, "-m", "wdlint"]
RUN = "import runpy; runpy.run_module('wdlint', run_name='__main__', alter_sys=True)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "kept"))
    return tmp_path


def wait_for_kept(folder: Path, files: int) -> None:
    """Until a run that has begun in another process has kept the reports of some files."""
    until = time.monotonic() + 60
    while len(list(folder.glob("kept/*/*.json"))) < files and time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_trouble_in_words() -> None:
    Path("train.py").write_text(FAULT)
    with open("/dev/full", "w") as full:
        done = subprocess.run([*WDLINT, "train.py"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "wdlint: error: can't write the output: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close otherwise there")
def test_a_reader_that_goes_away_is_no_trouble() -> None:
    Path("train.py").write_text(FAULT)
    done = subprocess.run(
        f"'{sys.executable}' -m wdlint train.py train.py . | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interruption_ends_a_run_at_once_and_in_words(here: Path, workers: str) -> None:
    for number in range(400):
        Path(f"train{number}.py").write_text(FAULT * 20 + f"# {number}\n")
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job of a shell ignores it
    command = [sys.executable, "-c", code + RUN, "-j", workers, "."]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as running:
        try:
            wait_for_kept(here, 3)
            os.killpg(running.pid, signal.SIGINT)  # as a terminal does
            stdout, stderr = running.communicate(timeout=60)
        finally:
            running.kill()
    assert (stdout, stderr) == ("", "wdlint: error: interrupted\n")
    # Python ends itself by the signal where it came in the middle of an `exec`: to a shell that is 130, too.
    assert running.returncode in (130, -signal.SIGINT)
    assert len(list(here.glob("kept/*/*.json"))) < 400


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_killed_run_leaves_a_cache_that_can_be_used(here: Path) -> None:
    for number in range(30):
        Path(f"train{number}.py").write_text(FAULT + f"x = {number}\n")
    running = subprocess.Popen([*WDLINT, "-j", "1", "."], stdout=subprocess.DEVNULL)
    wait_for_kept(here, 3)
    running.kill()
    running.wait()
    lint = [*WDLINT, "--output-format", "concise", "."]
    cached = subprocess.run(lint, capture_output=True, text=True, check=False)
    fresh = subprocess.run([*lint, "--no-cache"], capture_output=True, text=True, check=False)
    assert cached.stdout == fresh.stdout
    assert (cached.returncode, cached.stderr) == (1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="such names can't exist there")
def test_names_that_are_weapons_reach_no_terminal() -> None:
    name = "a\x1b[31m\n::error::b\u202e.py"
    Path(name).write_text(FAULT)
    for form in ("text", "concise", "github"):
        done = subprocess.run([*WDLINT, "--output-format", form, "."], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
        assert not any(line.startswith("::error::") for line in done.stdout.splitlines())
    done = subprocess.run([*WDLINT, "--output-format", "json", "."], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)[0]["filename"].endswith(name)


def test_a_file_is_written_in_full_or_not_at_all(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = here / "a.txt"
    path.write_text("old")
    path.chmod(0o640)
    link = here / "link.txt"
    link.symlink_to(path)
    write_whole(str(link), b"new")
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("new", 0o640, True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wdlint.files.writing.os.fsync", full)
    with pytest.raises(Complaint, match="No space left"):
        write_whole(str(path), b"newer")
    assert path.read_text() == "new"
    assert sorted(p.name for p in here.iterdir()) == ["a.txt", "link.txt"]


def test_a_file_that_vanishes_between_looking_and_reading_is_said() -> None:
    from wdlint.linting.lint import Linter
    from wdlint.settings.config import Configuration

    checked = Linter(Configuration(isolated=True)).check("vanished.py")
    assert checked.error == "can't be read: No such file or directory"
