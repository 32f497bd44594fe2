"""Which parameters a penalty's operands are, as far as their models can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wdlint.facts import Kind, Parameter, Ternary
from wdlint.source import membership
from wdlint.source.parts import Taken
from wdlint.source.selections import taken
from wdlint.source.values import Answers

if TYPE_CHECKING:
    from wdlint.source.evaluate import Evaluator

_EXAMPLES = 3  # names shown of the parameters that are reached


class PenaltyReach:
    """The kinds that are certainly penalised, a few parameters as examples, and the parts of models that they are."""

    def __init__(self, evaluator: Evaluator, operands: Answers) -> None:
        from wdlint.source.inventory import inventory

        found: list[Parameter] = []
        self.parts: list[Taken] = []
        for operand in operands:
            for part in taken(evaluator, operand):
                if part.model is not None and not part.unread:
                    self.parts.append(part)
                model = inventory(evaluator, part.model) if part.model is not None and not part.unread else None
                known = model.parameters if model is not None else ()
                found.extend(p for p in known if membership.jointly(part.below(), p) is Ternary.YES)
        self.kinds: frozenset[Kind] = frozenset(p.kind for p in found if p.present is Ternary.YES)
        ordered = sorted(found, key=lambda p: p.kind not in (Kind.GAIN, Kind.BIAS))
        self.examples: tuple[str, ...] = tuple(dict.fromkeys(p.name for p in ordered))[:_EXAMPLES]
