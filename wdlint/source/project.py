"""The modules of the linted project: where an import leads, and each file read and parsed once.

Modules are found from the importing file's own folder, the package it belongs to, and the project
root. Nothing outside these is opened, and nothing is ever run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wdlint.source import tree as t

_ROOT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
_LARGEST = 2_000_000  # bytes; a larger imported module is data rather than a model


@dataclass(eq=False)
class Project:
    """What is known of the files around the linted ones. One instance serves a whole run."""

    roots: Sequence[Path] = ()
    _modules: dict[str, t.Module | None] = field(default_factory=dict)
    _found: dict[tuple[str, str], str | None] = field(default_factory=dict)
    _listings: dict[str, frozenset[str]] = field(default_factory=dict)
    _tops: dict[str, str] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)

    def module(self, path: str, data: bytes | None = None) -> t.Module | None:
        """The program in a file, or None where it can't be read or parsed.

        `data` spares a second read for a file that is already in memory.
        """
        if path in self._modules:
            return self._modules[path]
        self._modules[path] = None
        if data is None:
            try:
                if os.path.getsize(path) > _LARGEST:
                    return None
                data = Path(path).read_bytes()
            except OSError:
                return None
        from wdlint.source.parse import Unreadable, parse

        try:
            self._modules[path] = parse(data, path)
        except Unreadable:
            pass
        return self._modules[path]

    def adopt(self, module: t.Module) -> None:
        """Make an already parsed file known, so that imports of it meet the same program."""
        self._modules[module.path] = module

    def resolve(self, dotted: str, importer: t.Module, level: int = 0) -> t.Module | str | None:
        """What `import dotted` in `importer` means: a project module, a folder without `__init__`, or None.

        `level` is the number of leading dots. A folder is returned as its path.
        """
        key = (f"{level}:{dotted}", os.path.dirname(importer.path) or ".")
        if key not in self._found:
            self._found[key] = self._locate(dotted, importer.path, level)
        found = self._found[key]
        if found is None or not found.endswith(".py"):
            return found
        return self.module(found)

    def mentioning(
        self, dotted: str, importer: t.Module, level: int, wanted: Sequence[bytes]
    ) -> t.Module | None:
        """The project module that an import leads to, if its bytes hold one of the wanted names.

        Spares parsing modules that can't answer.
        """
        key = (f"{level}:{dotted}", os.path.dirname(importer.path) or ".")
        if key not in self._found:
            self._found[key] = self._locate(dotted, importer.path, level)
        path = self._found[key]
        if path is None or not path.endswith(".py"):
            return None
        if path not in self._bytes:
            try:
                self._bytes[path] = Path(path).read_bytes() if os.path.getsize(path) <= _LARGEST else b""
            except OSError:
                self._bytes[path] = b""
        data = self._bytes[path]
        return self.module(path, data) if any(name in data for name in wanted) else None

    def _locate(self, dotted: str, importer: str, level: int) -> str | None:
        folder = os.path.dirname(importer) or "."
        parts = dotted.split(".") if dotted else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(os.path.abspath(folder))
            return self._under(folder, parts)
        for start in self._search_path(folder):
            found = self._under(start, parts)
            if found is not None and os.path.abspath(found) != os.path.abspath(importer):
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

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _search_path(self, folder: str) -> list[str]:
        """The importer's folder, then its parents up to the project's top, and a `src` beside each."""
        top = self._top(folder)
        path: list[str] = []
        here = folder
        while True:
            path.append(here)
            if "src" in self._names(here):
                path.append(os.path.join(here, "src"))
            if os.path.abspath(here) == top:
                return path
            parent = os.path.dirname(os.path.abspath(here))
            if parent == os.path.abspath(here):
                return path
            here = os.path.relpath(parent) if not os.path.isabs(folder) else parent

    def _top(self, folder: str) -> str:
        """The project root above a folder: a configured root, the nearest mark, or the working folder."""
        if folder not in self._tops:
            here = os.path.abspath(folder)
            tops = {os.path.abspath(root) for root in self.roots} | {os.getcwd()}
            climb = here
            while True:
                if climb in tops or not self._names(climb).isdisjoint(_ROOT_MARKS):
                    break
                parent = os.path.dirname(climb)
                if parent == climb:
                    climb = here
                    break
                climb = parent
            self._tops[folder] = climb
        return self._tops[folder]
