"""Where an import leads: from module names to files, by looking at folders only.

A module is looked for in the importing file's own folder, in the folders above it up to the project's
top (and in a `src` beside each), and in the configured roots. The top follows from the file, never from
where one stands. No file is opened here, so that the cache can ask the same question without parsing anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wdlint.source.read.files import Files

if TYPE_CHECKING:
    from pathlib import Path

# What the names of files at the top of a project begin with, where it is no git repository.
_TOP_MARKS = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "wdlint.toml", ".github", ".gitignore", "LICEN",
)  # fmt: skip
# Libraries whose names people give to folders of scripts: one without `__init__.py` never stands before them.
_INSTALLED = frozenset(
    ("torch", "torchvision", "ignite", "lightning", "pytorch_lightning", "transformers", "accelerate", "peft", "trl",
     "timm", "diffusers", "deepspeed", "monai", "fastai", "skorch", "keras", "mmengine", "numpy")
)  # fmt: skip
_GAP = 3  # folders without a mark between two of one project


class Locator:
    """Finds the modules of a project; folders are listed once."""

    def __init__(self, roots: Sequence[Path | str] = (), listed: Callable[[str], frozenset[str]] | None = None) -> None:
        self._roots = [os.fspath(root) for root in roots]
        self._listed = listed or Files().names
        self._found: dict[tuple[str, str, int], str | None] = {}
        self._listings: dict[str, frozenset[str]] = {}
        self._tops: dict[str, str] = {}
        self._paths: dict[str, list[str]] = {}

    def locate(self, importer: str, dotted: str, level: int) -> str | None:
        """The file, or the folder without `__init__`, that `import dotted` in the file `importer` means.

        `level` is the number of leading dots. None where the project has no such module.
        """
        folder = os.path.dirname(importer) or "."
        key = (folder, dotted, level)
        if key not in self._found:
            self._found[key] = self._locate(dotted, folder, level)
        found = self._found[key]
        # a package may import from itself; a script named like a library does not mean itself
        if found is None or level or found.endswith("__init__.py") or not _same_file(found, importer):
            return found
        return self._locate(dotted, folder, level, importer)

    def _locate(self, dotted: str, folder: str, level: int, other_than: str = "") -> str | None:
        parts = dotted.split(".") if dotted else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(os.path.abspath(folder))
            return self._under(folder, parts)
        if folder not in self._paths:
            self._paths[folder] = self._search_path(folder)
        for start in (*self._paths[folder], *self._roots):
            if parts and parts[0] in _INSTALLED and self._is_bare(os.path.join(start, parts[0])):
                continue
            found = self._under(start, parts)
            if found is not None and (not other_than or not _same_file(found, other_than)):
                return found
        return None

    def _under(self, folder: str, parts: list[str]) -> str | None:
        for part in parts[:-1]:
            if part not in self._names(folder):
                return None
            folder = os.path.join(folder, part)
        if not parts:
            return os.path.join(folder, "__init__.py") if "__init__.py" in self._names(folder) else folder
        last = parts[-1]
        names = self._names(folder)
        if last in names:
            package = os.path.join(folder, last)
            inside = self._names(package)
            if "__init__.py" in inside:
                return os.path.join(package, "__init__.py")
            if any(name.endswith(".py") for name in inside):
                return package
        if last + ".py" in names:
            return os.path.join(folder, last + ".py")
        return None

    def _is_bare(self, folder: str) -> bool:
        """Whether a folder has no `__init__.py`, and no module of its name stands beside it."""
        above, name = os.path.split(folder)
        return "__init__.py" not in self._names(folder) and f"{name}.py" not in self._names(above)

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            self._listings[folder] = self._listed(folder)
        return self._listings[folder]

    def _search_path(self, folder: str) -> list[str]:
        """The importer's folder, then its parents up to the project's top, and a `src` beside each."""
        top = self.top(folder)
        path: list[str] = []
        here = folder
        while True:
            path.append(here)
            if "src" in self._names(here):
                path.append(os.path.join(here, "src"))
            if os.path.abspath(here) == top:
                break
            parent = os.path.dirname(os.path.abspath(here))
            if parent == os.path.abspath(here):
                break
            here = os.path.relpath(parent) if not os.path.isabs(folder) else parent
        if not self._is_marked(top) and _own_floors([top, *_above(top)]) > 1:
            path.append(
                os.path.dirname(top)
            )  # `scripts/` and a package side by side, and nothing that says what they are
        return path

    def top(self, folder: str) -> str:
        """The project's root above a folder, told from what lies around it and never from where wdlint was started.

        A configured root or the repository's; without one the highest of near folders with the files that stand
        at the top of a project, or that hold programs; else the folder itself.
        """
        if folder not in self._tops:
            self._tops[folder] = self._find_top(os.path.abspath(folder))
        return self._tops[folder]

    def _find_top(self, folder: str) -> str:
        above = [folder, *_above(folder)]
        roots = {os.path.abspath(root) for root in self._roots}
        for here in above:
            if here in roots or ".git" in self._names(here):
                return here
        near = above[: _own_floors(above)] or [folder]
        marked = self._highest(near, lambda names: any(name.startswith(_TOP_MARKS) for name in names))
        if marked is None:
            marked = self._highest(near, lambda names: any(name.lower().startswith("readme") for name in names))
        if marked is None:
            marked = self._highest(near, lambda names: any(name.endswith(".py") for name in names))
        return marked or folder

    def _is_marked(self, folder: str) -> bool:
        names = self._names(folder)
        return ".git" in names or any(
            name.startswith(_TOP_MARKS) or name.lower().startswith("readme") for name in names
        )

    def _highest(self, folders: Sequence[str], has: Callable[[frozenset[str]], bool]) -> str | None:
        """The highest folder that has something, with few folders without it in between; folders go upwards."""
        found, gap = None, 0
        for folder in folders:
            if has(self._names(folder)):
                found, gap = folder, 0
            else:
                gap += 1
            if gap > _GAP:
                break
        return found


def _above(folder: str) -> list[str]:
    """The folders above one, from the inside out."""
    found: list[str] = []
    while os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
        found.append(folder)
    return found


def _own_floors(above: Sequence[str]) -> int:
    """How many of these folders, from the inside out, can be a project's: not home, and not where all things lie."""
    named = [os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")]  # `tempfile` would write to find out
    shared = {os.path.expanduser("~"), "/tmp", "/var/tmp", *(os.path.abspath(folder) for folder in named if folder)}
    return next((n for n, folder in enumerate(above) if folder in shared or os.path.dirname(folder) == folder), 0)


def _same_file(left: str, right: str) -> bool:
    if os.path.basename(left) != os.path.basename(right):  # nearly always, and asked of every import
        return False
    return os.path.abspath(left) == os.path.abspath(right)
