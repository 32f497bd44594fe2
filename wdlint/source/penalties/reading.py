"""What the parts that follow a loss to its summands may ask of its reader.

They are given one and need not import it; `penalties.flow` puts them together and is the one that answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from wdlint.source.penalties.ways import Term, Way
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context, Frame


class Reading(Protocol):
    """Reads the summands of losses in one linted module; see `penalties.flow.Reader`."""

    evaluator: Evaluation
    unresolved: set[str]  # names of calls that could not be followed
    entered: set[int]  # the functions of the project that were entered, by identity
    clauses: dict[int, tuple[t.Clause, Context]]  # of comprehensions entered, by the context inside
    sites: dict[int, tuple[t.Call, Context, bool]]  # the call that entered a frame, and whether its function was bound

    def terms(self, expr: t.Expr, context: Context, way: Way | None = None) -> Iterator[Term]: ...
    def joined(self, way: Way, expr: t.Expr, context: Context, side: t.Expr) -> Way: ...
    def returned(self, frame: Frame, way: Way | None = None) -> Iterator[Term]: ...
