"""JSON that every parser takes: what no Unicode text can hold is spelled out.

Names of files may hold bytes that are no UTF-8, and strings in source may hold halves of surrogate pairs.
Python reads them as lone surrogates; many parsers refuse a whole document for one.
"""

from __future__ import annotations

import json
import re
from typing import Any

from wdlint.harmless import spelled

_LONE = re.compile(r"\\u[dD][89a-fA-F]")


def written(document: Any, indent: int | None = 2) -> str:
    """A document as JSON, in ASCII."""
    text = json.dumps(document, indent=indent)
    return json.dumps(_clean(document), indent=indent) if _LONE.search(text) else text


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(member) for member in value]
    return value
