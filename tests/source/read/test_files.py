"""Texts that were handed in win over the disk, for the files around a linted one too; programs are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from wdlint.linting.lint import Linter
from wdlint.settings.config import Configuration
from wdlint.source.read import screen
from wdlint.source.read.files import Files, Programs
from wdlint.source.read.parse import Unreadable

TRAIN = b"import torch\nfrom net import Net\n\ntorch.optim.AdamW(Net().parameters(), weight_decay=0.1)\n"
NET = "from torch import nn\n\ndef Net():\n    return nn.Linear(4, 4, bias={})\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(given: dict[str, bytes], programs: Programs | None = None) -> list[str]:
    linter = Linter(Configuration(isolated=True), {"train.py": TRAIN, **given}, programs=programs)
    return [finding.code for finding in linter.check("train.py").findings]


def test_an_imported_files_text_is_the_one_that_was_handed_in(here: Path) -> None:
    (here / "net.py").write_text(NET.format(True))
    assert codes({}) == ["WD101"]
    assert codes({"net.py": NET.format(False).encode()}) == []


def test_a_file_that_is_not_on_disk_can_be_imported() -> None:
    assert codes({}) == ["WD103"]
    assert codes({"net.py": NET.format(True).encode()}) == ["WD101"]
    assert codes({"net/__init__.py": NET.format(True).encode()}) == ["WD103"]  # its folder is not there


def test_the_bytes_of_other_files_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one types, a session's programs know whether the modules around can make an optimizer."""
    searched: list[bytes] = []
    may_construct = screen.may_construct

    def counted(data: bytes) -> bool:
        searched.append(data)
        return may_construct(data)

    monkeypatch.setattr(screen, "may_construct", counted)
    programs = Programs()
    made = b"from torch import optim\n\ndef make(net):\n    return optim.Adam(net.parameters(), weight_decay=0.1)\n"
    train = b"import torch\nfrom made import make\n\noptimizer = make(torch.nn.Linear(3, 3))\n"
    for turn, helper in enumerate((made, made, made.replace(b"0.1", b"0.0"))):
        typed = train + b"# %d\n" % turn
        codes({"train.py": typed, "made.py": helper}, programs)
    assert [data for data in searched if data.startswith(b"from torch")] == [made, made.replace(b"0.1", b"0.0")]


def test_it_is_known_what_a_result_rests_on(here: Path) -> None:
    (here / "net.py").write_text(NET.format(True))
    linter = Linter(Configuration(isolated=True), {"train.py": TRAIN, "other.py": b"x = 1\n"})
    linter.check("train.py")
    assert linter.reading is not None
    assert [str(Path(file)) for file in linter.reading.files] == ["net.py"]
    assert linter.reading.facts.uses[0].inventory is not None
    linter.check("other.py")
    assert linter.reading is None


def test_files_are_read_listed_and_looked_for(here: Path) -> None:
    (here / "a.py").write_bytes(b"a")
    files = Files({"b.py": b"b", "a.py": b"typed", "sub/c.py": b"c"})
    assert [files.read(name) for name in ("a.py", "./b.py", str(here / "b.py"), "d.py")] == [b"typed", b"b", b"b", None]
    assert files.names(".") == {"a.py", "b.py"}
    assert files.exists("b.py")
    assert not files.exists("d.py")


def test_programs_are_remembered_by_their_bytes_within_their_room() -> None:
    programs = Programs(room=10)
    first = programs.parsed(b"x = 1", "a.py")
    assert programs.parsed(b"x = 1", "a.py") is first
    second = programs.parsed(b"x = 1", "b.py")
    assert second is not first
    assert programs.parsed(b"x = 1", "a.py") is first
    programs.parsed(b"y", "c.py")  # no room for three: what was used last stays
    assert programs.parsed(b"x = 1", "a.py") is first
    assert programs.parsed(b"x = 1", "b.py") is not second
    assert programs.parsed(b"x = 2", "a.py") is not first
    assert programs.parsed(b"x = 12345678", "c.py") is not programs.parsed(b"x = 12345678", "c.py")
    for _ in range(2):
        with pytest.raises(Unreadable):
            programs.parsed(b"x =", "d.py")


def test_what_is_remembered_is_never_out_of_date(here: Path) -> None:
    programs = Programs(room=100_000)
    for bias, found in ((True, ["WD101"]), (False, []), (True, ["WD101"])):
        (here / "net.py").write_text(NET.format(bias))
        assert codes({}, programs) == found
