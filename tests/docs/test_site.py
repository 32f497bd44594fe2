"""The pages as a site: what is on it, and where its links lead."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs" / "make"))
from address import address  # noqa: E402
from site_pages import of_readme, with_repository  # noqa: E402

from wdlint.version import __version__  # noqa: E402

THERE = f"{address()}/blob/v{__version__}"


def test_the_readme_is_the_first_page_and_leads_to_its_neighbours() -> None:
    text = '<img src="docs/a.svg"> [x](docs/rules/y.md#z) [c](CONTRIBUTING.md) [h](#use) [w](https://example.org)'
    assert of_readme(text) == (
        f'<img src="a.svg"> [x](rules/y.md#z) [c]({THERE}/CONTRIBUTING.md) [h](#use) [w](https://example.org)'
    )


@pytest.mark.parametrize(
    ("page", "link", "led"),
    [
        ("how-it-works.md", "../wdlint/facts.py", f"{THERE}/wdlint/facts.py"),
        ("rules/a.md", "../theory.md", "../theory.md"),
        ("rules/a.md", "../../rules/a.py", f"{THERE}/rules/a.py"),
        ("settings.md", "theory.md#x", "theory.md#x"),
    ],
)
def test_what_lies_outside_of_the_pages_is_in_the_repository(page: str, link: str, led: str) -> None:
    assert with_repository(f"[x]({link})", page) == f"[x]({led})"


def test_every_page_is_in_the_navigation() -> None:
    shown = set(re.findall(r"[\w-]+\.md", (TOP / "mkdocs.yml").read_text(encoding="utf-8")))
    assert {path.name for path in (TOP / "docs").glob("*.md")} == shown


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    pytest.importorskip("material", reason="needs mkdocs-material")
    for name in ("docs", "wdlint"):
        shutil.copytree(TOP / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "README.md", "pyproject.toml"):
        shutil.copy(TOP / name, tmp_path / name)
    return tmp_path


def built(pages: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build"], cwd=pages, capture_output=True, text=True, check=False
    )


def test_the_site_is_built_with_every_link_checked(pages: Path) -> None:
    done = built(pages)
    assert done.returncode == 0, done.stderr
    assert "WD101 decayed-bias" in (pages / "site" / "rules" / "index.html").read_text(encoding="utf-8")
    assert not (pages / "site" / "make").exists()


@pytest.mark.parametrize("link", ["nowhere.md", "settings.md#no-such-key"])
def test_a_link_that_leads_nowhere_is_refused(pages: Path, link: str) -> None:
    with open(pages / "docs" / "theory.md", "a", encoding="utf-8") as page:
        page.write(f"\n[x]({link})\n")
    done = built(pages)
    assert done.returncode != 0
    assert link.partition("#")[2] in done.stderr
