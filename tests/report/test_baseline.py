"""Known findings: what a baseline keeps, forgets and refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wdlint.complaint import Complaint
from wdlint.facts import Finding, Place
from wdlint.report.baseline import divided, entries_of, moved, pruned, read, write
from wdlint.report.excerpt import Excerpts

Made = Callable[..., Finding]
SOURCE = "import torch\n\nopt = AdamW(model.parameters())\nopt = AdamW(model.parameters())\nx = Adam(p)\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SOURCE)
    return tmp_path


def remembered(path: str, *findings: Finding) -> None:
    write(path, entries_of(findings, Excerpts(), path))


def known(path: str, *findings: Finding) -> list[int]:
    new, old = divided(findings, Excerpts(), path, read(path))
    assert len(new) + len(old) == len(findings)
    return [finding.place.line for finding in old]


def test_what_is_in_it_is_known_and_the_rest_is_new(finding: Made) -> None:
    remembered("b.json", finding(line=3), finding("WD201", line=5))
    assert known("b.json", finding(line=3), finding("WD202", line=5), finding("WD201", line=5)) == [3, 5]


def test_an_entry_outlives_edits_elsewhere(here: Path, finding: Made) -> None:
    remembered("b.json", finding("WD201", line=5))
    (here / "train.py").write_text("# new\n\n\n" + SOURCE.replace("x = Adam(p)", "    x  =  Adam(p)"))
    assert known("b.json", finding("WD201", line=8)) == [8]


def test_an_edit_of_the_line_makes_it_new(here: Path, finding: Made) -> None:
    remembered("b.json", finding("WD201", line=5))
    (here / "train.py").write_text(SOURCE.replace("Adam(p)", "Adam(p, lr=1)"))
    assert known("b.json", finding("WD201", line=5)) == []


def test_two_alike_are_two(finding: Made) -> None:
    remembered("b.json", finding(line=3))
    assert known("b.json", finding(line=3), finding(line=4)) == [3]


def test_files_are_named_from_the_baselines_folder(here: Path, finding: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered("b.json", finding(line=3))
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    assert known("../b.json", finding(line=3, file=str(here / "train.py"))) == [3]


def test_entries_follow_a_file_that_is_renamed(here: Path, finding: Made) -> None:
    remembered("b.json", finding(line=3), finding(line=4), finding("WD201", line=5))
    (here / "train.py").rename(here / "sub.py")
    found = [finding(line=line, file="sub.py") for line in (3, 4)] + [finding("WD201", line=5, file="sub.py")]
    entries = moved(read("b.json"), found, Excerpts(), "b.json")
    assert divided(found, Excerpts(), "b.json", entries) == ([], found)
    assert sorted(pruned(entries, found, Excerpts(), "b.json", ["sub.py"]), key=str) == sorted(entries, key=str)
    # another file that is there all along, or one in which a fault is missing, is no renamed one
    assert moved(read("b.json"), found[:2], Excerpts(), "b.json") == read("b.json")
    (here / "train.py").write_text(SOURCE)
    assert moved(read("b.json"), found, Excerpts(), "b.json") == read("b.json")


_FAULTS = ("opt = Adam(p)", "opt = AdamW(q)", "opt = SGD(r)")
_OTHERS = ("", "# a comment", "x = 1", "def f():", "    return 2")
_PROGRAM = st.lists(st.sampled_from(_FAULTS + _OTHERS), max_size=12)


@settings(max_examples=200, deadline=None)
@given(before=_PROGRAM, after=_PROGRAM)
def test_what_is_new_is_what_there_is_more_of(before: list[str], after: list[str]) -> None:
    """Whatever is edited elsewhere or moved: of each fault, as many are new as there are more than were known."""

    def linted(lines: list[str]) -> tuple[list[Finding], Excerpts]:
        text = "\n".join(lines)
        places = [Place("a.py", n, 1, n, len(line) + 1) for n, line in enumerate(lines, 1) if line in _FAULTS]
        return [Finding("WD201", place, "m") for place in places], Excerpts({"a.py": text.encode()})

    entries = entries_of(*linted(before), "b.json")
    found, excerpts = linted(after)
    new, old = divided(found, excerpts, "b.json", entries)
    for fault in _FAULTS:
        more = after.count(fault) - before.count(fault)
        assert sum(excerpts.lines(finding.place) == [fault] for finding in new) == max(more, 0)
    assert len(pruned(entries, found, excerpts, "b.json", ["a.py"])) == len(old)


def test_pruning_forgets_what_is_gone_and_keeps_what_was_not_looked_at(here: Path, finding: Made) -> None:
    (here / "other.py").write_text(SOURCE)
    (here / "gone.py").write_text(SOURCE)
    kept = finding(line=3)
    elsewhere = finding(line=3, file="other.py")
    remembered("b.json", kept, finding("WD201", line=5), elsewhere, finding(line=3, file="gone.py"))
    (here / "gone.py").unlink()
    left = pruned(read("b.json"), [kept], Excerpts(), "b.json", ["train.py"])
    assert sorted((entry.file, entry.code) for entry in left) == [("other.py", "WD101"), ("train.py", "WD101")]


def test_the_file_does_not_depend_on_the_order_of_findings(here: Path, finding: Made) -> None:
    remembered("a.json", finding(line=3), finding("WD201", line=5))
    remembered("b.json", finding("WD201", line=5), finding(line=3))
    assert (here / "a.json").read_bytes() == (here / "b.json").read_bytes()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no baseline"),
        ("[]", "no baseline"),
        ("{}", "no baseline"),
        ('{"wdlint-baseline": 2, "findings": []}', "another version"),
        ('{"wdlint-baseline": 1, "findings": [{}]}', "no baseline"),
        ('{"wdlint-baseline": 1, "findings": 3}', "no baseline"),
        ('{"wdlint-baseline": 1, "findings": [{"fingerprint": 1, "code": 1, "file": 1, "message": 1}]}', "no baseline"),
        ("[" * 100_000, "no baseline"),
    ],
)
def test_a_file_that_is_none_is_an_error(here: Path, text: str, says: str) -> None:
    (here / "b.json").write_text(text)
    with pytest.raises(Complaint, match=says):
        read("b.json")


def test_a_missing_file_is_an_error_that_says_how_to_make_it() -> None:
    with pytest.raises(Complaint, match="--write-baseline"):
        read("nope.json")
