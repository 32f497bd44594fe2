"""What mkdocs asks for: the pages of the site as the project has them.

On the site the README is the first page, links to files of the repository lead there, and the rules are listed by code.
The pages themselves are those that are read in the repository; nothing is written here.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]
from address import TOP, address  # noqa: E402

from wdlint.version import __version__  # noqa: E402

INDEX = "README.md"
_OUTSIDE = re.compile(r"(?<=\]\()((?:\.\./)+)([^)\s]+)(?=\))")  # a link that leads out of the pages' folder
_OF_README = re.compile(r"((?:\]\(|src=\"))(?!https?:|#)(docs/)?([^)\"\s]+)")


def on_config(config: Any) -> Any:
    """Where the site's sources are, and the rules' pages in the navigation."""
    config.repo_url, config.repo_name, config.edit_uri = address(), "wdlint", ""
    table = (TOP / "docs" / "rules" / INDEX).read_text(encoding="utf-8")
    listed = [{f"{code} {name}": f"rules/{file}"} for code, name, file in _by_code(table)]
    for section in config.nav:
        if isinstance(section, dict) and "Look up" in section:
            section["Look up"].append({"Rules": [{"All": f"rules/{INDEX}"}, *listed]})
    return config


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """A page's text with links that hold on the site."""
    if page.file.src_uri == INDEX:
        return of_readme((TOP / INDEX).read_text(encoding="utf-8"))
    return with_repository(markdown, page.file.src_uri)


def of_readme(text: str) -> str:
    """The README as it stands beside the pages."""

    def led(found: re.Match[str]) -> str:
        return f"{found[1]}{found[3]}" if found[2] else f"{found[1]}{_in_repository(found[3])}"

    return _OF_README.sub(led, text)


def with_repository(text: str, page: str) -> str:
    """A page on which links that lead out of the folder of pages lead into the repository."""
    depth = page.count("/")

    def led(found: re.Match[str]) -> str:
        climbs = found[1].count("../")
        return _in_repository(found[2]) if climbs > depth else found[0]

    return _OUTSIDE.sub(led, text)


def _in_repository(path: str) -> str:
    return f"{address()}/blob/v{__version__}/{path}"


def _by_code(table: str) -> list[tuple[str, str, str]]:
    """Code, name and file of each rule in the table of rules."""
    return re.findall(r"^\| (WD\d+) \| \[([\w-]+)\]\(([\w-]+\.md)\)", table, re.MULTILINE)
