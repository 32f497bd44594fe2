"""A penalty as the engine first has it: syntax nodes where a fact will have places, and the parameters it reaches."""

from __future__ import annotations

from dataclasses import dataclass

from wdlint.facts import Confidence, Inventory, Kind, Origin, Parameter, Sink, Ternary
from wdlint.source.models.inventory import inventory
from wdlint.source.read import tree as t
from wdlint.source.read.positions import written
from wdlint.source.selections import membership
from wdlint.source.selections.predicates import Always
from wdlint.source.selections.taken import Taken
from wdlint.source.selections.taking import taken
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Answers, Known

_EXAMPLES = 3  # names shown of the parameters that are reached


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


class PenaltyReach:
    """The kinds that are certainly penalised, a few parameters as examples, and the parts of models that they are.

    `inventory` holds all that is reached, where it can be told; `whole` are the parts that leave out no weight.
    """

    def __init__(self, evaluator: Evaluation, operands: Answers) -> None:
        found: list[Parameter] = []
        self.parts: list[Taken] = []
        all_told = True
        self.whole: list[Taken] = []
        for operand in operands:
            for part in taken(evaluator, operand):
                all_told = all_told and part.model is not None and not part.unread
                if part.model is not None and not part.unread:
                    self.parts.append(part)
                model = inventory(evaluator, part.model) if part.model is not None and not part.unread else None
                known = model.parameters if model is not None else ()
                answers = [membership.jointly(part.below(), p) for p in known]
                reached = [p for p, answer in zip(known, answers, strict=True) if answer is Ternary.YES]
                all_told = all_told and model is not None and model.complete and Ternary.UNKNOWN not in answers
                found.extend(reached)
                missed = [p for p in known if p not in reached and p.kind in (Kind.WEIGHT, Kind.UNKNOWN)]
                if part.below() == Always(True) or (known and not missed):
                    self.whole.append(part)
        self.kinds: frozenset[Kind] = frozenset(p.kind for p in found if p.present is Ternary.YES)
        if len({id(part.model) for part in self.parts}) < 2:  # branches that make one layer in two ways
            found = list({p.name: p for p in found}.values())
        # They are counted only where all of them are known.
        self.inventory = Inventory("", tuple(found), complete=False) if found and all_told else None
        ordered = sorted(found, key=lambda p: p.kind not in (Kind.GAIN, Kind.BIAS))
        self.examples: tuple[str, ...] = tuple(dict.fromkeys(p.name for p in ordered))[:_EXAMPLES]
