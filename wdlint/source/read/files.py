"""The bytes of a project's files, and the programs parsed from them.

Bytes that were handed in, such as an editor's unsaved texts, win over what is on disk. Programs may be
remembered from one linted file to the next: by their bytes, so that a change is never missed. What an
import leads to is not decided here.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wdlint.files import paths

if TYPE_CHECKING:
    from wdlint.source.read import tree as t
    from wdlint.source.read.parse import Unreadable

_LARGEST = 2_000_000  # bytes; a larger imported module is data rather than a model


class Files:
    """Files as a run sees them. `given` holds bytes by the path that reports show; it may change."""

    def __init__(self, given: Mapping[str, bytes] | None = None) -> None:
        self._given = {} if given is None else given

    def read(self, path: str) -> bytes | None:
        """A file's bytes, or None where it can't be read or is too large for a program."""
        data = self._handed_in(path)
        if data is not None:
            return data if len(data) <= _LARGEST else None
        try:
            if os.path.getsize(path) > _LARGEST:
                return None
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return None

    def with_text(self, path: str, data: bytes) -> Files:
        """The same files with other bytes in one of them."""
        return Files({**self._given, paths.display(path): data})

    def exists(self, path: str) -> bool:
        return self._handed_in(path) is not None or os.path.isfile(path)

    def names(self, folder: str) -> frozenset[str]:
        """What is in a folder."""
        try:
            found = frozenset(os.listdir(folder))
        except OSError:
            found = frozenset()
        if not self._given:
            return found
        here = os.path.abspath(folder)
        files = map(os.path.abspath, self._given)
        return found | {os.path.basename(file) for file in files if os.path.dirname(file) == here}

    def _handed_in(self, path: str) -> bytes | None:
        return self._given.get(paths.display(path)) if self._given else None


class Programs:
    """Parses programs, and remembers of each file the one parsed last.

    Args:
        room: the bytes of source whose programs are kept; a program takes some hundred times as much.
    """

    def __init__(self, room: int = 0) -> None:
        self._room = room
        self._used = 0
        self._kept: OrderedDict[str, tuple[bytes, t.Module | Unreadable]] = OrderedDict()

    def parsed(self, data: bytes, path: str) -> t.Module:
        """The program in a file's bytes.

        Raises:
            Unreadable: no Python that can be parsed.
        """
        from wdlint.source.read.parse import Unreadable, parse

        of, program = self._kept.get(path, (None, None))
        if of == data and program is not None:
            self._kept.move_to_end(path)
        else:
            try:
                program = parse(data, path)
            except Unreadable as error:
                program = error
            self._keep(path, data, program)
        if isinstance(program, Unreadable):
            raise program.with_traceback(None)
        return program

    def _keep(self, path: str, data: bytes, program: t.Module | Unreadable) -> None:
        before = self._kept.pop(path, None)
        self._used -= len(before[0]) if before is not None else 0
        if len(data) > self._room:
            return
        self._kept[path] = (data, program)
        self._used += len(data)
        while self._used > self._room:
            _, (oldest, _) = self._kept.popitem(last=False)
            self._used -= len(oldest)
