"""Groups that stay empty because an iterator was gone over before: what it goes over is put into a list."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix.construction import Site
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

_ITERATORS = frozenset(("parameters", "named_parameters"))
_ONCE = frozenset("list tuple set sorted dict filter map chain from_iterable enumerate zip iter extend sum".split())
_DEEPEST = 3  # names for names


def list_fixes(site: Site) -> Iterator[Fix]:
    """One fix that makes a list of every iterator that is bound to a name or handed to a function."""
    if not any(use.empty for use in site.uses):
        return
    edits = tuple(dict.fromkeys(_listed(site.program, site.argument, 0)))
    if edits:
        yield Fix("Go over a list: an iterator is used up after its first use", Applicability.SAFE, edits)


def _listed(program: Program, expr: t.Expr, depth: int) -> Iterator[Edit]:
    if depth > _DEEPEST:
        return
    for node in program.below(expr):
        if isinstance(node, t.Call) and last_part(node.func) in _ITERATORS:
            if _may_be_used_again(program, node):
                yield program.replacing(node, f"list({program.source(node)})")
        elif isinstance(node, t.Name) and node not in program.bound:
            for value in _bound_to(program, node):
                yield from _listed(program, value, depth + 1)


def _may_be_used_again(program: Program, call: t.Call) -> bool:
    above = program.parents[call]
    if isinstance(above, t.Assign):
        return above.value is call
    around = program.parents[above] if isinstance(above, t.Argument) else None
    return isinstance(around, t.Call) and last_part(around.func) not in _ONCE


def _bound_to(program: Program, name: t.Name) -> Iterator[t.Expr]:
    """What a name is bound to in its scope, further up."""
    for node in program.names(name.id, program.scope(name)):
        made = program.parents[node] if node in program.bound else None
        if isinstance(made, t.Assign) and made.value is not None and program.span(made)[1] <= program.span(name)[0]:
            yield made.value
