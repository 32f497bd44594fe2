"""What sums, products and comparisons do with the parameters in their operands.

A parameter alone waits, a parameter beside the input is used: its touch is noted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wdlint.source.models.forward.value import (
    ACTIVE,
    STATIC,
    Carrier,
    How,
    Mark,
    Touch,
    Value,
    flat,
    mark,
    meaning,
    merge,
    without_reduced,
)
from wdlint.source.read import tree as t


@dataclass(slots=True, kw_only=True)
class Arithmetic:
    """Operations on values, and the notes of what they touch in the method `names[0]`."""

    touches: list[Touch] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    muted: bool = False

    def touch(
        self, carrier: Carrier, how: How, node: t.Node, detail: str = "", beside: frozenset[str] = frozenset()
    ) -> None:
        if not self.muted and (Mark.REDUCED not in carrier.marks or Mark.CODED in carrier.marks):
            late = not carrier.marks.isdisjoint((Mark.BLENDED, Mark.LAYERED))
            method = self.names[0] if self.names else ""
            others = beside - {carrier.attribute}
            self.touches.append(Touch(carrier.attribute, how, node, method, detail, late, others))

    def binary(self, op: str, left: Value, right: Value, node: t.Node) -> Value:
        if op == "+" and (left.items or right.items or left.sequence or right.sequence):
            return concatenated(left, right)
        left, right = flat(left), flat(right)
        if op == "@":
            return self.contract(left, right, node)
        if op in ("+", "-") and (left.path or right.path) and not (left.carriers or right.carriers):
            return Value(active=left.active or right.active)
        if op in ("+", "-"):
            return self.meet(left, right, How.ADDED, node)
        if op == "*":
            return self.meet(left, right, How.SCALED, node)
        if op in ("/", "//", "%", "**"):
            if left.active:
                for carrier in right.pure:
                    self.touch(carrier, How.BENT, node, "divides the input" if op != "**" else "an exponent")
            scaled = self.meet(left, replace(right, carriers=frozenset()), How.SCALED, node)
            kept = scaled.carriers | (mark(right, Mark.SHAPED).carriers if not scaled.active else frozenset())
            return Value(without_reduced(kept), scaled.active, mask=scaled.mask)
        return Value(without_reduced(left.carriers | right.carriers), left.active or right.active)

    def meet(self, left: Value, right: Value, how: How, node: t.Node) -> Value:
        """Two values added or multiplied: a parameter alone waits, a parameter beside the input is used."""
        left, right = flat(left), flat(right)
        active = left.active or right.active
        mask = all(v.mask or v == STATIC for v in (left, right)) and (left.mask or right.mask)
        if not active:
            for own, other in ((left, right), (right, left)) if how is How.SCALED else ():
                for carrier in own.pure if other.parameters else ():
                    self.touch(carrier, How.FACTOR, node, beside=other.parameters)
            return Value(without_reduced(left.carriers | right.carriers), mask=mask)
        kept: set[Carrier] = set()
        for own, other in ((left, right), (right, left)):
            through_mask = how is How.SCALED and other.mask
            for carrier in own.pure:
                if other.active and not through_mask:
                    self.touch(carrier, meaning(carrier, how), node)
            kept |= own.carriers if through_mask or not other.active else mark(own, Mark.BLENDED).carriers
        return Value(without_reduced(kept), active, mask=mask)

    def contract(self, left: Value, right: Value, node: t.Node, detail: str = "") -> Value:
        """A product that sums over an index."""
        left, right = flat(left), flat(right)
        for value, other in ((left, right), (right, left)):
            if value.carriers and not (other.active or other.carriers or other.learned):
                return mark(mark(value, Mark.TABULATED), Mark.MIXED)  # a fixed matrix picks and mixes rows
            how = How.EMBEDDED if other.chooser else How.CONTRACTED
            beside = frozenset() if value.active or other.active else other.parameters
            for carrier in value.pure:
                self.touch(carrier, meaning(carrier, how), node, detail, beside)
        if left.active or right.active:
            return ACTIVE
        return Value(left.carriers | right.carriers)

    def compare(self, sides: list[Value], node: t.Node) -> Value:
        active = any(s.active for s in sides)
        if active:
            for side in sides:
                for carrier in side.pure:
                    self.touch(carrier, How.BENT, node, "compared")
        return Value(active=active)


def concatenated(left: Value, right: Value) -> Value:
    """Two lists one after the other."""
    if left.sequence or right.sequence or not (left.items or left == STATIC) or not (right.items or right == STATIC):
        return replace(merge([flat(left), flat(right)]), sequence=True)
    return Value(items=(*left.items, *right.items))
