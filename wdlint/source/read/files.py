"""The bytes of a project's files, and the programs parsed from them.

Bytes that were handed in, such as an editor's unsaved texts, win over what is on disk. Programs may be
remembered from one linted file to the next: by their bytes, so that a change is never missed. What an
import leads to is not decided here.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
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

    def given_below(self, folder: str, endings: tuple[str, ...]) -> Iterator[str]:
        """The files with some endings that were handed in and lie below a folder, by their absolute paths."""
        for path in map(os.path.abspath, self._given):
            if path.endswith(endings) and path.startswith(os.path.join(folder, "")):
                yield path

    def _handed_in(self, path: str) -> bytes | None:
        return self._given.get(paths.display(path)) if self._given else None


class Programs:
    """Parses programs, and remembers of each file the one parsed last.

    What is linted is parsed with libcst. What is only consulted is read with `ast`, in a tenth of the time, unless
    libcst's program of the same bytes is at hand.

    Args:
        room: the bytes of source whose programs are kept; a program takes some hundred times as much.
    """

    def __init__(self, room: int = 0) -> None:
        self._room = room
        self._used = 0
        self._kept: OrderedDict[str, tuple[bytes, t.Module | Unreadable]] = OrderedDict()
        self._making: dict[tuple[int, int], bool] = {}  # by the bytes' hash and number: they are not kept for it

    def parsed(self, data: bytes, path: str) -> t.Module:
        """The program in a file's bytes.

        Raises:
            Unreadable: no Python that can be parsed.
        """
        from wdlint.source.read.parse import parse

        return self._program(data, path, parse, concrete=True)

    def consulted(self, data: bytes, path: str) -> t.Module:
        """The program in the bytes of a file that is not linted itself: its nodes have places, but no exact text.

        Raises:
            Unreadable: no Python that can be parsed.
        """
        from wdlint.source.read.parse import parse_consulted

        return self._program(data, path, parse_consulted, concrete=False)

    def may_construct(self, data: bytes) -> bool:
        """Whether a module's bytes can hold what makes an optimizer: while one types, those of the others stay."""
        from wdlint.source.read.screen import may_construct

        key = hash(data), len(data)
        if key not in self._making:
            self._making[key] = may_construct(data)
        return self._making[key]

    def _program(self, data: bytes, path: str, parse: Callable[[bytes, str], t.Module], *, concrete: bool) -> t.Module:
        from wdlint.source.read.parse import Unreadable

        of, program = self._kept.get(path, (None, None))
        if of == data and program is not None and (not concrete or is_concrete(program)):
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


def is_concrete(program: t.Module | Unreadable) -> bool:
    """Whether libcst parsed it, so that edits can be made; what neither can read counts too."""
    from wdlint.source.read.lower_ast import Lines

    return not isinstance(getattr(program, "origin", None), Lines)
