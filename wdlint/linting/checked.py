"""What came of one file; how it comes about is in `lint`, how it is kept between runs in `cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wdlint.facts import Finding, Place


NO_SIGN = "nothing in it looks like an optimizer or a penalty"
NO_CODE = "what looks like an optimizer or a penalty stands in no code"
NO_OPTIMIZER = "it configures no optimizer that is known"
DATA = "it is larger than 300 kB, and taken for data"
"""Why a file was passed over."""


class Checked(NamedTuple):
    """What came of one file."""

    file: str  # as reports show it
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()  # by a comment in the file
    error: str = ""  # why the file could not be judged; it is no finding then
    unread: tuple[Place, ...] = ()  # optimizers that could not be read, and of which nothing is said
    optimizers: tuple[Place, ...] = ()  # that were judged, each once
    penalties: int = 0  # that were judged
    passed_over: str = ""  # why the file was read no further than its bytes
    counted: bool = True  # False: a file of data that configures nothing
    remarks: tuple[str, ...] = ()  # what its author may want to know and is no finding, each with its place
    lacking: str = ""  # what is not installed and would have to be, to read it
    rests_on: tuple[str, ...] = ()  # files of the project that were looked at for it, there or not
