"""Whether two answers are one object of the program, met from different sides.

A function that is read as it stands and as a caller enters it makes one model, though not one value. Two calls of a
function that makes models make two of them.
"""

from __future__ import annotations

from wdlint.source.values.values import Frame, Instance, Value, bare

_DEEPEST = 12  # calls within calls


def same_object(one: Value | None, other: Value | None) -> bool:
    """Whether two answers stand for the same object, as far as what made them tells."""
    if one is None or other is None:
        return False
    one, other = bare(one), bare(other)
    if one is other:
        return True
    if not isinstance(one, Instance) or not isinstance(other, Instance):
        return False
    made = one.node is not None and one.node is other.node
    return made and _same_frame(one.frame, other.frame)


def _same_frame(one: Frame | None, other: Frame | None, depth: int = 0) -> bool:
    if one is other:
        return True
    if one is None or other is None or one.scope is not other.scope or depth > _DEEPEST:
        return False
    if one.arguments is None or other.arguments is None:
        return True  # the one whose caller is not known may be the other
    if one.call is None or one.call is not other.call:
        return one.call is other.call and same_object(one.receiver, other.receiver)
    return _same_frame(one.caller, other.caller, depth + 1)
