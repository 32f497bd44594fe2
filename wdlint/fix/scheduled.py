"""A decay that the program sets for every group alike after construction: set only for the groups that decay.

The test asks the group itself, so it is written only where the decay is a number above 0 before and after: a strength
that comes to 0 in between would stay there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wdlint.facts import Edit, Fix
from wdlint.fix.construction import Site
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t


def for_what_decays(fix: Fix, site: Site) -> Fix | None:
    """A fix that divides groups, with the decays that are set for all of them later; None where none is."""
    if not site.key or not _decays_at_first(site):
        return None
    found = list(_setting(site))
    if not found or len(found) < sum(_sets_decay(site, node) for node in site.program.bound):
        return None  # one that sets it to something else may switch it off for a while
    if any(_may_switch_off(site, node) for node in site.program.nodes):
        return None
    return replace(fix, edits=(*fix.edits, *(_guard(site.program, statement) for statement in found)))


def _sets_decay(site: Site, node: object) -> bool:
    return isinstance(node, t.Subscript) and isinstance(node.index, t.Const) and node.index.value == site.key


def _may_switch_off(site: Site, node: Item) -> bool:
    """Whether a decay is named where it may be set to 0 in another way: `group.update(weight_decay=0.0)`."""
    if isinstance(node, t.Argument):
        return node.keyword == site.key and not _is_positive(site.program, node.value)
    named = isinstance(node, t.Const) and node.value == site.key
    return named and not isinstance(site.program.parents[node], t.Subscript)


def _decays_at_first(site: Site) -> bool:
    """Whether the constructor's decay certainly is above 0."""
    given = next((a.value for a in site.call.args if a.keyword == site.key), None)
    if given is not None:
        return _is_positive(site.program, given)
    plain = not any(a.star for a in site.call.args) and sum(not a.keyword for a in site.call.args) <= 2
    return plain and all(c.default_decay for use in site.uses for c in use.classes)


def _is_positive(program: Program, value: t.Expr) -> bool:
    made = program.binding(value) if isinstance(value, t.Name) else value
    known = made.value if isinstance(made, t.Const) else None
    return isinstance(known, (int, float)) and known > 0


def _setting(site: Site) -> Iterator[t.Assign]:
    """`group["weight_decay"] = 0.05` in a loop over the groups of the optimizer that the site makes."""
    program, made = site.program, site.program.statement(site.call)
    name = dotted(made.targets[0]) if isinstance(made, t.Assign) and made.value is site.call else None
    for node in program.inside(program.scope(site.call)):
        loop = node.block.parent if isinstance(node, t.Assign) else None
        match node, loop:
            case (
                t.Assign(targets=(t.Subscript(value=t.Name(id=group), index=t.Const(value=key)),), value=value),
                t.For(target=t.Name(id=turn), iter=t.Attribute(attr="param_groups") as groups),
            ):
                of_it = name is not None and dotted(groups.value) == name and group == turn and key == site.key
                if of_it and value is not None and _is_positive(program, value) and _stands_alone(program, node):
                    yield node


def _stands_alone(program: Program, statement: t.Assign) -> bool:
    end = program.span(statement)[1]
    behind = program.text[end:].split("\n", 1)[0].strip()
    one_line = program.last_line(statement) == program.line(statement) and (not behind or behind.startswith("#"))
    return program.begins_line(statement) and one_line


def _guard(program: Program, statement: t.Assign) -> Edit:
    (target,) = statement.targets
    assert isinstance(target, t.Subscript)
    start = program.span(statement)[0]
    return program.edit(
        start, start, f"if {program.source(target)} > 0:\n{program.indentation(statement)}{program.unit}"
    )
