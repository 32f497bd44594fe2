"""What one witness says of one parameter."""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Evidence, Kind


@dataclass(frozen=True, slots=True)
class Testimony:
    """A kind, why, and whether it is a table of which rows are looked up."""

    kind: Kind
    evidence: Evidence
    table: bool = False
