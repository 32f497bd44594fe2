"""What rules of one's own may import: five modules that say their names, of which wdlint's own rules are content."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

TOP = Path(__file__).parents[2]
PUBLIC = ("wdlint.facts", "wdlint.reach", "wdlint.rule", "wdlint.splits", "wdlint.wording")
RULES = sorted((TOP / "rules").glob("[!_]*.py"))


@pytest.fixture(params=PUBLIC)
def door(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def test_every_public_name_is_there_and_says_what_it_is(door: ModuleType) -> None:
    assert door.__all__ and sorted(set(door.__all__)) == sorted(door.__all__)
    silent = [
        name
        for name in door.__all__
        if (thing := getattr(door, name)) and (inspect.isroutine(thing) or inspect.isclass(thing))
        if not inspect.getdoc(thing)
    ]
    assert silent == []


def test_all_that_a_door_shows_is_public(door: ModuleType) -> None:
    shown = {name for name, thing in vars(door).items() if not name.startswith("_") and not inspect.ismodule(thing)}
    assert shown - set(door.__all__) <= {"annotations", "dataclass", "field", "Enum", "Iterator"}


@pytest.mark.parametrize("path", RULES, ids=[path.stem for path in RULES])
def test_own_rules_need_no_more_than_others_may_use(path: Path) -> None:
    used = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "wdlint":
            used |= {f"wdlint.{name.name}" for name in node.names} if node.module == "wdlint" else {str(node.module)}
    assert used <= set(PUBLIC)


def test_the_guide_names_each(door: ModuleType) -> None:
    assert f"`{door.__name__}`" in (TOP / "docs" / "writing-a-rule.md").read_text(encoding="utf-8")
