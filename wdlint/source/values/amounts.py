"""From answers to a decay strength or learning rate, with where it comes from.

Only numbers are dealt with here; which argument or key holds them is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wdlint.facts import Amount, Origin
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.positions import Places, written
from wdlint.source.values.values import Answers, Known, Unknown


@dataclass(frozen=True, slots=True)
class AmountDraft:
    """An amount whose place is still a node."""

    value: float | None
    origin: Origin
    text: str = ""
    node: t.Node | None = None
    module: t.Module | None = None
    varies: bool = False

    @property
    def decays(self) -> bool:
        """Whether parameters shrink by it, as far as the source tells."""
        return Amount(self.value, self.origin).decays

    @property
    def is_latent(self) -> bool:
        """A visible 0 that a command line or configuration can raise."""
        return Amount(self.value, self.origin).latent

    def placed(self, places: Places) -> Amount:
        place = places.of(self.module, self.node) if self.module is not None else None
        return Amount(self.value, self.origin, self.text, place, self.varies)


NOTHING = AmountDraft(0.0, Origin.WRITTEN)


def amount_of(answers: Answers, text: str) -> AmountDraft | None:
    """The strength that some answers stand for, or None where they certainly give none (`None`).

    Of several numbers the first positive one is taken, and the amount `varies`. A number that can't be
    told counts as decay: somebody passed it on purpose.
    """
    numbers = [v for v in answers if isinstance(v, Known) and isinstance(v.value, (int, float))]
    blank = [v for v in answers if isinstance(v, Known) and v.value is None]
    others = [v for v in answers if v not in numbers and v not in blank]
    if not numbers and not others:
        return None
    positive = [v for v in numbers if v.value]
    if positive:
        chosen = positive[0]
        return _draft(chosen, text, varies=len({v.value for v in numbers}) > 1 or bool(others))
    if not numbers and all(isinstance(v, Unknown) and v.unset for v in others):
        return AmountDraft(0.0, Origin.ARGUMENT_DEFAULT, text)
    certain = [v for v in others if isinstance(v, Unknown) and v.positive]
    if numbers and not certain and not _outweighs(others):
        return _draft(numbers[0], text, varies=bool(others))
    computed = any(isinstance(v, Unknown) and v.computed for v in others)
    return AmountDraft(None, Origin.COMPUTED if computed else Origin.UNKNOWN, text, varies=len(answers) > 1)


def _outweighs(others: Sequence[object]) -> bool:
    """Whether unknown answers beside a known 0 are more than the same 0 scheduled or scaled."""
    return any(not (isinstance(v, Unknown) and v.computed) for v in others)


def _draft(known: Known, text: str, varies: bool) -> AmountDraft:
    value = float(known.value) if isinstance(known.value, (int, float)) else None
    return AmountDraft(value, known.origin, text, known.node, known.module, varies)


def source_text(module: t.Module, node: t.Expr | None) -> str:
    """A short expression as it is written."""
    if node is None or node.origin is None:
        return ""
    dotted = syntax.dotted(node)
    if dotted is not None:
        return dotted
    try:
        text = written(module, node.origin)
    except Exception:  # a node that was made by the engine has no text
        return ""
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:57] + "…"
