"""The modules of the linted project: where an import leads, and each file read and parsed once.

Modules are found from the importing file's own folder, the package it belongs to, and the project
root. Nothing outside these is opened, and nothing is ever run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from wdlint.settings.catalogue import Settings
from wdlint.source.read import tree as t
from wdlint.source.read.files import Files, Programs
from wdlint.source.read.location import Locator
from wdlint.source.read.mentions import PROGRAMS, Mentions

if TYPE_CHECKING:
    from wdlint.source.read.screen import Imported

V = TypeVar("V")


@dataclass
class Trail:
    """What the reading of one file rests on besides its own bytes: the cache keeps a result by it."""

    files: dict[str, None] = field(default_factory=dict)  # files that were read, or found missing
    imports: dict[tuple[str, str, int], str | None] = field(default_factory=dict)  # importer, name, dots: where to
    # Folder, name, endings: the files that have it.
    searches: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)
    # Which files with which bytes may freeze parameters, see `models.frozen`: known for as long as the trail says
    # what was looked at to tell it.
    freezing: dict[tuple[str, bytes], bool] = field(default_factory=dict)

    def besides(self, file: str) -> tuple[str, ...]:
        """The files but the one that is read, each once however an import or the user spells its path."""
        files = dict.fromkeys(map(os.path.normpath, self.files))
        files.pop(os.path.normpath(file), None)
        return tuple(files)


@dataclass(eq=False)
class Project:
    """What is known of the files around the linted ones. One instance serves a whole run."""

    roots: Sequence[Path] = ()
    settings: Settings | None = None
    files: Files = field(default_factory=Files)
    programs: Programs = field(default_factory=Programs)
    _modules: dict[str, t.Module | None] = field(default_factory=dict)
    trail: Trail = field(default_factory=Trail)
    _bytes: dict[str, bytes] = field(default_factory=dict)
    _makers: dict[str, bool] = field(default_factory=dict)
    _brought: dict[tuple[str, str], list[tuple[str, int]]] = field(default_factory=dict)
    _imported: dict[str, list[Imported]] = field(default_factory=dict)
    _mentioned: dict[tuple[str, tuple[bytes, ...]], bool] = field(default_factory=dict)
    _keys: dict[str, str] = field(default_factory=dict)
    _mentions: dict[tuple[str, ...], Mentions] = field(default_factory=dict)  # by the endings of files
    _locator: Locator | None = None

    def module(self, path: str, data: bytes | None = None) -> t.Module | None:
        """The program in a file, or None where it can't be read or parsed.

        `data` spares a second read for a file that is already in memory.
        """
        self.trail.files[path] = None
        key = self._key(path)
        if key in self._modules:
            return self._modules[key]
        self._modules[key] = None
        if data is None:
            data = self.files.read(path)
            if data is None:
                return None
        from wdlint.source.read.parse import Unreadable, parse_mended

        try:
            self._modules[key] = self.programs.consulted(data, path)
        except Unreadable:
            self._modules[key] = parse_mended(data, path)
        return self._modules[key]

    def with_text(self, path: str, data: bytes) -> Project:
        """The same project with other bytes in one file; what was learnt of the other files goes along."""
        there = os.path.abspath(path)

        def others(known: dict[str, V]) -> dict[str, V]:
            return {of: value for of, value in known.items() if os.path.abspath(of) != there}

        changed = Project(self.roots, self.settings, self.files.with_text(path, data))
        changed._modules, changed._bytes = others(self._modules), others(self._bytes)
        changed._makers, changed._imported = others(self._makers), others(self._imported)
        changed._brought = {key: found for key, found in self._brought.items() if os.path.abspath(key[0]) != there}
        changed._mentioned = {key: is_so for key, is_so in self._mentioned.items() if os.path.abspath(key[0]) != there}
        changed._locator, changed.trail = self._locator, self.trail
        changed._mentions = {of: known.with_text(path, data) for of, known in self._mentions.items()}
        return changed

    def adopt(self, module: t.Module) -> None:
        """Make an already parsed file known, so that imports of it meet the same program."""
        self._modules[self._key(module.path)] = module

    def _key(self, path: str) -> str:
        """One name for each file, however an import or the user spells its path."""
        if path not in self._keys:
            self._keys[path] = os.path.abspath(path)
        return self._keys[path]

    def resolve(self, dotted: str, importer: t.Module, level: int = 0) -> t.Module | str | None:
        """What `import dotted` in `importer` means: a project module, a folder without `__init__`, or None.

        `level` is the number of leading dots. A folder is returned as its path.
        """
        found = self.locate(importer.path, dotted, level)
        if found is None or not found.endswith(".py"):
            return found
        return self.module(found)

    def imported(self, importer: t.Module, dotted: str, level: int) -> t.Module | None:
        """The module of the project that an import leads to, or None."""
        found = self.resolve(dotted, importer, level)
        return found if isinstance(found, t.Module) else None

    def holding(self, dotted: str, importer: t.Module, level: int, marks: Sequence[bytes]) -> str | None:
        """The file of the project module that an import leads to, if its bytes hold one of the marks."""
        path = self.locate(importer.path, dotted, level)
        if path is None or not path.endswith(".py"):
            return None
        data = self.read(path)
        return path if any(mark in data for mark in marks) else None

    def mentioning(self, path: str, wanted: Sequence[bytes]) -> t.Module | None:
        """The module in a file, if its bytes hold one of the wanted names: spares parsing those that can't answer."""
        data, key = self.read(path), (path, tuple(wanted))
        if key not in self._mentioned:
            self._mentioned[key] = any(name in data for name in wanted)
        return self.module(path, data) if self._mentioned[key] else None

    def may_make(self, dotted: str, importer: str, level: int, name: str) -> bool:
        """Whether a name that the file `importer` imports may make an optimizer, by the bytes of its module.

        What makes one is a mention of torch's, a class that derives from one, or a call with a telling name. A
        module that only passes the name on is followed to where it has it from. Parses nothing.
        """
        from wdlint.source.read.screen import brought, imported

        asked: set[tuple[str, str]] = set()
        waiting = [(importer, dotted, level)]
        while waiting:
            where, module, dots = waiting.pop()
            below = f"{module}.{name}" if module else name
            for path in (self.locate(where, module, dots), self.locate(where, below, dots)):
                if path is None or not path.endswith(".py") or (path, name) in asked:
                    continue
                asked.add((path, name))
                data = self.read(path)
                if path not in self._makers:
                    self._makers[path] = self.programs.may_construct(data)
                if self._makers[path]:
                    return True
                if (path, name) not in self._brought:
                    if path not in self._imported:
                        self._imported[path] = imported(data)
                    self._brought[path, name] = brought(self._imported[path], name)
                waiting += [(path, *source) for source in self._brought[path, name]]
        return not asked  # a library's: to ask it costs nothing

    def read(self, path: str) -> bytes:
        """A file's bytes; none where it can't be read."""
        self.trail.files[path] = None
        if path not in self._bytes:
            self._bytes[path] = self.files.read(path) or b""
        return self._bytes[path]

    def files_with(self, name: str, near: str, endings: tuple[str, ...] = PROGRAMS) -> tuple[str, ...]:
        """The files of the project around the file `near` whose bytes hold a name; see `mentions`."""
        top = self.top_of(near)
        found = self._searched(endings).files_with(top, name)
        self.trail.searches[top, name, endings] = found
        return found

    def defined(self, near: str) -> frozenset[str]:
        """The names of all functions that the project around the file `near` defines; see `mentions`."""
        return self._searched(PROGRAMS).defined(self.top_of(near))

    def _searched(self, endings: tuple[str, ...]) -> Mentions:
        if endings not in self._mentions:
            self._mentions[endings] = Mentions(self.files, endings)
        return self._mentions[endings]

    def top_of(self, path: str) -> str:
        """The folder at the top of a file's project."""
        return self._find().top(os.path.dirname(path) or ".")

    def _find(self) -> Locator:
        if self._locator is None:
            self._locator = Locator(self.roots, self.files.names)
        return self._locator

    def locate(self, importer: str, dotted: str, level: int) -> str | None:
        """The file or folder that an import in the file `importer` leads to."""
        found = self._find().locate(importer, dotted, level)
        self.trail.imports[importer, dotted, level] = found
        return found
