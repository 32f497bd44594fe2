"""The key of a group that an optimizer does not read: spelled as it reads it, or the right key set beside it."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, FileFacts, Finding, Fix, Place
from wdlint.fix.program import Program
from wdlint.judging.splits import unread_decay_keys
from wdlint.source.read import tree as t


def key_fixes(finding: Finding, facts: FileFacts, program: Program) -> Iterator[Fix]:
    """The corrected key; where another optimizer of the program does read the one that is there, both keys."""
    found = _corrected(finding.place, finding.message, facts, program)
    if found is None:
        return
    edits = [found[1]]
    for place in _alike(finding, facts):  # the exempt group says what it is by the same key
        beside = _corrected(place, finding.message, facts, program)
        edits += [beside[1]] if beside is not None else []
    yield Fix(found[0], Applicability.SAFE, tuple(dict.fromkeys(edits)))


def _alike(finding: Finding, facts: FileFacts) -> Iterator[Place]:
    """Where other groups of the same optimizer have the key that is not read."""
    for use in facts.uses:
        if any(finding.place in (group.place, *group.option_places) for group in use.groups):
            for group in use.groups:
                for index, key, _ in unread_decay_keys(use, group):
                    if f"`{key}`" in finding.message and index < len(group.option_places):
                        yield group.option_places[index]


def split_key_fixes(finding: Finding, facts: FileFacts, program: Program) -> Iterator[Fix]:
    """The keys of every group of a split that is undone because its optimizer does not read them."""
    title = ""
    edits: list[Edit] = []
    for use in facts.uses:
        for group in use.groups if use.place == finding.place else ():
            for index, key, _ in unread_decay_keys(use, group):
                place = group.option_places[index] if index < len(group.option_places) else group.place
                found = _corrected(place, f"`{key}`", facts, program)
                if found is None:
                    return
                title, edit = found
                edits.append(edit)
    if edits:
        yield Fix(title, Applicability.SAFE, tuple(edits))


def _corrected(place: Place, words: str, facts: FileFacts, program: Program) -> tuple[str, Edit] | None:
    """What corrects the key at a place, which `words` names, and a title for it."""
    start, end = program.within(place)
    keys = {
        c.decay_key
        for use in facts.uses
        for group in use.groups
        if place in group.option_places or place == group.place
        for c in use.classes
        if c.decay_key
    }
    for node in program.nodes:
        if not (isinstance(node, t.Const) and isinstance(node.value, str)):
            continue
        at = program.span(node)[0]
        if not (at == start or (start <= at < end and f"`{node.value}`" in words)):
            continue
        quote = program.source(node)[-1]
        others = sorted(keys - {node.value})
        if len(others) != 1:
            return None
        (right,) = others
        if node.value not in keys:
            return f"Write `{right}`", program.replacing(node, f"{quote}{right}{quote}")
        value = _value_of(program, node)
        if value is None:
            return None
        after = program.span(value)[1]
        text = f", {quote}{right}{quote}: {program.source(value)}"
        return f"Give `{right}` too: another optimizer reads `{node.value}`", program.edit(after, after, text)
    return None


def _value_of(program: Program, key: t.Const) -> t.Expr | None:
    """What an entry of a dictionary holds, where it may be written twice."""
    display = program.parents[key]
    if not isinstance(display, t.DictDisplay):
        return None
    value = next((value for name, value in display.items if name is key), None)
    if not isinstance(value, (t.Const, t.Name, t.Attribute)):
        return None
    bracketed = program.text[program.span(value)[1] :].lstrip(" \t").startswith(")")
    return None if bracketed else value
