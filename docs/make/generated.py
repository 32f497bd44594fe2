"""What is made from the project itself, by path: the pages of the rules, the tables of rules, settings and options,
the picture of the terminal, the outputs on every page, and the schema of the settings."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import accuracy_page
import command_page
import rule_pages
import settings_page
from address import placed
from click.testing import CliRunner
from story import TOP, told
from terminal import picture

from wdlint.commands.cli import wdlint
from wdlint.judging.rule import built_in
from wdlint.report.rule_page import markdown_table
from wdlint.settings.schema import schema

PICTURE = TOP / "docs" / "terminal.svg"
SHOWN = "wdlint fixtures/library/finetune_gpt2.py"  # what the picture and the README's first command show
TABLES: dict[str, Callable[[], str]] = {
    "rules": lambda: markdown_table(built_in()),
    "settings": settings_page.table,
    "options": command_page.options,
    "labels": lambda: accuracy_page.table("labels"),
    "fresh": lambda: accuracy_page.table("fresh"),
}

_PART = re.compile(r"(<!-- (?P<what>rules|settings|options|labels|fresh) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """The pages written by hand: their outputs and tables are made, the rest is not."""
    return [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


def page(path: Path) -> str:
    """A page by hand as it ought to be.

    Raises:
        Untrue: one of its blocks does not do what the page says.
    """
    tables = _PART.sub(lambda found: f"{found[1]}{TABLES[found['what']]()}{found[4]}", path.read_text(encoding="utf-8"))
    return told(placed(tables))


def whole_files() -> dict[Path, str]:
    """The files that are made as a whole."""
    return {
        **{TOP / "docs" / "rules" / name: text for name, text in rule_pages.pages().items()},
        PICTURE: _picture(),
        TOP / "wdlint" / "settings" / "schema.json": json.dumps(schema(), indent=2) + "\n",
    }


def _picture() -> str:
    before = os.getcwd()
    os.chdir(TOP)
    try:
        arguments = [*SHOWN.split()[1:], "--color", "always", "--no-cache", "--output-format", "text"]
        shown = CliRunner().invoke(wdlint, arguments, prog_name="wdlint")
    finally:
        os.chdir(before)
    return picture(SHOWN, shown.stdout)
