"""What came of one file; how it comes about is in `lint`, how it is kept between runs in `cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wdlint.facts import Finding, Place


class Checked(NamedTuple):
    """What came of one file."""

    file: str  # as reports show it
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()  # by a comment in the file
    error: str = ""  # why the file could not be judged; it is no finding then
    unread: tuple[Place, ...] = ()  # optimizers that could not be read, and of which nothing is said
    counted: bool = True  # False: a file of data that configures nothing
    lacking: str = ""  # what is not installed and would have to be, to read it
    rests_on: tuple[str, ...] = ()  # files of the project that were looked at for it, there or not
