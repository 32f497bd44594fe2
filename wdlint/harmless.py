"""Text that comes from linted files and names, made safe to show."""

from __future__ import annotations

import re

# C0 and C1 controls, line separators and the signs that turn the direction of text.
_HARMFUL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LONE = re.compile(r"[\ud800-\udfff]")


def harmless(text: str) -> str:
    """The text with everything that could steer a terminal or start a new line spelled out."""
    return _HARMFUL.sub(_escape, text)


def spelled(text: str) -> str:
    """The text with what no encoding of Unicode can hold spelled out."""
    return _LONE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # how Python reads a byte of a name that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return found[0].encode("unicode_escape").decode()
