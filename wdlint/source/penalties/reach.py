"""Which parameters a penalty's operands are, as far as their models can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wdlint.facts import Inventory, Kind, Parameter, Ternary
from wdlint.source.selections import membership
from wdlint.source.selections.predicates import Always
from wdlint.source.selections.taken import Taken
from wdlint.source.selections.taking import taken
from wdlint.source.values.values import Answers

if TYPE_CHECKING:
    from wdlint.source.values.evaluation import Evaluation

_EXAMPLES = 3  # names shown of the parameters that are reached


class PenaltyReach:
    """The kinds that are certainly penalised, a few parameters as examples, and the parts of models that they are.

    `inventory` holds all that is reached, where it can be told; `whole` are the parts that leave out no weight.
    """

    def __init__(self, evaluator: Evaluation, operands: Answers) -> None:
        from wdlint.source.models.inventory import inventory

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
