"""The phrases of messages, so that rules of one's own speak as wdlint's do.

Public. What each says is in `wdlint.judging.wording`, and in `wdlint.judging.numbers`.
"""

from __future__ import annotations

from wdlint.judging.numbers import number, percent
from wdlint.judging.wording import (
    BIASES_MATTER,
    BOTH_MATTER,
    COUPLED_MATTERS,
    GAINS_MATTER,
    amount,
    amount_note,
    amounts,
    counted,
    decays,
    divided_by_dimension,
    everything,
    evidence_note,
    examples,
    expression,
    inherited_note,
    kinds,
    line_of,
    listed,
    model,
    optimizer,
    penalised,
    penalised_names,
    penalty_notes,
    penalty_strength,
    reach_finding,
    split_advice,
    subject,
)

__all__ = [
    "BIASES_MATTER",
    "BOTH_MATTER",
    "COUPLED_MATTERS",
    "GAINS_MATTER",
    "amount",
    "amount_note",
    "amounts",
    "counted",
    "decays",
    "divided_by_dimension",
    "everything",
    "evidence_note",
    "examples",
    "expression",
    "inherited_note",
    "kinds",
    "line_of",
    "listed",
    "model",
    "number",
    "optimizer",
    "penalised",
    "penalised_names",
    "penalty_notes",
    "penalty_strength",
    "percent",
    "reach_finding",
    "split_advice",
    "subject",
]
