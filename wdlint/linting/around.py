"""The files of a project whose findings may rest on some of them: what imports, reads or extends one.

Told from the words of import statements, and for data from the words that its readers have, so that a whole project is
read in the time of a glance. It errs on the side of too many; what a file's findings really rest on is known when it
was judged.
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
_BASES = b"_base_"  # how configurations in Python name those that they derive from
_READERS = {  # what a program says that reads a file of a kind, whatever it calls the file
    ".json": (b"json", b"hydra", b"OmegaConf"),
    ".yaml": (b"yaml", b"hydra", b"OmegaConf"),
    ".yml": (b"yaml", b"hydra", b"OmegaConf"),
    ".toml": (b"toml", b"tomllib", b"tomli"),
}
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
    """Those of the others that import or read one of the named files, or import one that does."""
    importers: dict[bytes, list[str]] = defaultdict(list)
    for path in others:
        for word in words[path]:
            importers[word].append(path)
    reached = _reading(named, others)
    waiting = [*named, *sorted(reached)]
    for path in waiting:
        fresh = [other for other in importers[_module(path)] if other not in reached]
        reached.update(fresh)
        waiting += fresh
    return reached


def _reading(named: Sequence[str], others: Sequence[str]) -> set[str]:
    """Those of the others that may read one of the named files as data, or derive from it by its name."""
    data = [path for path in named if not path.endswith(_PROGRAMS)]
    stems = {_module(path) for path in data}
    readers = {word for path in data for word in _READERS.get(os.path.splitext(path)[1], ())}
    reading, naming = _any_of(stems | readers), _any_of(stems)
    deriving = _any_of({_module(path) for path in named})
    reached = set()
    for path in others:
        text = _text(path) if data or path.endswith(".py") else b""
        program = path.endswith(_PROGRAMS)
        if (data and (reading if program else naming).search(text)) or (_BASES in text and deriving.search(text)):
            reached.add(path)
    return reached


def _any_of(words: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![^\W_])(?:%s)(?![^\W_])" % b"|".join(map(re.escape, sorted(words))))


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
    data = _text(path)
    if path.endswith(".ipynb"):
        data = data.replace(b'"', b"\n").replace(b"\\n", b"\n")
    statements = (part for found in _IMPORT.finditer(data) for part in found.groups() if part)
    return frozenset(word for part in statements for word in _WORD.findall(part))


def _text(path: str) -> bytes:
    """A file's bytes; none of one that can't be read or is too large to be anything but data."""
    try:
        if os.path.getsize(path) > _LARGEST:
            return b""
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _module(path: str) -> bytes:
    """The last word of a module's name."""
    folder, name = os.path.split(os.path.abspath(path))
    stem = os.path.splitext(name)[0]
    return os.fsencode(os.path.basename(folder) if stem == "__init__" else stem)
