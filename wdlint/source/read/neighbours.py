"""The modules that may be handed what one of them makes: those that import it, and those that these import.

Told from the words of import statements, so that nothing is parsed but what is asked for in the end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wdlint.source.read import tree as t
from wdlint.source.read.project import Project

_FROM = re.compile(rb"(?m)^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*(?:\\\n[^\n#]*)*)")
_IMPORT = re.compile(rb"(?m)^[ \t]*import[ \t]+([^\n#]*)")
_NAME = re.compile(rb"[\w.]+")
_OF_TESTS = re.compile(r"(?:^|[\\/])(?:tests?[\\/]|test_[^\\/]*$|conftest\.py$|[^\\/]*_test\.py$)")

_IMPORTERS = 60  # files that lead to a module; what so many import is a library
_PARSED = 24  # files


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What a module of a project can be asked about those around it."""

    project: Project

    def imported(self, importer: t.Module, dotted: str, level: int) -> t.Module | None:
        """The module that a dotted name, with so many leading dots, means in another one."""
        return self.project.imported(importer, dotted, level)

    def neighbours(self, module: t.Module, marks: Sequence[str]) -> Iterator[tuple[t.Module, bool]]:
        """The modules around one that hold one of the marks, and whether they or their importers import it."""
        return _neighbours(self.project, module, marks)


def _neighbours(project: Project, home: t.Module, marks: Sequence[str]) -> Iterator[tuple[t.Module, bool]]:
    """Those that do not import it are imported by it. Tests are left out: what they count on is no training run."""
    here, top = os.path.abspath(home.path), os.path.abspath(project.top_of(home.path))
    marked = {path for mark in marks for path in project.files_with(mark, home.path)} - {here}
    marked = {path for path in marked if not _OF_TESTS.search(os.path.relpath(path, top))}
    if not marked:
        return
    leading = _leading_to(project, here)
    found = dict.fromkeys(sorted(marked.intersection(leading)), True)
    for path in (*leading, here):
        for other in sorted(marked & set(led_to(project, path))):
            found[other] = found.get(other, False) or path != here
    for path in list(found)[:_PARSED]:
        module = project.module(path)
        if module is not None:
            yield module, found[path]


def _leading_to(project: Project, here: str) -> list[str]:
    """The files that import a module, also by way of others."""
    met, waiting = {here}, [here]
    for path in waiting:
        folder, name = os.path.split(path)
        stem = os.path.splitext(name)[0]
        word = os.path.basename(folder) if stem == "__init__" else stem
        naming = set(project.files_with(word, path))
        if stem == "__init__":
            naming.update(project.files_with("from . import", path), project.files_with("from .. import", path))
        for other in sorted(naming - met):
            if path in led_to(project, other):
                met.add(other)
                waiting.append(other)
        if len(waiting) > _IMPORTERS:
            break
    return waiting[1:]


def led_to(project: Project, path: str) -> Iterator[str]:
    """The files of the project that a file imports."""
    data = project.read(path)
    wanted = {(name, 0) for listed in _IMPORT.findall(data) for name in _NAME.findall(listed)}
    for dots, module, names in _FROM.findall(data):
        wanted.add((module, len(dots)))
        below = module + b"." if module else b""
        wanted.update((below + name, len(dots)) for name in _NAME.findall(names))
    for dotted, level in sorted(wanted):
        found = project.locate(path, dotted.decode("utf-8", "replace"), level)
        if found is not None and found.endswith(".py"):
            yield os.path.abspath(found)
