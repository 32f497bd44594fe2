"""The folder of a project, told from a file in it and never from where one stands."""

from __future__ import annotations

import os

MARKS = (".git", "wdlint.toml", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt")
"""What stands at the top of a project."""


def repository(path: str) -> str:
    """The folder that a file's changes are kept in: of its git repository, else the nearest with a mark, else its own.

    As it is spelled in the path, made absolute; links are not resolved.
    """
    own = os.path.dirname(os.path.abspath(path))
    above = [own]
    while os.path.dirname(above[-1]) != above[-1]:
        above.append(os.path.dirname(above[-1]))
    for marks in (MARKS[:1], MARKS):
        for folder in above:
            if any(os.path.exists(os.path.join(folder, mark)) for mark in marks):
                return folder
    return own


def leads_out(path: str) -> str:
    """Where a path leads by links, if that is outside of its repository; else an empty string."""
    target = os.path.realpath(path)
    if target == os.path.abspath(path):
        return ""
    top = os.path.realpath(repository(path))
    return "" if target.startswith(top.rstrip(os.sep) + os.sep) else target
