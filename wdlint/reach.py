"""What decays which parameters: questions about one optimizer, for rules.

Public. What each answers is said in `wdlint.judging.reach`.
"""

from __future__ import annotations

from wdlint.judging.reach import (
    UNDECAYED_KINDS,
    Reach,
    asked_to_exempt,
    certainly_in,
    decayed_groups,
    decaying_classes,
    held,
    holders,
    is_silent,
    is_visible,
    is_written,
    seen_reach,
    unseen_reach,
)

__all__ = [
    "UNDECAYED_KINDS",
    "Reach",
    "asked_to_exempt",
    "certainly_in",
    "decayed_groups",
    "decaying_classes",
    "held",
    "holders",
    "is_silent",
    "is_visible",
    "is_written",
    "seen_reach",
    "unseen_reach",
]
