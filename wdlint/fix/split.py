"""Mending a hand-made split: its name patterns extended, or its tests replaced by one that is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Applicability, Edit, Finding, Fix, Kind, OptimizerUse, Ternary
from wdlint.fix import emit
from wdlint.fix.emit import Selection
from wdlint.fix.program import Program
from wdlint.source.read import tree as t

_MOST = 6  # names added to a list of patterns


def pattern_fixes(finding: Finding, program: Program, uses: Sequence[OptimizerUse]) -> Iterator[Fix]:
    """A list of name patterns with what it lacks, and without what matches nothing."""
    patterns = {p.text for use in uses for g in use.groups for p in g.patterns if p.exempts}
    dead = {
        p.text for use in uses for g in use.groups for p in g.patterns
        if p.exempts and p.matches and all(m is Ternary.NO for m in p.matches)
    }  # fmt: skip
    if not patterns:
        return
    missing = _missing(uses)
    if len(missing) > _MOST:
        return
    for node in program.nodes:
        if isinstance(node, t.Display) and node.items:
            texts = [e.value if isinstance(e, t.Const) else None for e in node.items]
            if all(isinstance(text, str) for text in texts) and set(texts) <= patterns | {None}:
                fix = _extended(program, node, [str(text) for text in texts], missing, dead)
                if fix is not None:
                    yield fix


def _missing(uses: Sequence[OptimizerUse]) -> list[str]:
    """Short names of the gains and biases that lie in decayed groups, which no weight bears."""
    names: dict[str, None] = {}
    for use in uses:
        if use.inventory is None:
            continue
        weights = [p.name for p in use.inventory.parameters if p.kind in (Kind.WEIGHT, Kind.EMBEDDING)]
        for index, p in enumerate(use.inventory.parameters):
            if p.kind not in (Kind.GAIN, Kind.BIAS):
                continue
            # A default of 0 that can be raised states the intent to decay, and so does the split.
            decayed = [g for g in use.groups if g.amount.decays or g.amount.latent]
            if not any(index < len(g.members) and g.members[index] is Ternary.YES for g in decayed):
                continue
            if any(name in p.name for name in names):
                continue
            parts = p.name.split(".")
            for length in range(1, len(parts) + 1):
                short = ".".join(parts[-length:])
                if "*" in short:
                    return [*names, *(str(i) for i in range(_MOST + 1))]
                if not short.isdigit() and short != "weight" and not any(short in weight for weight in weights):
                    names[short] = None
                    break
            else:
                return [str(i) for i in range(_MOST + 1)]
    return list(names)


def _extended(program: Program, node: t.Display, texts: list[str], missing: list[str], dead: set[str]) -> Fix | None:
    """The display with dead patterns replaced by those that are missing."""
    edits: list[Edit] = []
    left = list(missing)
    quote = program.source(node.items[0])[-1]
    kept = [e for e, text in zip(node.items, texts, strict=True) if text not in dead]
    for element, text in zip(node.items, texts, strict=True):
        if text in dead and left:
            edits.append(program.replacing(element, f"{quote}{left.pop(0)}{quote}"))
            kept.append(element)
        elif text in dead and kept:
            edits.append(_without(program, node, element))
    if left:
        end = program.span(node.items[-1])[1]
        edits.append(program.edit(end, end, "".join(f", {quote}{name}{quote}" for name in left)))
    if not edits:
        return None
    return Fix("Name in the list what is to be exempt in this model", Applicability.SAFE, tuple(edits))


def _without(program: Program, node: t.Display, element: t.Expr) -> Edit:
    """The edit that takes an element out, with the comma and space that belong to it."""
    index = node.items.index(element)
    if index + 1 < len(node.items):
        return program.edit(program.span(element)[0], program.span(node.items[index + 1])[0], "")
    return program.edit(program.span(node.items[index - 1])[1], program.span(element)[1], "")


def replaced_tests(
    program: Program, target: t.Expr, test: emit.Test, key: str, models: tuple[str, ...]
) -> Iterator[Fix]:
    """The decayed and the exempt group of a list that is written out, each with an exact selection."""
    if not (isinstance(target, t.Display) and target.kind == "list" and len(target.items) == 2 and len(models) == 1):
        return
    edits: list[Edit] = []
    every: list[emit.Group] = []
    kinds: set[bool] = set()
    for item in target.items:
        if not isinstance(item, t.DictDisplay):
            return
        entries = {str(name.value): value for name, value in item.items if isinstance(name, t.Const)}
        decay, held = entries.get(key), entries.get("params")
        if held is None:
            return
        written, held = held, _where_it_is_made(program, held)
        exempt = isinstance(decay, t.Const) and decay.value == 0
        kinds.add(exempt)
        kept = "p.requires_grad" if "requires_grad" in program.source(held) else ""
        model = models[0]
        selection = Selection(f"{model}.parameters()", test=kept, by_name=f"{model}.named_parameters()")
        chosen = selection.where(test, exempt)
        edits.append(program.replacing(held, emit.restyled(chosen, program)))
        others = [f'"{k}": {program.source(v)}' for k, v in entries.items() if k != "params"]
        every.append((f'"params": {program.source(written) if held is not written else chosen}', *others))
        added = len(edits[-1].text) - len(program.source(held))
        if held is written and _on_one_line(program, item) and _line_length(program, item) + added > program.width:
            edits[-1] = program.replacing(item, emit.written(every[-1], program.indentation(item), program))
    if all(len(e.text) > program.width // 3 for e in edits) and _on_one_line(program, target):
        if all(program.within(e.place)[0] >= program.span(target)[0] for e in edits):
            indentation = program.line_indentation(program.span(target)[0])
            edits = [program.replacing(target, emit.listed(every, indentation, program))]
    if kinds == {True, False}:
        hazard = LEFT_OVER if leaves_a_loop(program, target) else ""
        yield Fix(
            "Divide the parameters by a test that is exact for this model", Applicability.SAFE, tuple(edits), hazard
        )


LEFT_OVER = "the loop that fills the lists of the old split is left, and fills them for nothing: take it out"


def leaves_a_loop(program: Program, target: t.Expr) -> bool:
    """Whether lists that are filled by loops would be filled for nothing once the split does without them."""
    items = target.items if isinstance(target, t.Display) else ()
    for item in items:
        pairs = item.items if isinstance(item, t.DictDisplay) else ()
        held = next((v for name, v in pairs if isinstance(name, t.Const) and name.value == "params"), None)
        if isinstance(held, t.Name) and _where_it_is_made(program, held) is held:
            return True
    return False


def _line_length(program: Program, item: t.Expr) -> int:
    first = program.line(item)
    stop = program.starts[first] if first < len(program.starts) else len(program.text)
    return len(program.text[program.starts[first - 1] : stop].rstrip())


def _on_one_line(program: Program, target: t.Expr) -> bool:
    text = program.source(target)
    return "\n" not in text and "\r" not in text


def _where_it_is_made(program: Program, held: t.Expr) -> t.Expr:
    """The comprehension that a name stands for, where the name is used nowhere else."""
    if isinstance(held, t.Name):
        bound = program.binding(held)
        if isinstance(bound, t.Comprehension) and bound.kind == "list":
            if len(program.loads(held.id, program.scope(held))) == 1:
                return bound
    return held
