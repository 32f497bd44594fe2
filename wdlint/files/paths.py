"""Which files a run looks at: folders walked, exclusions and .gitignore applied, order fixed.

Nothing here opens a source file. Excluded is what the settings of a folder exclude, what its
repository's .gitignore files ignore, and what stands in a virtual environment; what is named outright,
file or folder, is looked at all the same unless `force-exclude` is set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING

from wdlint.settings.catalogue import Settings

if TYPE_CHECKING:  # it is imported in a repository, or where an ignore file is met
    from wdlint.files.gitignore import IgnoreFile

SUFFIXES = (".py", ".pyw", ".ipynb", ".json", ".yaml", ".yml")

SettingsOf = Callable[[str], Settings]
"""The settings in force in a folder (an absolute path)."""


Unopened = Callable[[str, OSError], None]
"""What is done about a folder inside of a named one that can't be opened."""


_CACHE = "CACHEDIR.TAG"  # bford.info/cachedir: what lies beside it is made again at will, and nobody wrote it


def discover(paths: Iterable[str], settings_of: SettingsOf, unopened: Unopened | None = None) -> Iterator[str]:
    """The files to lint, each once, as paths that start the way the user wrote them.

    Arguments keep their order; inside a folder, files come before sub-folders, both by name. A link
    to a folder is not followed, so that loops can do no harm; a link to a file that is met twice
    counts once. A path that does not exist is nobody's file here: `missing` names it.
    """
    seen: set[str] = set()
    for path in paths:
        if not os.path.exists(path):
            continue
        found = _walk(path, settings_of, unopened) if os.path.isdir(path) else named(path, settings_of)
        for file in found:
            identity = os.path.realpath(file) if os.path.islink(file) else os.path.abspath(file)
            if identity not in seen:
                seen.add(identity)
                yield file


def missing(paths: Iterable[str]) -> list[str]:
    """The named paths that don't exist."""
    return [path for path in paths if not os.path.exists(path)]


def unreadable(paths: Iterable[str]) -> list[tuple[str, str]]:
    """The named folders that can't be opened, each with the reason."""
    found = []
    for path in paths:
        if os.path.isdir(path):
            try:
                os.scandir(path).close()
            except OSError as error:
                found.append((path, f"can't be read: {error.strerror or error}"))
    return found


def display(path: str) -> str:
    """The path as reports show it: relative to the working folder where it is inside of it."""
    absolute = os.path.abspath(path)
    here = os.getcwd().rstrip(os.sep) + os.sep
    return absolute[len(here) :] if absolute.startswith(here) else absolute


def named(path: str, settings_of: SettingsOf) -> Iterator[str]:
    """A file named outright: itself, or nothing where `force-exclude` skips it."""
    settings = settings_of(os.path.dirname(os.path.abspath(path)))
    if not (settings.force_exclude and left_out(path, settings)):
        yield path


def left_out(path: str, settings: Settings) -> bool:
    """Whether a walk through the folders would skip this file, for the settings or for .gitignore."""
    absolute = os.path.abspath(path)
    return _excluded_anywhere(absolute, settings) or (settings.respect_gitignore and _ignored_by_git(absolute))


def _walk(top: str, settings_of: SettingsOf, unopened: Unopened | None) -> Iterator[str]:
    absolute = os.path.abspath(top)
    settings = settings_of(absolute)
    if settings.force_exclude and _excluded_anywhere(absolute, settings):
        return
    above = _ignores_above(absolute) if settings.respect_gitignore else ()
    if _ignored_below(absolute, above):
        if settings.force_exclude:
            return
        above = ()  # it was named all the same, and nothing in those files is about its inside
    # A folder is kept with the path to print and the .gitignore files above it, outermost first.
    stack: list[tuple[str, str, tuple[IgnoreFile, ...]]] = [(top, absolute, above)]
    while stack:
        shown, folder, ignores = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: (entry.is_symlink(), entry.name))
        except FileNotFoundError:
            continue  # it has gone
        except OSError as error:
            if unopened is not None and folder != absolute:  # of a named one it is said otherwise
                unopened(shown, error)
            continue
        names = {entry.name for entry in entries}
        if "pyvenv.cfg" in names or (_CACHE in names and folder != absolute):
            continue
        settings = settings_of(folder)
        if ".git" in names:
            ignores = _of_repository(folder)  # a repository of its own
        if ".gitignore" in names:
            ignores += _ignore_file(folder)
        if not settings.respect_gitignore:
            ignores = ()
        below: list[tuple[str, str, tuple[IgnoreFile, ...]]] = []
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not (entry.name.endswith(SUFFIXES) and entry.is_file()):
                continue
            path = os.path.join(folder, entry.name)
            if excluded(path, settings) or _ignored(path, is_folder, ignores):
                continue
            if is_folder:
                below.append((_joined(shown, entry.name), path, ignores))
            else:
                yield _joined(shown, entry.name)
        stack.extend(reversed(below))


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else os.path.join(folder, name)


# Exclusion by the settings' patterns.


def excluded(path: str, settings: Settings) -> bool:
    """Whether a pattern of `exclude` or `extend-exclude` names this path (absolute) itself."""
    return matches(path, settings.root, (*settings.exclude, *settings.extend_exclude))


def _excluded_anywhere(path: str, settings: Settings) -> bool:
    parts = os.path.relpath(path, settings.root).split(os.sep)
    return any(excluded(os.path.join(settings.root, *parts[: n + 1]), settings) for n in range(len(parts)))


def matches(path: str, root: str, patterns: tuple[str, ...]) -> bool:
    """Whether a glob matches the path (absolute): its last part, or its whole as seen from `root`."""
    if not patterns:
        return False
    names, paths = _compiled(patterns)
    if names is not None and names.match(os.path.basename(path)):
        return True
    if paths is None:
        return False
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return bool(paths.match(relative) or paths.match(path.replace(os.sep, "/")))


@cache
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    def united(globs: list[str]) -> re.Pattern[str] | None:
        return re.compile("|".join(translate(glob) for glob in globs)) if globs else None

    clean = [pattern.removeprefix("./").rstrip("/") for pattern in patterns]
    # A pattern with a slash names a path from the root, or everything below it.
    slashed = [glob for pattern in clean if "/" in pattern for glob in (pattern, f"{pattern}/*")]
    return united([p for p in clean if "/" not in p]), united(slashed)


# .gitignore.


def _ignore_file(folder: str) -> tuple[IgnoreFile, ...]:
    from wdlint.files.gitignore import ignore_file

    return ignore_file(folder)


def _of_repository(folder: str) -> tuple[IgnoreFile, ...]:
    from wdlint.files.gitignore import of_repository

    return of_repository(folder)


def _ignores_above(folder: str) -> tuple[IgnoreFile, ...]:
    """What the repository above a folder ignores, files of the outermost folders first; not for its top itself."""
    above: list[str] = []
    current = folder
    while not os.path.exists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return ()  # in no repository
        above.append(parent)
        current = parent
    if not above:
        return ()
    inside = [outer for outer in reversed(above) if os.path.exists(os.path.join(outer, ".gitignore"))]
    return *_of_repository(current), *(ignore for outer in inside for ignore in _ignore_file(outer))


def _ignored(path: str, is_folder: bool, ignores: tuple[IgnoreFile, ...]) -> bool:
    for ignore in reversed(ignores):  # the innermost file that has a word on it decides
        said = ignore.verdict(path, is_folder)
        if said is not None:
            return said
    return False


def _ignored_by_git(path: str) -> bool:
    """The same for a file named outright: it or a folder above it is ignored."""
    folder = os.path.dirname(path)
    ignores = _of_repository(folder) if os.path.exists(os.path.join(folder, ".git")) else _ignores_above(folder)
    if os.path.exists(os.path.join(folder, ".gitignore")):
        ignores += _ignore_file(folder)
    return _ignored_below(path, ignores, is_folder=False)


def _ignored_below(path: str, ignores: tuple[IgnoreFile, ...], is_folder: bool = True) -> bool:
    """Whether a path, or a folder above it and below the outermost of the files, is ignored."""
    if not ignores:
        return False
    outermost = ignores[0].folder
    current = path
    while len(current) > len(outermost):
        if _ignored(current, is_folder, tuple(i for i in ignores if current.startswith(i.folder))):
            return True
        current, is_folder = os.path.dirname(current), True
    return False
