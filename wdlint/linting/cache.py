"""What came of a file, kept between runs.

An entry is named by all that a result depends on and that is known beforehand: the file's bytes and
path, the settings, wdlint itself. It holds what is known only afterwards: which other files were
read, by their digests, and where the file's imports led. An entry that is damaged, foreign or out of
date is as good as none, and a cache that can't be written is no trouble. Entries are plain JSON:
reading a cache runs nothing. Writes are whole, so that runs may share a cache.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from wdlint.linting.checked import Checked

if TYPE_CHECKING:
    from wdlint.facts import Finding, Fix, Place
    from wdlint.settings.catalogue import Settings
    from wdlint.source.read.mentions import Mentions

_MARK = "CACHEDIR.TAG"
_MARK_TEXT = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# The cache of wdlint; `wdlint clean` removes it.\n"
    "# See https://bford.info/cachedir/\n"
)
_LONGEST_UNUSED = 30 * 24 * 3600  # seconds
_BETWEEN_SWEEPS = 24 * 3600


def default_folder() -> str:
    """The user's cache folder for wdlint, by the custom of the platform; WDLINT_CACHE_DIR wins."""
    named = os.environ.get("WDLINT_CACHE_DIR")
    if named:
        return named
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
        return os.path.join(base, "wdlint", "Cache")
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches/wdlint")
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "wdlint")


def digest(data: bytes) -> str:
    from hashlib import sha256  # dear to import, and a run that screens everything out needs no cache

    return sha256(data).hexdigest()[:32]


class Dependencies:
    """What a result rests on besides its own file: digests of files by path, None for one that is absent."""

    def __init__(
        self,
        files: dict[str, str | None],
        imports: list[tuple[str, str, int, str | None]],
        searches: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] | None = None,
    ) -> None:
        self.files = files
        self.imports = imports  # importer, dotted name, leading dots, where it led
        self.searches = searches or []  # a folder, a name, endings, the files below that mention it


class Cache:
    """A cache folder.

    Args:
        folder: where entries are.
        locate: where an import leads now, from importer, dotted name and leading dots.
    """

    def __init__(self, folder: str, locate: Callable[[Settings], Callable[[str, str, int], str | None]]) -> None:
        self._folder = folder
        self._locate = locate
        self._digests: dict[str, str | None] = {}
        self._mentions: dict[tuple[str, ...], Mentions] = {}
        self._writable = True

    def name(self, path: str, data: bytes, settings: Settings) -> str:
        """The name of the entry for a file with these bytes."""
        from hashlib import sha256

        told = "\0".join((_program(settings), path, os.getcwd(), repr(settings), digest(data)))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:40]

    def get(self, name: str, settings: Settings) -> Checked | None:
        """What is kept under a name, if it still holds."""
        import json

        path = self._path(name)
        try:
            with open(path, "rb") as file:
                entry = json.loads(file.read())
            if entry["name"] != name or not self._holds(entry, settings):
                return None
            checked = _checked(entry["checked"])._replace(rests_on=tuple(map(str, entry["files"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        self._touch(path)
        return checked

    def put(self, name: str, checked: Checked, rests_on: Dependencies | None = None) -> None:
        """Keep a result; one that could not be reached is not kept."""
        if checked.error or not self._writable:
            return
        import json
        from dataclasses import astuple

        entry = {
            "name": name,
            "files": rests_on.files if rests_on else {},
            "imports": rests_on.imports if rests_on else [],
            "searches": rests_on.searches if rests_on else [],
            "checked": [
                checked.file,
                list(map(_as_json, checked.findings)),
                list(map(_as_json, checked.suppressed)),
                [astuple(place) for place in checked.unread],
                [astuple(place) for place in checked.optimizers],
                checked.penalties,
                checked.passed_over,
                checked.remarks,
            ],
        }
        path = self._path(name)
        temporary = f"{path}.{os.getpid()}"
        try:
            self._make(os.path.dirname(path))
            with open(temporary, "w", encoding="ascii") as file:
                json.dump(entry, file)
            os.replace(temporary, path)
        except (OSError, ValueError):
            self._writable = False
            _remove(temporary)

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name[:2], f"{name[2:]}.json")

    def _make(self, folder: str) -> None:
        if not os.path.isdir(folder):
            os.makedirs(folder, exist_ok=True)
        mark = os.path.join(self._folder, _MARK)
        if not os.path.exists(mark):
            with open(mark, "w", encoding="ascii") as file:
                file.write(_MARK_TEXT)

    def _holds(self, entry: dict[str, Any], settings: Settings) -> bool:
        if not all(self.digest_of(path) == told for path, told in entry["files"].items()):
            return False
        if entry["imports"]:
            locate = self._locate(settings)
            if not all(locate(importer, dotted, level) == led for importer, dotted, level, led in entry["imports"]):
                return False
        return all(self._search(top, name, tuple(of)) == found for top, name, of, found in entry["searches"])

    def _search(self, top: str, name: str, endings: tuple[str, ...]) -> list[str]:
        if endings not in self._mentions:
            from wdlint.source.read.files import Files
            from wdlint.source.read.mentions import Mentions

            self._mentions[endings] = Mentions(Files(), endings)
        return list(self._mentions[endings].files_with(top, name))

    def digest_of(self, path: str) -> str | None:
        """The digest of a file as it is now (read once a run), or None where there is none."""
        if path not in self._digests:
            try:
                with open(path, "rb") as file:
                    self._digests[path] = digest(file.read())
            except OSError:
                self._digests[path] = None
        return self._digests[path]

    @staticmethod
    def _touch(path: str) -> None:
        """Mark an entry as used, once a day at most."""
        try:
            if time.time() - os.stat(path).st_mtime > _BETWEEN_SWEEPS:
                os.utime(path)
        except OSError:
            return

    def sweep(self) -> None:
        """Remove entries that were not used for a month; looks once a day at most."""
        mark = os.path.join(self._folder, _MARK)
        try:
            if time.time() - os.stat(mark).st_mtime < _BETWEEN_SWEEPS:
                return
            os.utime(mark)
            for path in _entries(self._folder):
                if time.time() - os.stat(path).st_mtime > _LONGEST_UNUSED:
                    os.unlink(path)
        except OSError:
            return


def clean(folder: str) -> int | None:
    """Remove a cache's entries: how many, or None where there is no cache of wdlint.

    Only what wdlint wrote goes: a folder without its mark is left alone.
    """
    try:
        with open(os.path.join(folder, _MARK), encoding="ascii") as file:
            if file.read() != _MARK_TEXT:
                return None
    except (OSError, ValueError):
        return None
    number = 0
    for path in _entries(folder):
        number += path.endswith(".json")
        _remove(path)
    for name in os.listdir(folder):
        inner = os.path.join(folder, name)
        if len(name) == 2 and os.path.isdir(inner) and not os.listdir(inner):
            os.rmdir(inner)
    _remove(os.path.join(folder, _MARK))
    if not os.listdir(folder):
        os.rmdir(folder)
    return number


def _entries(folder: str) -> Iterable[str]:
    for name in os.listdir(folder):
        inner = os.path.join(folder, name)
        if len(name) == 2 and os.path.isdir(inner) and not os.path.islink(inner):
            yield from (os.path.join(inner, entry) for entry in os.listdir(inner) if ".json" in entry)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _program(settings: Settings) -> str:
    """wdlint itself, what may bring rules to it, and the user's rules: names, sizes and times of files."""
    from wdlint import version

    folders = [os.path.dirname(version.__file__), *_rule_folders()]
    folders += [os.path.join(settings.root, folder) for folder in settings.rule_paths]
    return f"{sys.version_info[:2]} {version.__version__} {_installed()} " + " ".join(map(_state, folders))


@cache
def _installed() -> str:
    """The folders of installed packages and when something was last installed there."""
    return repr([(path, os.stat(path).st_mtime_ns) for path in sys.path if path.endswith("-packages")])


def _rule_folders() -> list[str]:
    from importlib import import_module

    return list(import_module("wdlint.rules").__path__)


@cache
def _state(folder: str) -> str:
    told = []
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            status = os.stat(os.path.join(top, name))
            told.append(f"{name} {status.st_size} {status.st_mtime_ns}")
    return digest("\n".join(told).encode("utf-8", "surrogatepass"))


# Findings as JSON and back. Written out rather than derived: what is read here comes from a file.


def _as_json(finding: Finding) -> dict[str, Any]:
    from dataclasses import asdict
    from enum import Enum

    def plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: value.value if isinstance(value, Enum) else value for key, value in pairs}

    return asdict(finding, dict_factory=plain)


def _checked(told: Any) -> Checked:
    from wdlint.facts import Place

    file, findings, suppressed, unread, optimizers, penalties, passed_over, remarks = told
    return Checked(
        str(file),
        tuple(map(_finding, findings)),
        tuple(map(_finding, suppressed)),
        unread=tuple(Place(*place) for place in unread),
        optimizers=tuple(Place(*place) for place in optimizers),
        penalties=int(penalties),
        passed_over=str(passed_over),
        remarks=tuple(map(str, remarks)),
    )


def _finding(told: dict[str, Any]) -> Finding:
    from wdlint.facts import Confidence, Finding, Note, Severity

    return Finding(
        code=told["code"],
        place=_place(told["place"]),
        message=told["message"],
        help=told["help"],
        notes=tuple(Note(n["text"], _place(n["place"]) if n["place"] else None) for n in told["notes"]),
        parameters=tuple(told["parameters"]),
        confidence=Confidence(told["confidence"]),
        latent=told["latent"],
        fix=None if told["fix"] is None else _fix(told["fix"]),
        unfixed=told["unfixed"],
        severity=Severity(told["severity"]),
        shrink_per_step=told["shrink_per_step"],
        subject=told["subject"],
        rule=told["rule"],
        made_place=_place(told["made_place"]) if told["made_place"] else None,
    )


def _fix(told: dict[str, Any]) -> Fix:
    from wdlint.facts import Applicability, Edit, Fix

    return Fix(
        told["title"],
        Applicability(told["applicability"]),
        tuple(Edit(_place(edit["place"]), edit["text"]) for edit in told["edits"]),
        told["hazard"],
        tuple(map(_fix, told["otherwise"])),
    )


def _place(told: dict[str, Any]) -> Place:
    from wdlint.facts import Place

    numbers = [told[key] for key in ("line", "column", "end_line", "end_column")]
    if not all(type(number) is int for number in numbers) or not isinstance(told["file"], str):
        raise ValueError("no place")
    line, column, end_line, end_column = numbers
    return Place(told["file"], line, column, end_line, end_column, told["cell"])
