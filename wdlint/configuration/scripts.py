"""What the scripts of a project hand over, by their text alone: a look that parses nothing.

It serves to stay silent where a script may decide otherwise, and to say *assumed* where every script that can be seen
hands over all parameters.
"""

from __future__ import annotations

import re

_LONGEST = 2_000  # characters of a call
_WHOLE = re.compile(
    r"(?:params\s*=\s*|model_parameters\s*=\s*)?(?:"
    r"[\w.()\[\]]*\.parameters\(\)|"
    r"filter\(\s*lambda \w+:\s*\w+\.requires_grad,\s*[\w.]+\.parameters\(\)\s*\)|"
    r"\[\s*(\w+) for \1 in [\w.]+\.parameters\(\)(?: if \1\.requires_grad)?\s*\])\s*(?=[,)])"
)


def arguments(text: str, start: int) -> str:
    """What stands between the brackets of a call, from behind the opening one to the closing one."""
    depth = 1
    for index in range(start, min(len(text), start + _LONGEST)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return text[start : index + 1]
    return text[start : start + _LONGEST]


def hands_all(given: str) -> bool:
    """Whether an argument, from its beginning, is all parameters of something, or all that are trained."""
    return _WHOLE.match(given.lstrip()) is not None


def without_all(given: str) -> str:
    """The arguments of a call without those that hand over all parameters."""
    return _WHOLE.sub("", given)
