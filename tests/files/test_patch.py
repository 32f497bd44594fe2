"""Patches that git takes, whatever the file is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wdlint.files.patch import patch

NAMES = [
    b"train.py",
    b"two words.py",
    "größe.py".encode(),
    b"back\\slash.py",
    b'quo"te.py',
    b"line\nend\x1b[31m.py",
    b"tab\there.py",
    b"not-utf-8-\xff.py",
]


def test_a_missing_last_line_end_is_told() -> None:
    assert patch("a.py", b"x = 1", b"x = 2") == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-x = 1\n\\ No newline at end of file\n"
        b"+x = 2\n\\ No newline at end of file\n"
    )


def test_nothing_is_told_of_what_stays() -> None:
    assert patch("a.py", b"x = 1\n", b"x = 1\n") == b""


@pytest.mark.skipif(sys.platform != "linux", reason="such names can't exist elsewhere")
@pytest.mark.parametrize("name", NAMES)
def test_git_applies_a_patch_whatever_the_file_is_called(name: bytes, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    file = os.path.join(os.fsencode(tmp_path), b"d", name)
    (tmp_path / "d").mkdir()
    old, new = b"x = 1\ny = 2\n", b"x = 1\ny = 3\n"
    with open(file, "wb") as opened:
        opened.write(old)
    told = patch("d/" + os.fsdecode(name), old, new)
    subprocess.run(["git", "apply"], input=told, cwd=tmp_path, check=True)
    with open(file, "rb") as opened:
        assert opened.read() == new
    assert b"\x1b" not in told
