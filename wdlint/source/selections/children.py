"""Loops over a model's children, which are its direct modules alone: what a test of a child says of a parameter."""

from __future__ import annotations

from wdlint.source.selections import predicates as s
from wdlint.source.selections.taken import rooted
from wdlint.source.values.elements import element_within
from wdlint.source.values.values import Attribute, Collection, Element, Value, bare


def of_child(held: Value, condition: s.Selector) -> s.Selector:
    """The condition on what a child holds: `child.weight` is a direct child's, and a test is about that child.

    What lies further below a child is of that class only perhaps: its own class says nothing of the child's.
    """
    inner = bare(held)
    if isinstance(inner, Attribute):
        child = inner.of
    elif isinstance(inner, Collection):
        child = inner.owner or held
    elif isinstance(inner, Element):
        child = inner.collection.owner or held
    else:
        return condition
    if not isinstance(child, Element) or child.collection.what not in ("children", "named_children"):
        return condition
    if element_within(child.collection.model) is not None:
        return condition
    direct = s.DirectlyBelow(rooted(child.collection.model)[1])
    return s.both(condition, direct) if isinstance(inner, Attribute) else _of_the_child(condition, direct)


def _of_the_child(condition: s.Selector, direct: s.DirectlyBelow) -> s.Selector:
    match condition:
        case s.AncestorIs():
            below = s.Opaque("child", "below a child of another class perhaps")
            return s.both(condition, s.either(s.both(direct, s.OwnerIs(condition.classes)), below))
        case s.And():
            return s.both(*(_of_the_child(part, direct) for part in condition.parts))
        case s.Or():
            return s.either(*(_of_the_child(part, direct) for part in condition.parts))
    return condition
