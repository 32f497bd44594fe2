"""The files of a project whose findings may rest on some of them: those that import them, by whatever way.

Told from the words of import statements alone, so that a whole project is read in the time of a glance. It errs on the
side of too many; what a file's findings really rest on is known when it was judged.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from wdlint.files import paths
from wdlint.files.project import repository
from wdlint.linting.checked import Checked
from wdlint.settings.catalogue import Settings

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|(?:\\\r?\n|[^\r\n#])*)"
    rb"|import[ \t]+((?:\\\r?\n|[^\r\n#])*))",
    re.MULTILINE,
)
_PROGRAMS = (".py", ".pyw", ".ipynb")
_WORD = re.compile(rb"\w+")
_LARGEST = 2_000_000  # bytes; a larger module is data


def around(named: Sequence[str], settings_of: Callable[[str], Settings]) -> list[str]:
    """The files to lint where these were changed: themselves first, then what imports them and what they import."""
    others, words = _others(named, settings_of)
    used = {word for path in named for word in words[path]}  # a factory is judged with what its callers give it
    reached = {*_importing(named, others, words), *(path for path in others if _module(path) in used)}
    return [*named, *(path for path in others if path in reached)]


def importing(named: Sequence[str], settings_of: Callable[[str], Settings]) -> list[str]:
    """The further files of the projects that may rest on these, because they import them."""
    others, words = _others(named, settings_of)
    reached = _importing(named, others, words)
    return [path for path in others if path in reached]


def _others(
    named: Sequence[str], settings_of: Callable[[str], Settings]
) -> tuple[list[str], dict[str, frozenset[bytes]]]:
    """The other files of the projects that these are of, and the words of the import statements of all."""
    tops = list(dict.fromkeys(repository(path) for path in named))
    known = {os.path.abspath(path) for path in named}
    others = [path for path in paths.discover(tops, settings_of) if os.path.abspath(path) not in known]
    return others, {path: _imported(path) for path in (*named, *others)}


def _importing(named: Sequence[str], others: Sequence[str], words: Mapping[str, frozenset[bytes]]) -> set[str]:
    """Those of the others that import one of the named files, or import one that does."""
    importers: dict[bytes, list[str]] = defaultdict(list)
    for path in others:
        for word in words[path]:
            importers[word].append(path)
    reached: set[str] = set()
    waiting = list(named)
    for path in waiting:
        fresh = [other for other in importers[_module(path)] if other not in reached]
        reached.update(fresh)
        waiting += fresh
    return reached


def resting_on(named: Iterable[str], checked: Sequence[Checked]) -> list[Checked]:
    """What came of the named files and of those that rest on one of them."""
    changed = {os.path.abspath(path) for path in named}
    return [
        one
        for one in checked
        if os.path.abspath(one.file) in changed or not changed.isdisjoint(map(os.path.abspath, one.rests_on))
    ]


def _imported(path: str) -> frozenset[bytes]:
    """Every word of a file's import statements."""
    if not path.endswith(_PROGRAMS):
        return frozenset()
    try:
        if os.path.getsize(path) > _LARGEST:
            return frozenset()
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return frozenset()
    if path.endswith(".ipynb"):
        data = data.replace(b'"', b"\n").replace(b"\\n", b"\n")
    statements = (part for found in _IMPORT.finditer(data) for part in found.groups() if part)
    return frozenset(word for part in statements for word in _WORD.findall(part))


def _module(path: str) -> bytes:
    """The last word of a module's name."""
    folder, name = os.path.split(os.path.abspath(path))
    stem = os.path.splitext(name)[0]
    return os.fsencode(os.path.basename(folder) if stem == "__init__" else stem)
