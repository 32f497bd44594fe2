"""What git ignores: .gitignore files, a repository's own exclusions, and the user's for all repositories.

The rules are those of https://git-scm.com/docs/gitignore. A file's patterns become regular expressions, none of which
can take long: a star gives back nothing that a later star could take as well. (pathspec, measured: a pattern of twelve
stars takes seconds for a name of 28 letters, and importing it longer than a whole run that finds nothing to read.)
Which files there are around a folder is the business of `paths`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAME = ".gitignore"

# What brackets may hold besides characters and ranges.
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9",
    "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~", "space": "\\s", "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}  # fmt: skip
_EXCLUDES = re.compile(
    r"^[ \t]*\[core\][^\[]*?^[ \t]*excludesfile[ \t]*=[ \t]*([^\r\n#;]+)", re.MULTILINE | re.IGNORECASE
)
_PLAIN = re.compile(r"[\w.+-]+")
_ENDING = re.compile(r"\*[\w.+-]+")


class _NeverMatches(ValueError):
    """A pattern that git takes and that fits no name, such as one with a bracket left open."""


@dataclass(frozen=True)
class _Pattern:
    wanted: bool  # `!pattern`: not ignored after all
    folders: bool  # `pattern/`: only folders
    text: str
    whole: bool  # against the path from the file's folder, not against its last part
    expression: str

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        if self.folders and not is_folder:
            return None
        return (not self.wanted) if re.fullmatch(self.expression, path if self.whole else name, re.DOTALL) else None


class IgnoreFile:
    """One .gitignore file: its folder and its patterns."""

    def __init__(self, folder: str, lines: Sequence[str]) -> None:
        self.folder = folder.rstrip(os.sep) + os.sep
        self._patterns = [pattern for number, line in enumerate(lines) for pattern in _read(line, number)]
        # Nearly every path fits no pattern, and one look says so. Plain names and endings need no expression,
        # which would take longer to compile than a small tree takes to walk.
        by_name = [pattern for pattern in self._patterns if not pattern.whole]
        self._plain = {pattern.text for pattern in by_name if _PLAIN.fullmatch(pattern.text)}
        self._endings = tuple(pattern.text[1:] for pattern in by_name if _ENDING.fullmatch(pattern.text))
        others = (p.expression for p in by_name if not _PLAIN.fullmatch(p.text) and not _ENDING.fullmatch(p.text))
        self._names = _united(others)
        self._paths = _united(pattern.expression for pattern in self._patterns if pattern.whole)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether a path below the folder (absolute) is ignored; None where no pattern is about it.

        That a folder above it is ignored is not seen here.
        """
        relative = path[len(self.folder) :].replace(os.sep, "/")
        name = relative.rpartition("/")[2]
        if not (
            name in self._plain
            or name.endswith(self._endings)
            or (self._names and self._names.fullmatch(name))
            or (self._paths and self._paths.fullmatch(relative))
        ):
            return None
        for pattern in reversed(self._patterns):  # the last word counts
            said = pattern.verdict(relative, name, is_folder)
            if said is not None:
                return said
        return None


def ignore_file(folder: str) -> tuple[IgnoreFile, ...]:
    """The .gitignore of a folder; nothing where there is none that can be read."""
    return _read_at(os.path.join(folder, NAME), folder)


def of_repository(top: str) -> tuple[IgnoreFile, ...]:
    """What is ignored in a repository besides its .gitignore files, the weakest first: the user's and its own."""
    return *_read_at(_users_file(), top), *_read_at(os.path.join(_common(top), "info", "exclude"), top)


def _read_at(path: str, folder: str) -> tuple[IgnoreFile, ...]:
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            lines = file.read().split("\n")
    except (OSError, ValueError):
        return ()
    return (IgnoreFile(folder, lines),)


def _common(top: str) -> str:
    """The folder of a repository's data; of a worktree that of the repository it belongs to."""
    place = os.path.join(top, ".git")
    for name, mark in ((place, "gitdir:"), ("commondir", "")):
        try:
            with open(os.path.join(place, name), encoding="utf-8") as file:
                place = os.path.join(top if mark else place, file.read().removeprefix(mark).strip())
        except (OSError, ValueError):
            break
    return place


def _users_file() -> str:
    """What the user's configuration of git names as `core.excludesFile`, or where git looks by default."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    named = os.environ.get("GIT_CONFIG_GLOBAL")
    for path in [named] if named else [os.path.expanduser("~/.gitconfig"), os.path.join(base, "git", "config")]:
        try:
            with open(path, encoding="utf-8") as file:
                found = _EXCLUDES.search(file.read())
        except (OSError, ValueError):
            continue
        if found:
            return os.path.expanduser(found[1].strip().strip('"'))
    return os.path.join(base, "git", "ignore")


def _united(expressions: Iterator[str]) -> re.Pattern[str] | None:
    together = "|".join(expressions)
    return re.compile(together, re.DOTALL) if together else None


def _read(line: str, number: int) -> Iterator[_Pattern]:
    """The pattern of a line, if it has one."""
    text = _without_blanks(line.removesuffix("\r"))
    if not text or text.startswith("#"):
        return
    wanted = text.startswith("!")
    text = text[wanted:]
    folders = text.endswith("/")
    text = text[: len(text) - folders]
    whole = "/" in text
    text = text.removeprefix("/")
    if not text:
        return
    try:
        yield _Pattern(wanted, folders, text, whole, _translated(text, f"_{number}"))
    except _NeverMatches:
        return


def _without_blanks(line: str) -> str:
    """The line without blanks at its end, those after a backslash excepted."""
    bare = line.rstrip(" ")
    escapes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if escapes % 2 and bare != line else bare


def _translated(text: str, mark: str) -> str:
    """A pattern as a regular expression; `mark` makes the names of its groups its own."""
    runs: list[list[str]] = [[]]  # what stands between double stars, each part with the slash after it
    parts = list(_parts(text))
    for index, part in enumerate(parts):
        if part is None:
            runs += [[]] if runs[-1] or len(runs) == 1 else []
        else:
            slash = "" if index == len(parts) - 1 else "/"
            runs[-1].append(_joined(part, "[^/]*", f"{mark}_{index}") + slash)
    *_, end = runs
    return _joined(["".join(run) for run in runs], "(?:[^/]+/)*", f"{mark}_") + ("" if end else "[^/]+")


def _joined(runs: Sequence[str], between: str, mark: str) -> str:
    """Runs with anything between them; each stands at the first place where it fits.

    That leaves the most to the others, so that no other place is tried and no name takes long.
    """
    first, *others = runs
    if not others:
        return first
    *inner, end = others
    fitted = (f"(?=(?P<g{mark}_{n}>{between}?{run}))(?P=g{mark}_{n})" for n, run in enumerate(inner))
    return f"{first}{''.join(fitted)}{between}{end}"


def _parts(text: str) -> Iterator[list[str] | None]:
    """What stands between the slashes: text as expressions, with a star between each two, or None for `**`."""
    runs, start, index = [""], 0, 0
    while index <= len(text):
        sign = text[index : index + 1]
        after = index + 1
        literal = sign == "\\"
        if literal:
            if after == len(text):
                raise _NeverMatches
            sign, after = text[after], after + 1
        if sign in ("/", ""):
            plain = text[start:index]
            yield None if len(plain) > 1 and not plain.strip("*") else runs
            runs, start = [""], after
        elif sign == "*" and not literal:
            runs += [""] if runs[-1] or len(runs) == 1 else []
        elif sign == "?" and not literal:
            runs[-1] += "[^/]"
        elif sign == "[" and not literal:
            inside, after = _brackets(text, after)
            runs[-1] += inside
        else:
            runs[-1] += re.escape(sign)
        index = after


def _brackets(text: str, index: int) -> tuple[str, int]:
    """A set of characters, from after its `[`, and where it ends."""
    turned = text[index : index + 1] in ("!", "^")
    index += turned
    members: list[str] = []
    while not members or text[index : index + 1] != "]":
        named = re.compile(r"\[:([a-z]+):\]").match(text, index)
        if named and named[1] not in _CLASSES:
            raise _NeverMatches
        if named:
            members.append(_CLASSES[named[1]])
            index = named.end()
            continue
        low, index = _member(text, index)
        if text[index : index + 1] == "-" and text[index + 1 : index + 2] not in ("]", ""):
            high, index = _member(text, index + 1)
            # A range the wrong way round holds its lower end alone.
            members.append(f"{_in_set(low)}-{_in_set(high)}" if low <= high else _in_set(low))
        else:
            members.append(_in_set(low))
    return f"(?!/)[{'^' if turned else ''}{''.join(members)}]", index + 1


def _member(text: str, index: int) -> tuple[str, int]:
    if text[index : index + 1] == "\\":
        index += 1
    if index >= len(text):
        raise _NeverMatches
    return text[index], index + 1


def _in_set(sign: str) -> str:
    return "\\" + sign if sign in "\\]^-[&~|" else sign
