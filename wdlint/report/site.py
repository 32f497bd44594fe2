"""One optimizer as the engine reads it, in lines.

Its classes and how they decay, its groups with their selection and amount, and every parameter of
the model with its kind, the evidence for it, and the group it lands in. Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Amount, Group, OptimizerUse, Place, Ternary
from wdlint.harmless import harmless
from wdlint.report.plain import counted


def described(use: OptimizerUse) -> str:
    """One optimizer with its groups and parameters, in lines."""
    return "".join(f"{harmless(row)}\n" for row in _rows(use))


def _rows(use: OptimizerUse) -> Iterator[str]:
    yield f"{_place(use.place)}: {use.callee or 'an optimizer'}"
    for cls in use.classes:
        default = "none" if cls.default_decay is None else f"{cls.default_decay:g}"
        yield f"  {cls.name}: decay {cls.coupling.value}, by default {default}" + _aside(cls.source)
    if not use.classes:
        yield "  its class can't be told"
    if use.loop is not None:
        divides = "divides the parameters" if use.loop.divides else "divides no parameters by itself"
        yield f"  the training loop {use.loop.name} makes it and {divides} ({use.loop.source})"
    if not use.complete:
        yield "  not every group could be read"
    for number, group in enumerate(use.groups, 1):
        yield from _group(number, group)
        if group.label in use.empty:
            yield "    is empty: an iterator is used up before it"
    if use.declared:
        yield f"  the model asks to exempt {', '.join(f'`{name}`' for name in use.declared)}"
    if use.inventory is None:
        yield f"  the model{_aside(use.model)} can't be seen"
        for number, group in enumerate(use.groups, 1):
            told = ", ".join(f"{kind} {_in(getattr(group.division, kind))}" for kind in ("weights", "gains", "biases"))
            yield f"  group {number}: {told}"
        return
    yield from _inventory(use)


def _group(number: int, group: Group) -> Iterator[str]:
    yield f"  group {number}: {group.label or 'parameters'}, decay {_amount(group.amount)}, line {group.place.line}"
    if group.selection:
        yield f"    takes {group.selection}"
    for pattern in group.patterns:
        matched = sum(answer is Ternary.YES for answer in pattern.matches)
        verb = "exempts" if pattern.exempts else "decays"
        found = f": {counted(matched, 'parameter')}" if pattern.matches else ""  # none of a model that can't be seen
        yield f"    {verb} what matches `{pattern.text}`{found}"


def _inventory(use: OptimizerUse) -> Iterator[str]:
    inventory = use.inventory
    assert inventory is not None
    words = "complete" if inventory.complete else "not complete"
    yield f"  model {inventory.model}: {counted(len(inventory.parameters), 'parameter pattern')}, {words}"
    rows = [
        (
            parameter.name,
            parameter.kind.value,
            _groups_of(use.groups, index),
            f"{parameter.evidence.text}",
        )
        for index, parameter in enumerate(inventory.parameters)
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        cells = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield f"    {cells}  {row[3]}".rstrip()


def _groups_of(groups: Sequence[Group], index: int) -> str:
    """The groups that a parameter is in, and with a question mark those that it may be in."""
    told = []
    for number, group in enumerate(groups, 1):
        answer = group.members[index] if index < len(group.members) else Ternary.UNKNOWN
        if answer is not Ternary.NO:
            told.append(f"group {number}" + ("?" if answer is Ternary.UNKNOWN else ""))
    return ", ".join(told) or "no group"


def _amount(amount: Amount) -> str:
    value = "of a strength that can't be told" if amount.value is None else f"{amount.value:g}"
    written = f" `{amount.text}`" if amount.text and amount.text != value else ""
    return f"{value}{written} ({amount.origin.value})"


def _in(answer: Ternary) -> str:
    return {Ternary.YES: "in", Ternary.NO: "out", Ternary.UNKNOWN: "can't tell"}[answer]


def _place(place: Place) -> str:
    cell = f"cell {place.cell}:" if place.cell is not None else ""
    return f"{place.file}:{cell}{place.line}:{place.column}"


def _aside(text: str) -> str:
    return f" ({text})" if text else ""
