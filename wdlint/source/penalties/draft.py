"""A penalty as the engine first has it: syntax nodes where a fact will have places."""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Confidence, Origin, Sink
from wdlint.source.read import tree as t
from wdlint.source.read.positions import written
from wdlint.source.values.values import Answers, Known


@dataclass(frozen=True, slots=True, eq=False)
class PenaltyDraft:
    """An L2 penalty, with nodes of the linted module in place of places."""

    node: t.Expr | t.Stmt  # the penalty, or where it joins the loss if it stands in another file
    label: str
    sink: Sink
    sink_node: t.Expr | t.Stmt
    coefficient: Answers | None  # what the term is multiplied with; None: nothing is written
    coefficient_node: t.Expr | None  # the factor in the linted module that says so
    power: int  # 2: squared norm; 1: the norm itself
    operands: Answers
    confidence: Confidence
    statement: t.Stmt | None = None  # the one that holds `node`
    joins: t.Expr | None = None  # the sum by which it enters a loss
    strength: str = ""  # its factors as written, where they are several
    averaged: bool = False  # a mean over entries: what acts on each is a share


def text(module: t.Module, node: t.Expr | t.Stmt) -> str:
    """A node of the linted module as written, on one line."""
    return " ".join(written(module, node.origin).split())


def is_nothing(answers: Answers) -> bool:
    """Whether a strength is 0 as written, which nobody can raise from outside."""
    return all(isinstance(v, Known) and v.value == 0 and v.origin is Origin.WRITTEN for v in answers)
