"""What .gitignore files ignore: git itself is asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from wdlint.files.gitignore import IgnoreFile, ignore_file
from wdlint.files.paths import discover
from wdlint.settings.catalogue import Settings

pytestmark = pytest.mark.skipif(shutil.which("git") is None or sys.platform == "win32", reason="asks git")

FILES = [
    "a.py", "b.py", "ab.py", "aab.py", "-.py", "].py", "a b.py", "#a.py", "!a.py", "\\a.py", "A.py", "7.py", ".a.py",
    "a/a.py", "a/b.py", "a/b/a.py", "a/b/ab/b.py", "b/a/b/a.py", "ab/a b/a.py", "b/!a/a.py", "build.py/a.py",
    "a[b/a.py",
]  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    top = tmp_path_factory.mktemp("tree")
    for name in FILES:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("")
    git(top, "init", "--quiet")
    before = Path.cwd()
    os.chdir(top)
    yield top
    os.chdir(before)


def git(top: Path, *arguments: str, given: bytes = b"") -> bytes:
    command = ["git", "-c", "core.ignorecase=false", *arguments]
    return subprocess.run(command, cwd=top, input=given, capture_output=True, check=False).stdout


def kept_by_git(top: Path) -> set[str]:
    ignored = git(top, "check-ignore", "--no-index", "-z", "--stdin", given="\0".join(FILES).encode())
    return set(FILES) - set(ignored.decode().split("\0"))


def kept(top: Path) -> set[str]:
    held = Settings(root=str(top), exclude=())
    return set(discover(["."], lambda folder: held))


def agree(top: Path, outer: str, inner: str = "") -> None:
    (top / ".gitignore").write_bytes(outer.encode())
    (top / "a" / ".gitignore").write_bytes(inner.encode())
    assert kept(top) == kept_by_git(top)


@pytest.mark.parametrize(
    "patterns",
    [
        "a.py", "/a.py", "a/", "/a", "a/b", "a/*", "a/**", "**/a.py", "a/**/b.py", "**", "/**", "**/", "*", "/*", "*/",
        "*.py\n!b.py", "a/\n!a/b/", "a/*\n!a/b", "[ab].py", "[!a].py", "[^a].py", "[a-b]*.py", "[]].py", "[]-].py",
        "[[:alpha:]].py", "[[:digit:]].py", "[[:nope:]].py", "[ab", "a[b/", "a\\[b", "\\#a.py", "#a.py", "\\!a.py",
        "!a.py", "a b.py  ", "a b.py\\ ", "a\\ b.py", "\\\\a.py", "a\\", "?.py", "a?.py", "***/a.py", "a**.py", "a//b",
        "/", "//a", "a.py\r\nb.py\r", "\ufeffa.py", " a.py", "*a*b*", "a/b/**/", "[a-].py", "[--a].py", "[b-a].py",
        "[\\]].py",
    ],
)  # fmt: skip
def test_patterns_mean_what_they_mean_to_git(tree: Path, patterns: str) -> None:
    agree(tree, patterns + "\n")


_SIGNS = [
    "a",
    "b",
    "a",
    "*",
    "**",
    "/",
    "?",
    "[",
    "]",
    "!",
    "-",
    "\\",
    " ",
    "#",
    ".py",
    "[ab]",
    "[!b]",
    "**/",
    "/**/",
    "\n",
]
_TEXT = st.lists(st.sampled_from(_SIGNS), max_size=9).map("".join)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outer=_TEXT, inner=_TEXT)
@example(outer="*\n!*/", inner="!b.py")
@example(outer="a/*", inner="!b/")
def test_any_patterns_mean_what_they_mean_to_git(tree: Path, outer: str, inner: str) -> None:
    # `a**/b` is `a*/b` by git's documentation; by its code it is `a` with `**/b` after it.
    assume(not re.search(r"[^/\n!]\*\*", outer + "\n" + inner))
    agree(tree, outer, inner)


def test_a_repositorys_own_exclusions_count(tree: Path) -> None:
    (tree / ".git" / "info" / "exclude").write_text("a.py\nb/\n")
    agree(tree, "!a/b/a.py\n", "!a.py\n")
    (tree / ".git" / "info" / "exclude").unlink()


@pytest.mark.parametrize("by", ["git/ignore", "excludesFile"])
def test_what_the_user_ignores_everywhere_counts(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    if by == "git/ignore":
        (tmp_path / "config" / "git").mkdir(parents=True)
        (tmp_path / "config" / "git" / "ignore").write_text("b.py\n")
    else:
        (tmp_path / ".gitconfig").write_text("[user]\n\tname = a\n[core]\n\tpager = x\n\texcludesFile = ~/mine\n")
        (tmp_path / "mine").write_text("b.py\n")
    agree(tree, "a/\n", "")
    assert "b.py" not in kept(tree)
    agree(tree, "!b.py\n", "")
    assert "b.py" in kept(tree)


def test_a_worktree_has_the_exclusions_of_its_repository(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / ".git" / "info" / "exclude").write_text("b.py\n")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    git(tree, *identity, "commit", "--allow-empty", "--quiet", "-m", "first")
    git(tree, "worktree", "add", "--quiet", str(tmp_path / "other"))
    monkeypatch.chdir(tmp_path / "other")
    for name in ("a.py", "b.py"):
        Path(name).write_text("x = 1\n")
    held = Settings(root=str(tmp_path / "other"), exclude=())
    assert list(discover(["."], lambda folder: held)) == ["a.py"]
    assert list(discover(["b.py"], lambda folder: Settings(root=folder, force_exclude=True))) == []
    (tree / ".git" / "info" / "exclude").unlink()


def test_every_pattern_comes_to_an_end() -> None:  # one that went back for every star would never do so
    lines = ["*a" * 60 + "b", "/" + "**/a/" * 40 + "b", "[a-z]*" * 40 + "!"]
    ignore = IgnoreFile("/top", lines)
    assert ignore.verdict("/top/" + "a" * 250, False) is None
    assert ignore.verdict("/top/" + "a/" * 60 + "c", False) is None


def test_a_file_that_cannot_be_read_ignores_nothing(tmp_path: Path) -> None:
    assert ignore_file(str(tmp_path)) == ()
    (tmp_path / ".gitignore").mkdir()
    assert ignore_file(str(tmp_path)) == ()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / ".gitignore").write_bytes(b"\xff\xfe\n*.log\n")
    (ignore,) = ignore_file(str(tmp_path / "b"))
    assert ignore.verdict(str(tmp_path / "b" / "x.log"), False) is True
