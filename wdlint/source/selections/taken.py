"""The parts that a selection of parameters comes down to: a model, and a condition on its parameters.

How a value is taken apart into them is in `selections.taking.taking`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from wdlint.source.selections import moved
from wdlint.source.selections import predicates as s
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Changed, Element, External, Instance, Method, Part, Unknown, Value, bare


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """Some parameters of one model. `unread` says that what is taken can't be told."""

    model: Value | None
    selector: s.Selector
    prefix: str = ""  # the path from `model` to the sub-module that was asked
    unread: bool = False
    loose: bool = False  # tensors that belong to no model
    choice: tuple[int, int] = (0, 1)  # which of how many answers to what the model is

    def below(self, prefix: str = "") -> s.Selector:
        """The selector over the parameters of the sub-module at `prefix`, by their names there."""
        if self.prefix == prefix:
            return self.selector
        if prefix and not self.prefix.startswith(prefix + "."):
            return self.selector if prefix.startswith(self.prefix) else s.Always(False)
        rest = self.prefix[len(prefix) + 1 :] if prefix else self.prefix
        return moved.below(self.selector, rest)

    def under(self, condition: s.Selector) -> Taken:
        return replace(self, selector=s.both(condition, self.selector))


UNREAD = Taken(None, s.Always(True), unread=True)
LOOSE = Taken(None, s.Always(True), loose=True)


def chosen(part: Taken, index: int, count: int) -> Taken:
    """A part that is one of several answers, if there are several; answers within answers are numbered through."""
    if count == 1:
        return part
    if part.choice[1] == 1:
        return replace(part, choice=(index, count))
    return replace(part, choice=(index * part.choice[1] + part.choice[0], count * part.choice[1]))


# Which parameters a value holds, part by part: `selections.taking.taken`, for what lies below it.
Taking: TypeAlias = Callable[[Evaluation, Value], list[Taken]]


def rooted(model: Value) -> tuple[Value, str]:
    """A model, with what was done to it, and the path below it: `Part(net, "fc")` is the part `fc` of `net`."""
    inner = model
    while isinstance(inner, Changed):
        inner = inner.base
    return (inner.root, inner.path) if isinstance(inner, Part) else (model, "")


def one_parameter(value: Value) -> tuple[Value, str] | None:
    """The model and full name of a single parameter: `model.fc.weight`, `self.scale`."""
    if isinstance(value, Part):
        inner = bare(value.value)
        if isinstance(inner, Instance) and isinstance(inner.cls, External) and inner.cls.path.endswith(".Parameter"):
            return value.root, value.path
        return None
    if isinstance(value, Method) and value.name in ("weight", "bias", "in_proj_weight", "in_proj_bias"):
        receiver = value.receiver
        root, path = rooted(receiver)
        if isinstance(bare(receiver), (Instance, Unknown, Method)):
            return root, f"{path}.{value.name}" if path else value.name
    if isinstance(value, Element) and value.part == "parameter":
        return None
    return None
