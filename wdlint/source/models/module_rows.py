"""The direct modules of a module in their order, those without parameters included, and all parameters in theirs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from wdlint.facts import Ternary
from wdlint.source.models.members import ANY, Contents, Leaf, Members, Slot
from wdlint.source.models.places import Row, Rows, row
from wdlint.source.values.answers import same_object
from wdlint.source.values.classes import is_module
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Changed, External, Instance, Unknown, Value, bare


class Surveying(Protocol):
    """What is asked of the reading of a model; `survey.Survey` does it."""

    evaluator: Evaluation

    def tensors(self, value: Value) -> Iterable[Leaf]:
        """The parameters of a module."""

    def settled(self, value: Value) -> Members | None:
        """What a module holds, later changes included."""

    def contents_of(self, value: Value) -> Contents | None:
        """The parameters of a module; None where a value is no module that is known."""


def rows_of(survey: Surveying, root: Value, known: tuple[Value, Row] | None) -> Rows:
    """The rows of a model; `known` are all parameters of one that is being read just now."""
    found: dict[tuple[str, bool], Row | None] = {}

    def rows(path: str, of_children: bool) -> Row | None:
        key = path, of_children
        if key not in found:
            found[key] = None
            found[key] = _children(survey, root, path) if of_children else _parameters(survey, root, path, known)
        return found[key]

    return rows


def in_order(leaves: list[Leaf], members: Members) -> list[Leaf]:
    """The parameters of a library's model by its direct modules: one that is replaced keeps its place."""
    if not members.order:
        return leaves
    places = {name: number for number, name in enumerate(members.order)}

    def place(leaf: Leaf) -> int:
        return places.get(leaf.name.partition(".")[0], len(places)) if "." in leaf.name else -1

    return sorted(leaves, key=place)


def _parameters(survey: Surveying, root: Value, path: str, known: tuple[Value, Row] | None) -> Row | None:
    if known is not None and same_object(known[0], root):
        names, complete = known[1].names, known[1].complete
    else:
        contents = survey.contents_of(root)
        if contents is None:
            return None
        names, complete = tuple((leaf.name, leaf.present) for leaf in contents.leaves), contents.complete
    if path:
        names = tuple((name[len(path) + 1 :], there) for name, there in names if name.startswith(path + "."))
    return row(names, complete)


def _children(survey: Surveying, root: Value, path: str) -> Row | None:
    value, steps = root, path.split(".") if path else []
    for number, step in enumerate(steps):
        members = survey.settled(value)
        if members is None:
            return None
        if step not in members.slots:
            below = ".".join(steps[number:]) + "."
            return _of_library([leaf.name[len(below) :] for leaf in members.fixed if leaf.name.startswith(below)])
        slot = members.slots[step]
        held = [one for alternative in slot.alternatives for one in alternative.values]
        if len(held) != 1:
            return None
        value = Changed(held[0], tuple(slot.changes)) if slot.changes else held[0]
    members = survey.settled(value)
    return of_members(survey.evaluator, members) if members is not None else None


def of_members(evaluator: Evaluation, members: Members) -> Row | None:
    """The direct modules of a module that is read, in their order."""
    names: dict[str, Ternary] = {}
    if members.fixed:
        if not members.order:
            return _of_library([leaf.name for leaf in members.fixed]) if not members.slots else None
        names = dict.fromkeys(members.order, Ternary.YES)
    for name, slot in members.slots.items():
        there = _is_there(evaluator, slot, bool(members.container))
        if there is not Ternary.NO:
            names[name] = there
        elif name in names:
            del names[name]
    return row(names.items(), members.complete)


def _is_there(evaluator: Evaluation, slot: Slot, contained: bool) -> Ternary:
    """Whether a slot holds a module."""
    answers = [
        Ternary.YES if contained else _is_module(evaluator, bare(value))
        for alternative in slot.alternatives
        for value in alternative.values
    ]
    if not answers or all(answer is Ternary.NO for answer in answers):
        return Ternary.NO
    sure = slot.sure or all(alternative.present is Ternary.YES for alternative in slot.alternatives)
    return Ternary.YES if sure and all(answer is Ternary.YES for answer in answers) else Ternary.UNKNOWN


def _is_module(evaluator: Evaluation, value: Value) -> Ternary:
    if isinstance(value, Instance):
        if isinstance(value.cls, External):
            path, last = value.cls.path, value.cls.path.rpartition(".")[2]
            if path.startswith("torch.nn."):
                module = last[:1].isupper() and not last.endswith("Parameter")
                return Ternary.of(module and not path.startswith("torch.nn.init."))
            return Ternary.NO if path.startswith(("torch.", "builtins.", "math.", "numpy.")) else Ternary.UNKNOWN
        return Ternary.YES if is_module(evaluator, value) else Ternary.UNKNOWN
    return Ternary.UNKNOWN if isinstance(value, Unknown) and not value.computed else Ternary.NO


def _of_library(names: list[str]) -> Row | None:
    """The children that hold parameters, of a module inside a library's model; others may stand after them."""
    children = list(dict.fromkeys(name.partition(".")[0] for name in names if "." in name))
    if not children:
        return None
    if all(child.isdigit() for child in children):
        return row(_counted(max(map(int, children))), False)
    return row(((child, Ternary.YES) for child in children), False) if ANY in children else None


def _counted(last: int) -> Iterator[tuple[str, Ternary]]:
    return ((str(number), Ternary.YES) for number in range(last + 1))
