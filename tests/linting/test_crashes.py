"""Runs that are killed, disks that fill up, files that go: nothing is lost, and the next run goes on from there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends signals")

FIXABLE = """\
import torch
from torch import nn

net = nn.Linear(4, 4)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.1)
"""
FAULT = "import torch\nopt = torch.optim.Adam(m.parameters(), weight_decay=1e-2)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("WDLINT_CACHE_DIR", str(tmp_path / "kept"))
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "work"


def wdlint(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wdlint", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def killed_at(call: str, number: int, *arguments: str) -> int:
    """Run wdlint and kill it as it makes some call for the `number`-th time: the exit code."""
    module, name = call.rsplit(".", 1)
    script = (
        "import sys, os, signal, importlib\n"
        f"module = importlib.import_module({module!r}.rpartition('.')[0])\n"
        f"held = getattr(module, {module!r}.rpartition('.')[2])\n"
        f"true, left = getattr(held, {name!r}), [{number}]\n"
        "def deadly(*arguments, **options):\n"
        "    left[0] -= 1\n"
        "    if not left[0]:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return true(*arguments, **options)\n"
        f"setattr(held, {name!r}, deadly)\n"
        "from wdlint.commands.cli import wdlint\n"
        f"wdlint({list(arguments)!r})\n"
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    "call", ["wdlint.files.writing.os.fsync", "wdlint.files.writing.os.replace", "wdlint.files.writing.os.chmod"]
)
def test_a_run_killed_as_it_writes_leaves_each_file_old_or_new(here: Path, call: str) -> None:
    names = ["a.py", "b.py"]
    for name in names:
        (here / name).write_text(FIXABLE)
    assert killed_at(call, 2, "--no-cache", "--fix", ".") == -signal.SIGKILL
    texts = [(here / name).read_text() for name in names]
    assert texts[1] == FIXABLE
    assert "param_groups" in texts[0]
    done = wdlint("--fix", ".")
    assert done.returncode == 0, done.stdout
    assert done.stdout == "No faults found in 2 files; 2 optimizers judged.\n"
    assert {(here / name).read_text() for name in names} == {texts[0]}


@pytest.mark.parametrize("call", ["json.encoder.JSONEncoder.iterencode", "wdlint.linting.cache.os.replace"])
def test_a_run_killed_as_it_writes_its_cache_leaves_one_that_can_be_used(here: Path, call: str) -> None:
    for name in ("a.py", "b.py"):
        (here / name).write_text(FAULT + f"# {name}\n")
    assert killed_at(call, 2, ".") == -signal.SIGKILL
    cached, fresh = wdlint("."), wdlint("--no-cache", ".")
    assert (cached.stdout, cached.stderr, cached.returncode) == (fresh.stdout, "", 1)


def test_workers_end_with_a_run_that_is_killed(here: Path) -> None:
    for number in range(60):
        (here / f"train{number}.py").write_text(FAULT * 40 + f"# {number}\n")
    running = subprocess.Popen(
        [sys.executable, "-m", "wdlint", "--no-cache", "-j", "2", "."], stdout=subprocess.PIPE, text=True
    )
    time.sleep(1.0)
    running.kill()
    # Workers hold the pipe, too: it ends when the last of them has.
    assert running.stdout is not None
    told, _ = running.communicate(timeout=20)
    assert told == ""
    assert running.returncode == -signal.SIGKILL


def test_two_runs_may_share_a_cache(here: Path) -> None:
    for number in range(12):
        (here / f"train{number}.py").write_text(FAULT + f"# {number}\n")
    command = [sys.executable, "-m", "wdlint", "--output-format", "concise", "-j", "2", "."]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    again = wdlint("--output-format", "concise", ".")
    assert told[0] == told[1] == (again.stdout, "", 1)
    assert again.stdout.count("WD201") == 12


@pytest.mark.skipif(sys.platform != "linux", reason="reads a file that can't be read from /proc")
def test_a_file_that_cannot_be_read_stops_no_other(here: Path) -> None:
    (here / "a.py").write_text(FAULT)
    (here / "broken.py").symlink_to("/proc/self/mem")
    done = wdlint("--output-format", "concise", ".")
    assert (done.returncode, done.stderr) == (2, "wdlint: error: broken.py: can't be read: Input/output error\n")
    assert done.stdout.startswith("a.py:2:7: WD201")


def test_a_file_that_goes_between_judgement_and_fix_stops_no_other(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from wdlint.commands import check, cli

    for name in ("a.py", "b.py"):
        (here / name).write_text(FIXABLE)
    true = check.check_files

    def vanishing(*arguments: object) -> object:
        checked = true(*arguments)  # type: ignore[arg-type]
        (here / "a.py").unlink(missing_ok=True)
        return checked

    monkeypatch.setattr(check, "check_files", vanishing)
    done = CliRunner().invoke(cli.wdlint, ["--fix", "."])
    assert done.exit_code == 2
    assert "wdlint: error: a.py: can't be read: No such file or directory\n" in done.stderr
    assert "param_groups" in (here / "b.py").read_text()


def test_what_is_saved_while_a_fix_proves_itself_is_kept(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from wdlint.commands import cli, fixing

    for name in ("a.py", "b.py"):
        (here / name).write_text(FIXABLE)
    true = fixing.mended_text

    def saved_meanwhile(file: str, *arguments: object) -> object:
        outcome = true(file, *arguments)  # type: ignore[arg-type]
        if file == "a.py":
            (here / "a.py").write_text("mine = 1\n")
        return outcome

    monkeypatch.setattr(fixing, "mended_text", saved_meanwhile)
    done = CliRunner().invoke(cli.wdlint, ["--fix", "."])
    assert done.exit_code == 2
    assert "wdlint: error: a.py: was changed in the meantime and is left as it is\n" in done.stderr
    assert (here / "a.py").read_text() == "mine = 1\n"
    assert "param_groups" in (here / "b.py").read_text()
    assert sorted(path.name for path in here.iterdir()) == ["a.py", "b.py"]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can't be mounted here: that needs root")
    yield folder
    os.chdir("/")
    subprocess.run(["umount", str(folder)], check=True)


def filled(disk: Path) -> None:
    (disk / "ballast").write_bytes(
        b"x" * (64 * 1024 - sum(-(-p.stat().st_size // 4096) * 4096 for p in disk.iterdir()))
    )


def test_a_full_disk_takes_no_file(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small / "train.py").write_text(FIXABLE)
    (small / "known.json").write_text("{}")
    filled(small)
    monkeypatch.chdir(small)
    for arguments in (
        ["--fix", "train.py"],
        ["--add-ignore", "train.py"],
        ["--write-baseline", "--baseline", "known.json", "train.py"],
        ["--output-file", "known.json", "train.py"],
    ):
        done = wdlint("--no-cache", *arguments)
        assert done.returncode == 2, arguments
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert (small / "train.py").read_text() == FIXABLE
        assert (small / "known.json").read_text() == "{}"
        assert sorted(p.name for p in small.iterdir()) == ["ballast", "known.json", "train.py"]


def test_a_cache_on_a_full_disk_is_no_trouble(here: Path, small: Path) -> None:
    (here / "train.py").write_text(FAULT)
    filled(small)
    done = wdlint("--cache-dir", str(small / "cache"), "train.py")
    fresh = wdlint("--no-cache", "train.py")
    assert (done.stdout, done.stderr, done.returncode) == (fresh.stdout, "", 1)


def test_in_a_folder_that_cannot_be_written_a_run_reads(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (small / "train.py").write_text(FIXABLE)
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    monkeypatch.chdir(small)
    assert wdlint("--cache-dir", ".cache", ".").returncode == 1
    done = wdlint("--fix", ".")
    assert done.returncode == 2
    assert "wdlint: error: train.py: can't be written: Read-only file system\n" in done.stderr
