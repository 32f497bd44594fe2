"""Whether this wdlint is one that settings ask for: `0.2`, `>=0.2`, `>=0.2, <1`."""

from __future__ import annotations

import re

_CONDITION = re.compile(r"\s*(==|!=|<=|>=|<|>)?\s*v?(\d+(?:\.\d+)*)\s*")


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version meets every condition; one without a sign asks for that version itself.

    Raises:
        ValueError: what is wanted can't be read.
    """
    have = _numbers(re.match(r"\d+(?:\.\d+)*", version)[0])  # type: ignore[index]  # wdlint's own
    for condition in wanted.split(","):
        found = _CONDITION.fullmatch(condition)
        if found is None:
            raise ValueError(condition.strip() or wanted)
        want = _numbers(found[2])
        meets = {
            "==": have == want, "!=": have != want, "<=": have <= want, ">=": have >= want, "<": have < want,
            ">": have > want,
        }  # fmt: skip
        if not meets[found[1] or "=="]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """Its numbers without zeros at the end: 1.0 is 1."""
    numbers = [int(part) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
