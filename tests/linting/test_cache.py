"""What is kept between runs: when it holds, when it doesn't, and that it can do no harm."""

from __future__ import annotations

import json
import os
import time
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from wdlint.commands.cli import wdlint
from wdlint.facts import Applicability, Confidence, Edit, Finding, Fix, Note, Place, Severity
from wdlint.linting.cache import Cache, Dependencies, clean
from wdlint.linting.checked import Checked
from wdlint.linting.lint import Linter
from wdlint.linting.work import Plan, check_files
from wdlint.settings.config import Configuration

TRAIN = """\
import torch
from model import Net

model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=0.1)
"""
MODEL = "from torch import nn\n\n\nclass Net(nn.Module):\n    pass\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "wdlint.toml").write_text("")
    return tmp_path


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are judged, not taken from the cache, in the order in which they are."""
    seen: list[str] = []
    judge = Linter._judged

    def watched(self: Linter, shown: str, *rest: object) -> Checked:
        seen.append(shown)
        return judge(self, shown, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Linter, "_judged", watched)
    return seen


def lint(**overrides: object) -> Checked:
    (checked,) = check_files(["train.py"], Plan(Configuration(overrides), cache_folder="kept"))
    assert checked.error == ""
    return checked


def test_a_result_is_kept_and_is_the_same(judged: list[str]) -> None:
    first = lint()
    assert first.findings
    assert lint() == first
    assert judged == ["train.py"]
    again = lint().findings[0]
    assert (again.subject, again.rule) == (first.findings[0].subject, first.findings[0].rule)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("train.py", TRAIN + "\n"),
        ("model.py", MODEL + "\n"),
        ("wdlint.toml", "latent = true\n"),
        ("torch.py", "x = 1\n"),
        ("model/__init__.py", MODEL),
    ],
)
def test_it_is_judged_anew_when_what_it_rests_on_changes(judged: list[str], file: str, text: str) -> None:
    lint()
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_text(text)
    lint()
    assert judged == ["train.py", "train.py"]
    lint()
    assert len(judged) == 2


def test_it_is_judged_anew_when_a_model_goes(judged: list[str]) -> None:
    lint()
    Path("model.py").unlink()
    lint()
    assert len(judged) == 2


def test_other_files_do_not_matter(judged: list[str]) -> None:
    lint()
    Path("readme.md").write_text("x")
    Path("other.py").write_text("x = 1\n")
    Path("logs").mkdir()
    lint()
    assert len(judged) == 1


def test_the_command_lines_settings_matter(judged: list[str]) -> None:
    assert lint(select=("WD201",)).findings
    assert not lint(select=("WD401",)).findings
    assert len(judged) == 2


def entries() -> list[Path]:
    return sorted(Path("kept").glob("??/*.json"))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"name": 1}',
        b'{"name": "x", "files": {}, "imports": [], "checked": 3}',
    ],
)
def test_a_damaged_entry_is_as_good_as_none(judged: list[str], damage: bytes) -> None:
    first = lint()
    (entry,) = entries()
    entry.write_bytes(damage)
    assert lint() == first
    assert len(judged) == 2
    assert lint() == first
    assert len(judged) == 2


def test_an_entry_whose_parts_are_wrong_is_as_good_as_none(judged: list[str]) -> None:
    first = lint()
    (path,) = entries()
    sound = json.loads(path.read_text())
    for key, wrong in (("place", None), ("place", {}), ("severity", "fatal"), ("fix", 7), ("notes", 1)):
        entry = json.loads(json.dumps(sound))
        entry["checked"][1][0][key] = wrong
        path.write_text(json.dumps(entry))
        assert lint() == first
    assert len(judged) == 6


def test_a_half_written_entry_of_a_killed_run_is_not_read(judged: list[str]) -> None:
    lint()
    (entry,) = entries()
    entry.rename(f"{entry}.123")
    Path(f"{entry}.123").write_text('{"na')
    lint()
    assert len(judged) == 2


def test_a_cache_that_cannot_be_written_is_no_trouble(here: Path) -> None:
    (here / "kept").write_text("a file")
    assert lint().findings
    assert (here / "kept").read_text() == "a file"


def test_a_finding_comes_back_whole() -> None:
    place = Place("train.py", 1, 2, 3, 4, 5)
    fix = Fix("other", Applicability.SHOWN, (), "hazard")
    fix = Fix("title", Applicability.UNSAFE, (Edit(place, "text"),), "hazard", (fix,))
    whole = Finding(
        "WD101", place, "message", "help", (Note("note", place), Note("bare")), ("p",), Confidence.ASSUMED, True, fix,
        "unfixed", Severity.ERROR, "subject", "rule", 3e-5, place,
    )  # fmt: skip
    for part in (whole, fix):
        defaults = {field.name: field.default for field in fields(part)}
        assert all(getattr(part, name) != default for name, default in defaults.items()), "every field is tried"
    cache = Cache("kept", lambda settings: lambda importer, dotted, level: None)
    cache.put("a" * 40, Checked("train.py", (whole,), (whole,)), Dependencies({}, []))
    kept = cache.get("a" * 40, Configuration()("."))
    assert kept is not None
    for again in (*kept.findings, *kept.suppressed):
        assert [getattr(again, f.name) for f in fields(again)] == [getattr(whole, f.name) for f in fields(whole)]


def test_trouble_is_not_kept(monkeypatch: pytest.MonkeyPatch, judged: list[str]) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("oh")

    monkeypatch.setattr("wdlint.source.engine.observe", failing)
    for _ in range(2):
        (checked,) = check_files(["train.py"], Plan(Configuration(), cache_folder="kept"))
        assert "internal error" in checked.error
    assert len(judged) == 2
    assert entries() == []


def test_cleaning_removes_what_wdlint_wrote_and_nothing_else(here: Path) -> None:
    lint()
    (here / "kept" / "notes.txt").write_text("mine")
    assert clean("kept") == 1
    assert sorted(path.name for path in (here / "kept").iterdir()) == ["notes.txt"]
    assert clean("kept") is None
    assert clean("nowhere") is None
    (here / "src").mkdir()
    (here / "src" / "ab").mkdir()
    (here / "src" / "ab" / "x.json").write_text("mine")
    assert clean("src") is None
    assert (here / "src" / "ab" / "x.json").exists()


def test_the_clean_command_says_what_it_did() -> None:
    lint()
    runner = CliRunner()
    assert runner.invoke(wdlint, ["clean", "--cache-dir", "kept"]).stdout == "Removed 1 results from kept.\n"
    assert runner.invoke(wdlint, ["clean", "--cache-dir", "kept"]).stdout == "There is no cache in kept.\n"
    assert not Path("kept").exists()


def test_entries_that_were_long_unused_are_swept() -> None:
    lint()
    (entry,) = entries()
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(entry, (long_ago, long_ago))
    cache = Cache("kept", lambda settings: lambda importer, dotted, level: None)
    cache.sweep()
    assert entries() == [entry], "looked at today already"
    os.utime("kept/CACHEDIR.TAG", (long_ago, long_ago))
    cache.sweep()
    assert entries() == []


def test_no_cache_neither_reads_nor_writes(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WDLINT_CACHE_DIR", "kept")
    CliRunner().invoke(wdlint, ["--no-cache", "train.py"])
    assert not (here / "kept").exists()
    CliRunner().invoke(wdlint, ["train.py"])
    assert len(entries()) == 1
