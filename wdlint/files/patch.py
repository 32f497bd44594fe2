"""What a fix changes in a file, as a patch that `git apply` takes.

A name that would break a patch's header is quoted as git quotes it. How a fix is made is in `wdlint.fix`.
"""

from __future__ import annotations

import difflib
import os
import re

# What git spells by a letter; other bytes that need it are spelled in octal.
_LETTERS = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", ord('"'): '"', ord("\\"): "\\"}


def patch(file: str, old: bytes, new: bytes) -> bytes:
    """The difference between two texts of a file; nothing where they agree."""
    told = difflib.diff_bytes(
        difflib.unified_diff, _lines(old), _lines(new), _name("a", file), _name("b", file), lineterm=b"\n"
    )
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in told)


def _lines(data: bytes) -> list[bytes]:
    return list(re.findall(rb"[^\n]*\n|[^\n]+", data))


def _name(side: str, file: str) -> bytes:
    """`a/file` as a header has it."""
    name = os.fsencode(f"{side}/{file.replace(os.sep, '/')}")
    if not any(byte < 32 or byte >= 127 or byte in _LETTERS for byte in name):
        return name + b"\t" if b" " in name else name  # a tab ends a name that holds blanks
    return b'"' + b"".join(map(_spelled, name)) + b'"'


def _spelled(byte: int) -> bytes:
    if byte in _LETTERS:
        return b"\\" + _LETTERS[byte].encode()
    return bytes([byte]) if 32 <= byte < 127 else f"\\{byte:03o}".encode()
