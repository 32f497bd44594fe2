"""The encoding of a source file, by PEP 263: a byte order mark, else a coding line, else UTF-8."""

from __future__ import annotations

import io
import tokenize


def encoding_of(data: bytes) -> str:
    """The name of the encoding of a file's bytes; `utf-8-sig` with a byte order mark.

    Raises:
        SyntaxError: the encoding that they name is none, or they contradict their byte order mark.
    """
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # a first line that ends with a lone carriage return is one, too
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
