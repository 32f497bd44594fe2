"""Groups that `add_param_group` adds to an optimizer, divided along with those that it is made with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Applicability, Edit, Fix, Place
from wdlint.fix import emit
from wdlint.fix.construction import Site
from wdlint.fix.division import entries_of, exempted, kinds_of, reach_fixes, test_of
from wdlint.fix.program import Program
from wdlint.fix.selection import selection_of
from wdlint.source.read import tree as t

DECAYED = "Decay only the weights of the groups that are added"


def fixes_of_all(site: Site) -> Iterator[Fix]:
    """The ways to keep decay from gains and biases, in all groups that an optimizer has in the end."""
    program = site.program
    added = {group.place: call for use in site.uses for group in use.groups if (call := _adding(program, group.place))}
    if not added:
        yield from reach_fixes(site)
        return
    edits: list[Edit] = []
    for place, call in added.items():
        divided = _divided(site, place, call)
        if divided is None:
            return
        edits += divided
    own = tuple(replace(use, groups=tuple(g for g in use.groups if g.place not in added)) for use in site.uses)
    if all(kinds_of(site, group.place) <= {False} for use in own for group in use.groups):
        yield Fix(DECAYED, Applicability.SAFE, tuple(edits))
        return
    for fix in reach_fixes(replace(site, uses=own)):
        yield replace(fix, edits=(*fix.edits, *edits))


def _adding(program: Program, place: Place) -> t.Call | None:
    """The call of `add_param_group` that is given the group at a place."""
    written = program.node_at(place, t.DictDisplay) or program.node_at(place, t.Call)
    argument = program.parents.get(written) if written is not None else None
    call = program.parents.get(argument) if isinstance(argument, t.Argument) else None
    match call:
        case t.Call(func=t.Attribute(attr="add_param_group"), args=(_,)):
            return call
    return None


def _divided(site: Site, place: Place, call: t.Call) -> tuple[Edit, ...] | None:
    """The edits of one group that is added; none where it holds weights alone, None where it can't be divided."""
    program, written, test = site.program, call.args[0].value, test_of(site)
    held, rest = entries_of(program, written, site.key)
    if held is None or rest is None:
        return None
    decay = rest.pop(site.key, "")
    kinds = kinds_of(site, place)
    if kinds <= {False} or decay in ("0", "0.0", "0."):
        return ()
    if kinds == {True}:
        return (exempted(program, written, site.key),)
    selection, statement = selection_of(program, held), program.statement(call)
    alone = isinstance(statement, t.Expression) and statement.value is call and program.begins_line(statement)
    if test is None or selection is None or not selection.can(test) or not alone:
        return None
    extra = tuple(f'"{key}": {value}' for key, value in rest.items())
    groups = emit.two_groups(selection, test, decay, extra, site.key)
    indentation = program.indentation(statement)
    calls = (_call(program, program.source(call.func), group, indentation) for group in groups)
    return (program.replacing(call, f"\n{indentation}".join(calls)),)


def _call(program: Program, function: str, group: emit.Group, indentation: str) -> str:
    text = emit.written(group, indentation, program)
    if "\n" not in text and len(indentation) + len(function) + len(text) + 2 > program.width:
        text = emit.spread(tuple(emit.restyled(entry, program) for entry in group), indentation, program)
    return f"{function}({text})"
