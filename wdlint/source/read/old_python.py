"""Python of former days, made readable line for line: `print x`, `except E, e`, `async` as a name.

What is written here is read, never shown and never mended in the file. Columns stay where they are, but for those
after the comma of an `except`.
"""

from __future__ import annotations

import re

_WORDS = r"(?!(?:in|is|and|or|if|for|else)\b)"
_START = r"(?m)(^[ \t]*|[:;][ \t]*)"

_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    # became a keyword with Python 3.7; `tensor.cuda(async=True)`
    (re.compile(r"\basync\b(?!\s+(?:def|for|with)\b)"), "asyn_"),
    (re.compile(_START + r"(print|exec)[ \t](?=[ \t]*" + _WORDS + r"""["'\w\[{`~])"""), r"\1\2,"),
    (re.compile(r"(?m)^([ \t]*except\b(?:[^:,\n(]*|[ \t]*\([^()\n]*\)[ \t]*)),[ \t]*(\w+)[ \t]*:"), r"\1 as \2:"),
    (re.compile(r"(?m)^([ \t]*raise[ \t]+[\w.]+[ \t]*),"), r"\1;"),
    (re.compile(r"<>"), "!="),
    (re.compile(r"\b(\d+)[lL]\b"), r"\1 "),
    (re.compile(r"(?<![\w.])0(?=[0-7]+\b(?!\.))"), " "),
    (re.compile(r"""(?<!\w)[uU][rR](?=["'])"""), " r"),
)


def modern(text: str) -> str:
    """A program's text with the old spellings replaced by ones that parse."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text
