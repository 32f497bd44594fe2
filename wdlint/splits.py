"""What a division into groups means to do and does: questions about one optimizer, for rules.

Public. What each answers is said in `wdlint.judging.splits`.
"""

from __future__ import annotations

from wdlint.judging.splits import (
    dead_patterns,
    exempt_groups,
    is_inverted,
    is_split,
    meant_kind,
    unread_decay_keys,
)

__all__ = [
    "dead_patterns",
    "exempt_groups",
    "is_inverted",
    "is_split",
    "meant_kind",
    "unread_decay_keys",
]
