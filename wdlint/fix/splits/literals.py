"""Lists of parameters that are written out, each element put where its kind belongs: with decay or without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.facts import Applicability, Edit, Fix, Inventory, Kind, OptimizerUse
from wdlint.fix import emit
from wdlint.fix.construction import Site
from wdlint.fix.program import Program, dotted
from wdlint.fix.splits.conditions import held_by, is_exempt
from wdlint.source.read import tree as t


@dataclass(frozen=True, slots=True)
class Parted:
    """The elements of a list as code: those that decay, and those that are exempt."""

    decayed: tuple[str, ...]
    exempt: tuple[str, ...]


def parted(site: Site, held: t.Expr, test: emit.Test) -> Parted | None:
    """The elements of a list of parameters, parted by kind; None where an element's kind can't be told."""
    if not (isinstance(held, t.Display) and held.kind in ("list", "tuple") and held.items) or len(site.uses) != 1:
        return None
    program = site.program
    decayed: list[str] = []
    exempt: list[str] = []
    for item in held.items:
        kinds = _kinds(site.uses[0], item)
        if not kinds or Kind.UNKNOWN in kinds:
            return None
        source = program.source(item)
        if kinds <= _EXEMPT:
            exempt.append(source)
        elif not kinds & _EXEMPT:
            decayed.append(source)
        elif isinstance(item, t.Starred) and not test.named and "\n" not in source:
            over = program.source(item.value)
            decayed.append(f"*(p for p in {over} if {test.decayed.format(p='p')})")
            exempt.append(f"*(p for p in {over} if {test.exempt.format(p='p')})")
        else:
            return None
    return Parted(tuple(decayed), tuple(exempt))


_EXEMPT = frozenset((Kind.GAIN, Kind.BIAS))


def _kinds(use: OptimizerUse, item: t.Expr) -> frozenset[Kind]:
    """The kinds of the parameters that an element stands for; empty where they can't be told."""
    inventory = use.inventory
    if inventory is None:
        return frozenset()
    match item:
        case t.Starred(value=t.Call(func=t.Attribute(attr="parameters", value=module), args=())):
            return _below(inventory, dotted(module) or "")
        case _:
            return _named(inventory, dotted(item) or "")


def _below(inventory: Inventory, module: str) -> frozenset[Kind]:
    """The kinds in a module, which goes by a name and a path in the model: `net.norm` is `norm`."""
    parts = module.split(".")
    for start in range(1, len(parts)):
        prefix = ".".join(parts[start:]) + "."
        kinds = frozenset(p.kind for p in inventory.parameters if p.name.startswith(prefix))
        if kinds:
            return kinds
    return frozenset()


def _named(inventory: Inventory, parameter: str) -> frozenset[Kind]:
    parts = parameter.split(".")
    for start in range(1, len(parts)):
        name = ".".join(parts[start:])
        kinds = frozenset(p.kind for p in inventory.parameters if p.name == name)
        if kinds:
            return kinds
    return frozenset()


def literal_fixes(site: Site) -> Iterator[Fix]:
    """Elements of groups that are written out, moved to the group that decays or the one that does not."""
    program = site.program
    if len(site.uses) != 1:
        return
    groups = [(group, held_by(program, group)) for group in site.uses[0].groups]
    lists = [(group, held) for group, held in groups if isinstance(held, t.Display) and held.items]
    edits: list[Edit] = []
    arriving: dict[t.Display, list[str]] = {}
    for group, held in lists:
        halves = parted(site, held, emit.BY_DIMENSION)
        if halves is None:
            continue
        exempts = is_exempt(group)
        staying, leaving = (halves.exempt, halves.decayed) if exempts else (halves.decayed, halves.exempt)
        if not leaving:
            continue
        others = [h for g, h in lists if is_exempt(g) is not exempts and g.learning_rate == group.learning_rate]
        if len(others) != 1 or not staying:
            return
        arriving.setdefault(others[0], []).extend(leaving)
        edits.append(program.edit(*_inside(program, held), ", ".join(staying)))
    for held, texts in arriving.items():
        end = program.bracketed(held.items[-1])[1]
        edits.append(program.edit(end, end, "".join(f", {text}" for text in texts)))
    if edits and all("\n" not in program.source(held) for _, held in lists):
        yield Fix("Put each parameter in the group that it belongs to", Applicability.SAFE, tuple(edits))


def _inside(program: Program, held: t.Display) -> tuple[int, int]:
    return program.bracketed(held.items[0])[0], program.bracketed(held.items[-1])[1]
