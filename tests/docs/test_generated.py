"""What is made from the project itself is up to date: rules' pages, picture, schema. And the package is whole."""

from __future__ import annotations

import json
import re
import runpy
import sys
from pathlib import Path

import jsonschema
import pytest

TOP = Path(__file__).parents[2]
sys.path.insert(0, str(TOP / "docs" / "make"))
from generated import whole_files  # noqa: E402

from wdlint.commands.cli import wdlint  # noqa: E402

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MADE = whole_files()


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_a_file_is_as_it_is_made_today(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == MADE[path], "run `python docs/make`"


def test_no_page_is_left_of_a_rule_that_is_gone() -> None:
    assert set((TOP / "docs" / "rules").iterdir()) <= set(MADE), "run `python docs/make`"


def test_the_schema_tells_right_settings_from_wrong_ones() -> None:
    validator = jsonschema.Draft7Validator(json.loads((TOP / "wdlint" / "settings" / "schema.json").read_text()))
    type(validator).check_schema(validator.schema)
    assert validator.is_valid({"select": ["WD1"]})
    assert not validator.is_valid({"selct": []})
    assert not validator.is_valid({"select": "WD1"})


def test_every_editor_on_its_page_starts_the_server() -> None:
    section = (TOP / "docs" / "editors.md").read_text(encoding="utf-8")
    (toml,) = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    helix = tomllib.loads(toml)["language-server"]["wdlint"]
    lua = re.findall(r"cmd = \{ (.*?) \}", section)
    assert "server" in wdlint.commands
    assert [helix["command"], *helix["args"]] == ["wdlint", "server"]
    assert lua == ['"wdlint", "server"'] * 2


def test_the_command_writes_a_page_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "page.md"
    stale.write_text("<!-- output -->\n```text\nyesterday\n```\n<!-- rules -->\nyesterday\n<!-- end -->\n")
    monkeypatch.setattr(sys, "argv", ["make", str(stale)])
    runpy.run_path(str(TOP / "docs" / "make"), run_name="__main__")
    assert "yesterday" not in stale.read_text()
    assert "[decayed-bias](docs/rules/decayed-bias.md)" in stale.read_text()
