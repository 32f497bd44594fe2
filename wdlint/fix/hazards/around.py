"""What may break around a construction whose groups become others, or whose class does.

Hazards are looked for in the file that makes the optimizer, in those that import it, and in what these hand the
optimizer to; a program can hide one all the same, which is why the proof of a fix is not the absence of hazards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from wdlint.facts import Applicability, Kind, OptimizerUse, Ternary
from wdlint.fix.hazards.calls import of_calls, of_schedules
from wdlint.fix.hazards.classes import of_class
from wdlint.fix.hazards.counts import Had, of_uses
from wdlint.fix.hazards.elsewhere import Imports, involved
from wdlint.fix.hazards.groups import Names, bound_to, names_of
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.hazards.names import of_names
from wdlint.fix.hazards.neighbours import of_neighbours
from wdlint.fix.hazards.order import of_order
from wdlint.fix.program import Program
from wdlint.source.read import tree as t


def hazards(
    program: Program, call: t.Call, number: int, after: int, others: Iterable[t.Call] = (),
    imports: Imports | None = None,
) -> Iterator[Hazard]:  # fmt: skip
    """What may break around a construction whose groups, `number` of them so far, become `after` others.

    `others` are the file's further constructions of optimizers: what is done with theirs is no hazard. Where names lead
    that the file imports is asked of `imports`.
    """
    names, had = names_of(program, call, others), Had(number, imports)
    yield from of_class(program, call, imports)
    yield from of_uses(program, names, had)
    yield from of_order(program, names)
    if after > number:
        yield from of_names(program)
    yield from of_schedules(program)
    yield from of_calls(program, names, number)
    for where, definition in involved(program, call, names, imports):
        anything = Names(frozenset(), frozenset())
        for hazard in (
            *of_uses(where, anything, had, definition),
            *of_order(where, anything, definition),
            *of_calls(where, anything, number, definition),
        ):
            yield replace(hazard, reason=f"in `{definition.name}` of {where.file}, {hazard.reason}")
    if after != number:
        yield from of_neighbours(program, had)


def on_purpose(use: OptimizerUse) -> Hazard | None:
    """A group with a decay of its own that holds nothing but gains and biases: somebody chose it."""
    for group in use.groups:
        kinds = {
            p.kind
            for p, answer in zip(use.inventory.parameters if use.inventory else (), group.members, strict=False)
            if answer is not Ternary.NO
        }
        if kinds and kinds <= {Kind.GAIN, Kind.BIAS} and group.amount.value and "weight_decay" in group.options:
            return Hazard("a group holds only gains and biases and has a decay of its own", Applicability.SHOWN)
    return None


def may_omit_decay(program: Program, call: t.Call) -> bool:
    """Whether a construction spreads options that some callers may give without a decay."""
    if any(argument.keyword == "weight_decay" for argument in call.args):
        return False
    return any(not _gives_decay(program, a.value) for a in call.args if a.star == "**")


def _gives_decay(program: Program, options: t.Expr) -> bool:
    match bound_to(program, options):
        case t.DictDisplay() as display:
            return any(isinstance(key, t.Const) and key.value == "weight_decay" for key, _ in display.items)
        case t.Call(func=t.Name(id="dict")) as made:
            return any(argument.keyword == "weight_decay" for argument in made.args)
    return False
