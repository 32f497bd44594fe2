"""What a rule is, and reading rules from modules and folders.

Public, for tools that list or run rules; a rule itself needs none of it. See `wdlint.judging.rule`.
"""

from __future__ import annotations

from wdlint.judging.rule import (
    HEADINGS,
    BrokenRule,
    Rule,
    built_in,
    from_folder,
    rule_of,
)

__all__ = [
    "HEADINGS",
    "BrokenRule",
    "Rule",
    "built_in",
    "from_folder",
    "rule_of",
]
