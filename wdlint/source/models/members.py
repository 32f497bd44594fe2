"""What a module holds under which names, before it is flattened: slots, their alternatives and later changes.

Containers are filled in `containers`, later changes made in `changes`, constructors of project classes read in
`construction`; names and kinds of all parameters come out of `inventory`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from wdlint.facts import Evidence, Kind, Parameter, Ternary
from wdlint.source.models.freezing import Freeze
from wdlint.source.models.raw_parameter import NOTHING, Initial
from wdlint.source.read import tree as t
from wdlint.source.values.execution import raises
from wdlint.source.values.values import Answers, Change, Known, TextOf

ANY = "*"  # stands for an index or a part of a name that is not fixed

CONTAINERS = {
    f"torch.nn.{prefix}{name}": name
    for prefix in ("", "modules.", "modules.container.")
    for name in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
}
NESTING = 12  # lists spread into lists


@dataclass(slots=True)
class Leaf:
    """One parameter, named relative to the module that is being read. `key` identifies the tensor."""

    name: str
    kind: Kind
    evidence: Evidence
    ndim: int | None = None
    shape: tuple[int | None, ...] | None = None
    owner: str = ""
    attribute: str = ""
    present: Ternary = Ternary.YES
    trainable: Ternary = Ternary.YES
    ancestors: tuple[str, ...] = ()
    key: tuple[object, ...] | None = None
    made: Initial = NOTHING  # of a raw parameter
    marks: frozenset[str] = frozenset()  # attributes set to true on the tensor itself
    either: tuple[Leaf, ...] = ()  # the tensors of which it is one, where a branch decides; it has no key then

    def below(self, prefix: str, ancestor: str) -> Leaf:
        """The same parameter as seen from the module above."""
        return replace(self, name=f"{prefix}.{self.name}", ancestors=(ancestor, *self.ancestors))

    def fact(self) -> Parameter:
        """What is said of the parameter to others."""
        return Parameter(
            self.name,
            self.kind,
            self.evidence,
            self.ndim,
            self.shape,
            self.owner,
            self.attribute,
            self.present,
            self.trainable,
            None,
            self.ancestors,
        )


@dataclass(frozen=True, slots=True)
class Contents:
    """The parameters of one module, named relative to it."""

    leaves: tuple[Leaf, ...]
    complete: bool


@dataclass(slots=True)
class Alternative:
    """What one statement puts into a slot: one of `values`.

    `several` says that it stands for distinct objects made by one expression.
    """

    values: Answers
    present: Ternary
    several: bool = False


@dataclass(slots=True)
class Slot:
    """An attribute of a module, or a place in a container."""

    alternatives: list[Alternative] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    sure: bool = False  # one of the alternatives is certainly there
    setters: list[t.Stmt] = field(default_factory=list)


@dataclass(slots=True)
class Members:
    """What one module holds."""

    owner: str  # dotted class
    slots: dict[str, Slot] = field(default_factory=dict)
    fixed: list[Leaf] = field(default_factory=list)  # parameters of a known layer or library model
    complete: bool = True
    ties: list[tuple[str, str]] = field(default_factory=list)  # names of one and the same tensor or module
    frozen: list[tuple[Freeze, list[str]]] = field(default_factory=list)  # with the paths that are set anew later
    numbered: int | None = 0  # the next index of a container; None: not known
    container: str = ""
    order: tuple[str, ...] = ()  # the names of its direct modules, of a library's model

    def copy(self) -> Members:
        """A copy that can be changed without changing this one."""
        slots = {n: Slot(list(s.alternatives), list(s.changes), s.sure, list(s.setters)) for n, s in self.slots.items()}
        frozen = [(freeze, list(later)) for freeze, later in self.frozen]
        return Members(self.owner, slots, list(self.fixed), self.complete, list(self.ties), frozen,
                       self.numbered, self.container, self.order)  # fmt: skip


def names_of(keys: Answers) -> tuple[str, ...]:
    """The attribute names that a computed key may give, with `*` for what can't be told."""
    found: list[str] = []
    for key in keys:
        if isinstance(key, Known) and isinstance(key.value, (str, int)):
            name = str(key.value)
        elif isinstance(key, TextOf):
            name = "".join(piece if isinstance(piece, str) else ANY for piece in key.pieces)
            while "**" in name:
                name = name.replace("**", ANY)
        else:
            name = ANY
        if name not in found:
            found.append(name)
    return tuple(found)


def set_slot(members: Members, name: str, values: Answers, present: Ternary, statement: t.Stmt | None,
             several: bool = False) -> None:  # fmt: skip
    """Give a slot a value, which replaces earlier ones where that is certain."""
    slot = members.slots.setdefault(name, Slot())
    set_anew(members, name)
    if present is Ternary.YES and ANY not in name:
        slot.alternatives.clear()
        slot.changes.clear()
        members.fixed = [leaf for leaf in members.fixed if not is_below(leaf.name, name)]
        members.ties = [tie for tie in members.ties if tie[0] != name]
    elif slot.alternatives and ANY not in name:
        for alternative in slot.alternatives:
            alternative.present &= Ternary.UNKNOWN
    slot.sure = slot.sure or present is Ternary.YES
    if statement is not None and statement not in slot.setters:
        slot.setters.append(statement)
        slot.sure = slot.sure or _exhaustive(slot.setters)
    slot.alternatives.append(Alternative(values, present, several))


def set_anew(members: Members, path: str) -> None:
    """Note that what is at a path now was put there after everything that has been frozen so far."""
    for _, later in members.frozen:
        later.append(path)


def _exhaustive(setters: list[t.Stmt]) -> bool:
    """Whether one of these statements is certainly executed: each branch of an `if` has one."""
    outermost: t.Stmt = setters[-1]
    while isinstance(outermost.block.parent, t.If):
        outermost = outermost.block.parent
    if outermost is setters[-1] or outermost.block.parent is not None:
        return False
    return _covers(outermost, setters)


def _covers(statement: t.Stmt, setters: list[t.Stmt]) -> bool:
    if isinstance(statement, t.If):
        return statement.orelse is not None and all(
            raises(block) or any(_covers(inner, setters) for inner in block.statements)
            for block in (statement.body, statement.orelse)
        )
    return statement in setters


def is_below(name: str, path: str) -> bool:
    """Whether a name is `path` or stands below it."""
    return name == path or name.startswith(path + ".")
