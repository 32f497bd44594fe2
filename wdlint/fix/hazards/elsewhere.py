"""Functions and classes of other files of the project that are given the optimizer, or made as one.

What they do with its groups is judged where hazards of one file are; here is only where they stand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from wdlint.files.paths import display
from wdlint.fix.hazards.groups import Names, is_groups
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part


class Imports(Protocol):
    """The project around a module."""

    def imported(self, importer: t.Module, dotted: str, level: int) -> t.Module | None:
        """The module that a dotted name, with so many leading dots, means in another one."""

    def neighbours(self, module: t.Module, marks: Sequence[str]) -> Iterator[tuple[t.Module, bool]]:
        """The modules around one that hold one of the marks, and whether they or their importers import it."""


Defined = tuple[Program, t.FunctionDef | t.ClassDef]

_DEEPEST = 3  # functions that hand it on, and modules that hand on a name


def involved(program: Program, made: t.Call, names: Names, imports: Imports | None) -> Iterator[Defined]:
    """What of other files may do something with the groups of the optimizer that a call makes.

    These are the functions and classes that are given it, also by one another, and the bases of these and of the class
    in which it is made.
    """
    if imports is None:
        return
    met: set[t.Node] = set()
    names = Names(names.own | _carriers(program, made, names), names.others)
    around = next((node for node in program.around(made) if isinstance(node, t.ClassDef)), None)
    waiting: list[tuple[Program, t.FunctionDef | t.ClassDef | t.Module, int]] = [(program, program.module, 0)]
    waiting += [(program, around, 0)] if around is not None else []
    while waiting:
        where, within, depth = waiting.pop(0)
        called: list[t.Expr] = [base.value for base in within.bases] if isinstance(within, t.ClassDef) else []
        for call in where.below(within):
            if isinstance(call, t.Call) and any(a.value is made or _is_optimizer(a.value, names) for a in call.args):
                called.append(call.func)
        for func in called if depth < _DEEPEST else ():
            found = defined(where, func, imports)
            if found is None or found[1] in met:
                continue
            met.add(found[1])
            waiting.append((*found, depth + 1))
            if found[0] is not program:
                yield found


def _carriers(program: Program, made: t.Call, names: Names) -> frozenset[str]:
    """The names of what a call makes that is given the optimizer: `state = State(model, optimizer)`."""
    return frozenset(
        target.id
        for node in program.nodes
        if isinstance(node, t.Assign) and isinstance(node.value, t.Call) and node.value is not made
        if any(a.value is made or _is_optimizer(a.value, names) for a in node.value.args)
        for target in node.targets
        if isinstance(target, t.Name)
    )


def _is_optimizer(given: t.Expr, names: Names) -> bool:
    """Whether an argument may be the optimizer, or its groups."""
    if is_groups(given, names):
        return True
    name = last_part(given)
    return name in names.own or (name not in names.others and "optim" in name.lower())


def defined(program: Program, func: t.Expr, imports: Imports | None) -> Defined | None:
    """What is called, as the project defines it: in this file, or in one that it imports; of a method, its class."""
    match func:
        case t.Name(id=name):
            return _named(program, name, imports, 0)
        case t.Attribute(value=t.Name(id=base) as held, attr=name) if imports is not None:
            module = _module(program, base, imports)
            if module is not None:
                return _named(consulted(module), name, imports, 1)
            bound = program.binding(held)
            made = defined(program, bound.func, imports) if isinstance(bound, t.Call) else None
            return made if made is not None and isinstance(made[1], t.ClassDef) else None  # a method of what it makes
    return None


def _named(program: Program, name: str, imports: Imports | None, depth: int) -> Defined | None:
    for node in program.inside(program.module):
        if isinstance(node, (t.FunctionDef, t.ClassDef)) and node.name == name:
            return program, node
    if imports is None or depth > _DEEPEST:
        return None
    for node in program.imports:
        if not isinstance(node, t.ImportFrom):
            continue
        for imported, alias in node.names:
            if (alias or imported) == name or imported == "*":
                module = imports.imported(program.module, node.module, node.level)
                if module is None or module is program.module:
                    continue
                found = _named(consulted(module), name if imported == "*" else imported, imports, depth + 1)
                if found is not None:
                    return found
    return None


def _module(program: Program, name: str, imports: Imports) -> t.Module | None:
    """The module of the project that a name stands for."""
    for node in program.imports:
        if isinstance(node, t.Import):
            for dotted, alias in node.names:
                if (alias or dotted) == name:
                    return imports.imported(program.module, dotted, 0)
        else:
            for imported, alias in node.names:
                if (alias or imported) == name:
                    below = f"{node.module}.{imported}" if node.module else imported
                    return imports.imported(program.module, below, node.level)
    return None


@lru_cache(maxsize=40)  # more than `Imports.neighbours` ever gives: they are gone through again and again
def consulted(module: t.Module) -> Program:
    """A module of the project as a program that is only looked at."""
    return Program(display(module.path), None, module)
