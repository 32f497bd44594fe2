"""What is made from the project itself is up to date, and the README keeps its promises."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from generated import TOP, generated

from wdlint.cli import wdlint

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

README = (TOP / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["README.md", "wdlint/settings.schema.json"])
def test_a_generated_part_is_up_to_date(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TOP)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    ought = generated()[TOP / path]
    assert (TOP / path).read_text(encoding="utf-8") == ought, "run `python tests/generated.py`"


def test_the_settings_in_the_readme_fit_the_schema() -> None:
    schema = json.loads((TOP / "wdlint" / "settings.schema.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    Validator = type(validator)
    Validator.check_schema(schema)
    section = README.split("\n## Settings\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    assert blocks
    for block in blocks:
        document = tomllib.loads(block)
        validator.validate(document.get("tool", {}).get("wdlint", document))
    assert not validator.is_valid({"selct": []})
    assert not validator.is_valid({"select": "WD1"})


def test_every_editor_in_the_readme_starts_the_server() -> None:
    section = README.split("\n## In an editor\n")[1].split("\n## ")[0]
    (lua,), (toml,), (settings,) = (
        re.findall(rf"```{form}\n(.*?)```", section, re.DOTALL) for form in ("lua", "toml", "json")
    )
    helix = tomllib.loads(toml)["language-server"]["wdlint"]
    code = json.loads(settings)
    assert "server" in wdlint.commands
    for command in (
        re.findall(r'"(\w+)"', lua.split("cmd =")[1].split("\n")[0]),
        [helix["command"], *helix["args"]],
        [code["glspc.server.command"], *code["glspc.server.commandArguments"]],
    ):
        assert command == ["wdlint", "server"]


def test_every_folder_of_code_is_packaged() -> None:
    packages = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(TOP).as_posix() for path in (TOP / "wdlint").rglob("__init__.py")}
    assert sorted(packages) == sorted({folder.replace("/", ".") for folder in folders} | {"wdlint.rules"})


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (TOP / target).exists(), target
