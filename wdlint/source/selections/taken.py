"""The parts that a selection of parameters comes down to: a model, and a condition on its parameters.

How a value is taken apart into them is in `selections.taking.taking`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wdlint.source.selections import predicates as s
from wdlint.source.values.values import Value


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
        return s.both(s.StartsWith(s.FullName(), rest + "."), self.selector)

    def under(self, condition: s.Selector) -> Taken:
        return replace(self, selector=s.both(condition, self.selector))


UNREAD = Taken(None, s.Always(True), unread=True)
LOOSE = Taken(None, s.Always(True), loose=True)


def chosen(part: Taken, index: int, count: int) -> Taken:
    """A part that is one of several answers; answers within answers are numbered through."""
    if part.choice[1] == 1:
        return replace(part, choice=(index, count))
    return replace(part, choice=(index * part.choice[1] + part.choice[0], count * part.choice[1]))
