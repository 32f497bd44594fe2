"""How wdlint is got: nothing promises a place where it isn't, and the address stands in one place."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from wdlint.version import __version__

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs" / "make"))
from address import address, placed  # noqa: E402
from generated import pages  # noqa: E402

# `wdlint`, or with extras, as a package index would know it; not the forms that name an address or a clone.
_FROM_AN_INDEX = re.compile(
    r"(?:pip3?|pipx|uv tool) install[^\n`]*[ '\"]wdlint(?:\[\w+\])?(?:==[\w.]+)?['\"`]?(?!\S* @)(?=[\s'\"`)]|$)"
)
TOLD = [
    *pages(), TOP / "action.yml", TOP / "CONTRIBUTING.md", TOP / ".pre-commit-hooks.yaml",
    *(TOP / "wdlint").rglob("*.py"), *(TOP / "wdlint").rglob("*.html"),
]  # fmt: skip


def test_nobody_is_sent_to_an_index_that_does_not_have_it() -> None:
    assert [path for path in TOLD if _FROM_AN_INDEX.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("pip install wdlint", True),
        ("`pip install 'wdlint[model]'`", True),
        ("pip install wdlint==0.1.0\n", True),
        ('pip install "git+https://github.com/OWNER/wdlint@v0.1.0"', False),
        ("pip install .", False),
        ("pip install ruamel.yaml", False),
    ],
)
def test_what_would_ask_an_index_is_seen(text: str, refused: bool) -> None:
    assert bool(_FROM_AN_INDEX.search(text)) == refused


def test_pages_name_the_one_address_and_the_version_of_today() -> None:
    page = (
        'pip install "git+https://github.com/OWNER/wdlint@v0.0.1"\n'
        "- repo: https://github.com/OWNER/wdlint\n  rev: v0.0.1\n"
        "- uses: OWNER/wdlint@v0.0.1\n[other](https://github.com/OWNER/wdlint-more)\n"
    )
    assert placed(page, "https://git.example.org/us/wdlint", "1.2") == (
        'pip install "git+https://git.example.org/us/wdlint@v1.2"\n'
        "- repo: https://git.example.org/us/wdlint\n  rev: v1.2\n"
        "- uses: us/wdlint@v1.2\n[other](https://github.com/OWNER/wdlint-more)\n"
    )


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_every_page_is_as_the_address_wants_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert placed(text) == text, "run `python docs/make`"


def test_readme_names_address_and_version() -> None:
    assert f'pip install "git+{address()}@v{__version__}"' in (TOP / "README.md").read_text(encoding="utf-8")


def test_a_release_is_checked_before_it_is_published() -> None:
    jobs = yaml.safe_load((TOP / ".github" / "workflows" / "publish.yml").read_text(encoding="utf-8"))["jobs"]
    commands = "\n".join(step.get("run", "") for step in jobs["build"]["steps"])
    assert "twine check --strict" in commands
    assert "CHANGELOG.md" in commands
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
