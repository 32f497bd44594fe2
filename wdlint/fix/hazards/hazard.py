"""What makes a fix less to be trusted: a sentence for the user, and how far the fix may go."""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Applicability


@dataclass(frozen=True, slots=True)
class Hazard:
    """What may break when an optimizer has other groups than before, and how far a fix may go then."""

    reason: str
    most: Applicability = Applicability.UNSAFE
    guarded_at: int = 0  # the line at which a fix may take it away by a test of the group; 0: none can
