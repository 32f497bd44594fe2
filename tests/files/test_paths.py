"""Which files a run looks at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wdlint.files.paths import discover, display, missing
from wdlint.settings.catalogue import Settings


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tree(*files: str) -> None:
    for name in files:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x = 1\n")


def found(*paths: str, **settings: object) -> list[str]:
    held = Settings(root=os.getcwd(), **settings)  # type: ignore[arg-type]
    return list(discover(paths or (".",), lambda folder: held))


def test_a_folder_is_walked_files_first_and_by_name() -> None:
    tree("b.py", "a.py", "z/c.py", "m/d.py", "m/e.ipynb", "readme.md", "m/data.csv")
    assert found() == ["a.py", "b.py", "m/d.py", "m/e.ipynb", "z/c.py"]


def test_paths_start_as_the_user_wrote_them(here: Path) -> None:
    tree("src/a.py")
    assert found("src") == ["src/a.py"]
    assert found("./src") == ["./src/a.py"]
    assert found(str(here / "src")) == [str(here / "src/a.py")]
    assert [display(p) for p in found("./src", str(here))] == ["src/a.py"]


def test_a_file_counts_once() -> None:
    tree("a.py")
    assert found("a.py", ".", "./a.py") == ["a.py"]


@pytest.mark.parametrize("folder", [".git", ".venv", "build", "node_modules", "__pycache__", "site-packages"])
def test_the_usual_folders_are_skipped(folder: str) -> None:
    tree(f"{folder}/a.py", f"src/{folder}/b.py")
    assert found() == []
    assert found(folder) == [f"{folder}/a.py"]


def test_a_virtual_environment_is_skipped_whatever_its_name() -> None:
    tree("env3/lib/a.py", "env3/pyvenv.cfg")
    assert found() == []


def test_a_cache_inside_is_skipped_whatever_its_name() -> None:
    tree("kept/a.json", "kept/CACHEDIR.TAG", "b.py")
    assert found() == ["b.py"]
    assert found("kept") == ["kept/a.json"]


def test_a_file_named_outright_is_linted_whatever_it_is() -> None:
    tree("train", "build/a.py")
    assert found("train", "build/a.py", exclude=("train", "build")) == ["train", "build/a.py"]


def test_with_force_exclude_a_named_file_is_skipped_too() -> None:
    tree("build/deep/a.py", "b.py")
    assert found("build/deep/a.py", "b.py", "build", force_exclude=True) == ["b.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.ipynb", ["a.py", "gen/b.py", "src/gen/c.py"]),
        ("gen", ["a.py", "a.ipynb"]),
        ("gen/", ["a.py", "a.ipynb"]),
        ("src/gen", ["a.ipynb", "a.py", "gen/b.py"]),
        ("src/*", ["a.ipynb", "a.py", "gen/b.py"]),
        ("./src/gen/c.py", ["a.ipynb", "a.py", "gen/b.py"]),
    ],
)
def test_exclude_takes_names_and_paths(pattern: str, left: list[str]) -> None:
    tree("a.py", "a.ipynb", "gen/b.py", "src/gen/c.py")
    assert sorted(found(extend_exclude=(pattern,))) == sorted(left)


def test_gitignore_is_respected_below_a_repository(here: Path) -> None:
    tree("a.py", "out/b.py", "sub/c.py", "sub/keep.py", "sub/deep/d.py", ".git/HEAD")
    (here / ".gitignore").write_text("out/\n*c.py\n/sub/deep\n")
    assert found() == ["a.py", "sub/keep.py"]
    assert found("sub") == ["sub/keep.py"]
    assert len(found(respect_gitignore=False)) == 5


def test_an_inner_gitignore_has_the_last_word(here: Path) -> None:
    tree("sub/a.py", "sub/b.py", ".git/HEAD")
    (here / ".gitignore").write_text("*.py\n")
    (here / "sub/.gitignore").write_text("!b.py\n")
    assert found() == ["sub/b.py"]


def test_an_ignored_file_is_skipped_with_force_exclude_only(here: Path) -> None:
    tree("out/a.py", ".git/HEAD")
    (here / ".gitignore").write_text("out\n")
    assert found("out/a.py") == ["out/a.py"]
    assert found("out/a.py", force_exclude=True) == []


def test_a_gitignore_that_is_not_sound_is_read_as_far_as_it_is(here: Path) -> None:
    tree("a.py", "b.py", ".git/HEAD")
    (here / ".gitignore").write_bytes(b"\xff\xfe\n!\n\\\nb.py\n")
    assert found() == ["a.py"]


def test_links_can_do_no_harm(here: Path) -> None:
    tree("a/x.py", "b.py")
    (here / "a/loop").symlink_to(here)
    (here / "again.py").symlink_to(here / "b.py")
    (here / "self").symlink_to("self")
    (here / "gone.py").symlink_to(here / "nothing.py")
    assert found() == ["b.py", "a/x.py"]
    assert found("again.py") == ["again.py"]


def test_a_path_that_does_not_exist_is_named() -> None:
    tree("a.py")
    assert found("a.py", "nope.py") == ["a.py"]
    assert missing(["a.py", "nope.py"]) == ["nope.py"]


def test_a_folder_that_cannot_be_opened_is_passed_over(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree("a.py", "locked/b.py")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("wdlint.files.paths.os.scandir", refusing)
    assert found() == ["a.py"]


def test_the_order_is_the_same_every_time() -> None:
    tree(*(f"d{i % 3}/f{i}.py" for i in range(20)))
    assert found() == found() == sorted(found())


@pytest.mark.parametrize("pattern", ["/old/", "old", "o*", "/old/\n!/old/a.py"])
def test_a_folder_named_outright_is_searched_though_an_outer_gitignore_leaves_it_out(pattern: str) -> None:
    tree("old/a.py", "old/in/b.py", "new/c.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text(pattern + "\n")
    assert found(".") == ["new/c.py"]
    assert found("old") == ["old/a.py", "old/in/b.py"]
    assert found("old/in") == ["old/in/b.py"]
    assert found("old", force_exclude=True) == []
    Path("old/.gitignore").write_text("b.py\n")
    assert found("old") == ["old/a.py"]
