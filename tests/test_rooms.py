"""The rooms keep their order: imports run downwards only, those in functions and for type checking included."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
# From the top floor down; rooms on one floor may know each other. docs/how-it-works.md says what is in each.
FLOORS = (
    ("__main__", "making"),
    ("commands",),
    ("server",),
    ("__init__", "api", "testing", "flake8"),
    ("model",),
    ("linting",),
    ("fix",),
    ("rules",),
    ("reach", "rule", "splits", "wording"),  # what rules of one's own may use
    ("report",),
    ("judging",),
    ("source",),
    ("configuration",),
    ("documents",),
    ("files",),
    ("knowledge",),
    ("settings",),
    ("complaint", "facts", "harmless", "suggest", "version"),
)
INNER_FLOORS = {  # of rooms that have rooms inside
    "model": (
        ("show", "running"),
        ("audit", "groups"),
        ("showing",),
        ("loading",),
        ("optimizers",),
        ("kinds",),
        ("observing",),
        ("untouched",),
        ("holding",),
        ("__init__",),
    ),
    "source": (
        ("engine",),
        ("observation",),
        ("optimizers",),
        ("penalties",),
        ("models",),
        ("selections",),
        ("libraries",),
        ("values",),
        ("read",),
        ("__init__",),
    ),
}
MOST_LINES, MOST_FILES = 450, 25


def modules() -> dict[str, Path]:
    """The files of wdlint by the names under which they are imported; rules are installed as wdlint.rules."""
    found = {}
    for path in sorted((TOP / "wdlint").rglob("*.py")):
        found[".".join(path.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__")] = path
    for path in sorted((TOP / "rules").glob("*.py")):
        found[f"wdlint.rules.{path.stem}".removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[tuple[str, int]]:
    """What a module imports of wdlint, wherever in it the import stands or by `import_module`, with the lines."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            if isinstance(node.args[0], ast.Constant) and str(node.args[0].value).split(".")[0] == "wdlint":
                yield str(node.args[0].value), node.lineno
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "wdlint")
        elif isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "wdlint"):
            assert not node.level, f"{name}:{node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in MODULES else str(node.module)), node.lineno


def floor(name: str) -> tuple[int, int]:
    """The floor of a module's room in the house and, inside a room that has floors, there; higher numbers are lower."""
    _, outer, inner = [*name.split("."), "__init__", "__init__"][:3]
    return storey(FLOORS, outer, name), storey(INNER_FLOORS[outer], inner, name) if outer in INNER_FLOORS else 0


def storey(floors: tuple[tuple[str, ...], ...], room: str, name: str) -> int:
    number = next((number for number, rooms in enumerate(floors) if room in rooms), None)
    assert number is not None, f"{name}: its room has no floor yet"
    return number


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_downwards(name: str) -> None:
    upwards = [f"{name}:{line}: {target}" for target, line in imports(name) if floor(target) < floor(name)]
    assert upwards == []


def room(name: str) -> str:
    """The room that a module belongs to, with the rooms inside of it; where a room has floors, the one inside."""
    parts = name.split(".")
    return ".".join(parts[: 3 if parts[1:2] and parts[1] in INNER_FLOORS else 2])


@pytest.mark.parametrize("part", [room, str])
def test_nothing_needs_itself_by_way_of_others(part: Callable[[str], str]) -> None:
    """No circle between rooms, nor between modules."""
    needs: dict[str, set[str]] = {}
    for name in MODULES:
        for target, _ in imports(name):
            if part(target) != part(name):
                needs.setdefault(part(name), set()).add(part(target))
    assert circles(needs) == []


def circles(needs: dict[str, set[str]]) -> list[list[str]]:
    """Things that need each other, by way of others or not: the strongly connected parts of more than one."""
    reached: dict[str, set[str]] = {}
    for start in needs:
        seen: set[str] = set()
        queue = list(needs[start])
        while queue:
            current = queue.pop()
            if current not in seen:
                seen.add(current)
                queue.extend(needs.get(current, ()))
        reached[start] = seen
    return [
        sorted({start, *(other for other in reached[start] if start in reached.get(other, ()))})
        for start in needs
        if start in reached[start]
    ]


def test_circles_are_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [["b", "c"], ["b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == []


def test_every_room_can_be_read_in_one_sitting() -> None:
    long = {name: lines for name, path in MODULES.items() if (lines := len(path.read_text().splitlines())) > MOST_LINES}
    assert long == {}
    counts: dict[str, int] = {}
    for path in MODULES.values():
        if path.name != "__init__.py" and path.parent != TOP / "rules":
            folder = path.parent.relative_to(TOP).as_posix()
            counts[folder] = counts.get(folder, 0) + 1
    full = {folder: number for folder, number in counts.items() if number > MOST_FILES}
    assert full == {}


def test_every_room_says_what_it_holds() -> None:
    silent = [
        name
        for name, path in MODULES.items()
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
