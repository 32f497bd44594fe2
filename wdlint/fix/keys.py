"""The key of a group that an optimizer does not read: spelled as it reads it, or the right key set beside it."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, FileFacts, Finding, Fix
from wdlint.fix.program import Program
from wdlint.source import tree as t


def key_fixes(finding: Finding, facts: FileFacts, program: Program) -> Iterator[Fix]:
    """The corrected key; where another optimizer of the program does read the one that is there, both keys."""
    start, end = program.within(finding.place)
    keys = {
        c.decay_key
        for use in facts.uses
        for group in use.groups
        if finding.place in group.option_places or finding.place == group.place
        for c in use.classes
        if c.decay_key
    }
    for node in program.nodes:
        if not (isinstance(node, t.Const) and isinstance(node.value, str)):
            continue
        at = program.span(node)[0]
        if not (at == start or (start <= at < end and f"`{node.value}`" in finding.message)):
            continue
        quote = program.source(node)[-1]
        others = sorted(keys - {node.value})
        if len(others) != 1:
            return
        (right,) = others
        if node.value not in keys:
            yield Fix(f"Write `{right}`", Applicability.SAFE, (program.replacing(node, f"{quote}{right}{quote}"),))
        elif (value := _value_of(program, node)) is not None:
            after = program.span(value)[1]
            text = f", {quote}{right}{quote}: {program.source(value)}"
            title = f"Give `{right}` too: another optimizer reads `{node.value}`"
            yield Fix(title, Applicability.SAFE, (program.edit(after, after, text),))
        return


def _value_of(program: Program, key: t.Const) -> t.Expr | None:
    """What an entry of a dictionary holds, where it may be written twice."""
    display = program.parents[key]
    if not isinstance(display, t.DictDisplay):
        return None
    value = next((value for name, value in display.items if name is key), None)
    simple = isinstance(value, (t.Const, t.Name, t.Attribute)) and not program.text[program.span(value)[1] :].lstrip(
        " \t"
    ).startswith(")")
    return value if simple else None
