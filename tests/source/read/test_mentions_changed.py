"""Which files mention a name after one of them got other bytes: as if all were read, and the others are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.source.read.files import Files
from wdlint.source.read.mentions import Mentions

TEXTS = {
    "a.py": b"def one():\n    two()\n",
    "b.py": b"one = 1\n",
    "sub/c.py": b"def two():\n    pass\n",
    "d.txt": b"one",
}
NAMES = ("one", "two", "three", "tw", "def")


class Counted(Files):
    reads = 0

    def read(self, path: str) -> bytes | None:
        Counted.reads += 1
        return super().read(path)


@pytest.fixture
def top(tmp_path: Path) -> str:
    (tmp_path / "sub").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / name).write_bytes(text)
    return str(tmp_path)


@pytest.mark.parametrize("name", ["a.py", "b.py", "sub/c.py", "d.txt", "new.py"])
@pytest.mark.parametrize("data", [b"", b"three = two\n", b"def one(): three", b"x" * 500_000 + b" two"])
def test_a_change_finds_what_reading_all_of_them_finds(top: str, name: str, data: bytes) -> None:
    path = f"{top}/{name}"
    changed = Mentions(Files()).with_text(path, data)
    anew = Mentions(Files().with_text(path, data))
    assert [changed.files_with(top, word) for word in NAMES] == [anew.files_with(top, word) for word in NAMES]
    assert changed.defined(top) >= anew.defined(top)
    again = changed.with_text(path, TEXTS["a.py"]).with_text(f"{top}/b.py", b"two")
    anew = Mentions(Files().with_text(path, TEXTS["a.py"]).with_text(f"{top}/b.py", b"two"))
    assert [again.files_with(top, word) for word in NAMES] == [anew.files_with(top, word) for word in NAMES]


def test_the_other_files_are_read_once_however_often_one_changes(top: str) -> None:
    Counted.reads = 0
    mentions = Mentions(Counted())
    mentions.files_with(top, "one")
    before = Counted.reads
    for index in range(20):
        changed = mentions.with_text(f"{top}/a.py", b"three = %d" % index)
        assert changed.files_with(top, "three") == (f"{top}/a.py",)
        changed.defined(top)
    assert Counted.reads == before
