"""Findings on lines changed since a revision, by a real git."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from wdlint.complaint import Complaint
from wdlint.facts import Finding
from wdlint.report.changed import on_changed_lines
from wdlint.report.excerpt import Excerpts

Made = Callable[..., Finding]


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    (tmp_path / "a.py").write_text("one\ntwo\nthree\nfour\nfive\n")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return tmp_path


def left(*findings: Finding, revision: str = "HEAD") -> list[int]:
    return [finding.place.line for finding in on_changed_lines(findings, revision, Excerpts())]


def test_lines_that_are_new_or_edited_count(here: Path, finding: Made) -> None:
    (here / "a.py").write_text("one\nTWO\nthree\nfour\nnew\nfive\n")
    assert left(*(finding(file="a.py", line=n) for n in range(1, 7))) == [2, 5]
    assert left(finding(file="a.py", line=1, end_line=3)) == [1]


def test_lines_beside_removed_ones_count(here: Path, finding: Made) -> None:
    (here / "a.py").write_text("one\nfour\nfive\n")
    assert left(*(finding(file="a.py", line=n) for n in range(1, 4))) == [1, 2]


def test_a_file_that_git_does_not_know_is_all_new(here: Path, finding: Made) -> None:
    (here / "b [x]*.py").write_text("x\n")
    assert left(finding(file="b [x]*.py")) == [1]


def test_an_unchanged_file_is_silent(finding: Made) -> None:
    assert left(finding(file="a.py")) == []


def test_a_cell_of_a_notebook_counts_by_its_own_lines(here: Path, finding: Made) -> None:
    def notebook(*sources: str, count: int) -> str:
        cells = [{"cell_type": "code", "execution_count": count, "source": s} for s in sources]
        return json.dumps({"cells": cells, "nbformat": 4}, indent=1)

    (here / "n.ipynb").write_text(notebook("a = 1", "b = 2", count=1))
    git("add", ".")
    git("commit", "-q", "-m", "second")
    (here / "n.ipynb").write_text(notebook("a = 1", "b = 3", count=2))
    findings = [finding(file="n.ipynb", cell=1), finding(file="n.ipynb", cell=2)]
    kept = on_changed_lines(findings, "HEAD", Excerpts())
    assert [f.place.cell for f in kept] == [2]


@pytest.mark.parametrize("revision", ["nope", "--output=x", "HEAD~9"])
def test_a_revision_that_is_none_is_an_error(here: Path, finding: Made, revision: str) -> None:
    with pytest.raises(Complaint, match="--diff-base"):
        left(finding(file="a.py"), revision=revision)
    assert not (here / "x").exists()


def test_without_a_repository_it_is_an_error(finding: Made, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "a.py"
    outside.write_text("x\n")
    with pytest.raises(Complaint, match="repository"):
        left(finding(file=str(outside)))


def test_a_renamed_file_is_compared_with_what_it_was(here: Path, finding: Made) -> None:
    (here / "s p").mkdir()
    git("mv", "a.py", "s p/größe.py")
    (here / "s p" / "größe.py").write_text("one\nTWO\nthree\nfour\nfive\n", encoding="utf-8")
    findings = [finding(file="s p/größe.py", line=n) for n in range(1, 6)]
    assert left(*findings) == [2]
    git("add", ".")
    git("commit", "-q", "-m", "second")
    assert left(*findings) == []
    assert left(*findings, revision="HEAD~1") == [2]


def test_a_branch_is_compared_with_where_it_left(here: Path, finding: Made) -> None:
    git("checkout", "-q", "-b", "topic")
    (here / "a.py").write_text("one\ntwo\nthree\nfour\nFIVE\n")
    git("commit", "-q", "-a", "-m", "on the topic")
    git("checkout", "-q", "-b", "trunk", "HEAD~1")
    (here / "a.py").write_text("ONE\ntwo\nthree\nfour\nfive\n")
    git("commit", "-q", "-a", "-m", "meanwhile")
    git("checkout", "-q", "topic")
    findings = [finding(file="a.py", line=n) for n in range(1, 6)]
    assert left(*findings, revision="trunk") == [1, 5]
    assert left(*findings, revision="trunk...") == [5]


def test_in_a_shallow_clone_a_revision_that_is_not_there_is_an_error(
    here: Path, finding: Made, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (here / "a.py").write_text("one\n")
    git("commit", "-q", "-a", "-m", "second")
    shallow = tmp_path_factory.mktemp("clones") / "shallow"
    git("clone", "-q", "--depth", "1", here.as_uri(), str(shallow))
    with pytest.raises(Complaint, match="--diff-base"):
        left(finding(file=str(shallow / "a.py")), revision="HEAD~1")
    assert left(finding(file=str(shallow / "a.py"))) == []
