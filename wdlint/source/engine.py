"""The source engine's door: the bytes of one file in, its facts out.

Everything else in this folder serves `observe`. It reads; it neither judges nor runs what it reads.
"""

from __future__ import annotations

from dataclasses import replace

from wdlint.facts import FileFacts, Place, Trouble
from wdlint.source.read.project import Project

__all__ = ["Project", "observe"]


def observe(path: str, data: bytes, project: Project, *, edited: bool = True) -> FileFacts:
    """What one file says about decay. A file that can't be read as Python is a fact too.

    `edited` says that edits of the file may be planned, for which it is parsed with libcst.
    """
    from wdlint.source.read.parse import Unreadable, parse_mended

    programs = project.programs
    troubles: tuple[Trouble, ...] = ()
    try:
        module = programs.parsed(data, path) if edited else programs.consulted(data, path)
    except Unreadable as error:
        place = Place(path, error.line, error.column, error.line, error.column + 1, error.cell)
        mended = parse_mended(data, path)
        troubles = (Trouble(str(error), place, read=mended is not None),)
        if mended is None:
            return FileFacts(path, troubles=troubles)
        module = mended
    from wdlint.source.observation import observed

    project.adopt(module)
    return replace(observed(path, data, module, project), troubles=troubles)
