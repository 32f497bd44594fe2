"""One group for everything, or for one learning rate, divided in two: weights decay, gains and biases do not.

The test that divides is exact for the model, or there is none: then it goes through the helper (`helper`). What the
code looks like is in `emit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix import emit
from wdlint.fix.construction import Site, may_stand_before
from wdlint.fix.emit import Selection
from wdlint.fix.helper import through_helper
from wdlint.fix.program import Program
from wdlint.fix.selection import selection_of
from wdlint.source.read import tree as t


def reach_fixes(site: Site) -> Iterator[Fix]:
    declared = [name for use in site.uses for name in use.declared]
    test = emit.dividing_test([use.inventory for use in site.uses], declared)
    target, statement_replaced = target_of(site)
    if test is not None:
        grouped = _grouped(site, target, test)
        if grouped is not None:
            yield grouped
        elif not _dictionaries(target):
            selection = selection_of(site.program, target)
            if selection is not None and selection.can(test):
                yield _two_groups(site, target, selection, test, statement_replaced)
    yield from through_helper(site, target)


def target_of(site: Site) -> tuple[t.Expr, bool]:
    """The expression to replace: the argument, or what a name that is used only here is bound to."""
    program, expr, moved = site.program, site.argument, False
    while isinstance(expr, t.Name):
        bound = program.binding(expr)
        if bound is None or len(program.loads(expr.id, program.scope(expr))) != 1:
            break
        expr, moved = bound, True
    return expr, moved


def _dictionaries(target: t.Expr) -> Sequence[t.Expr]:
    """The elements of a list that is written out, if one of them is a dictionary."""
    if isinstance(target, t.Display) and target.kind == "list":
        if any(isinstance(item, t.DictDisplay) or _is_dict_call(item) for item in target.items):
            return target.items
    return ()


def _is_dict_call(item: t.Expr) -> bool:
    return isinstance(item, t.Call) and isinstance(item.func, t.Name) and item.func.id == "dict"


def _two_groups(site: Site, target: t.Expr, selection: Selection, test: emit.Test, moved: bool) -> Fix:
    program = site.program
    items = emit.two_groups(selection, test, key=site.key)
    statement = program.statement(target)
    title = "Divide the parameters in two groups: weights decay, gains and biases do not"
    if moved or not may_stand_before(program, statement, target):
        indentation = program.line_indentation(program.span(target)[0])
        text = emit.listed(items, indentation, program)
        return Fix(title, Applicability.SAFE, (program.replacing(target, text),))
    name = program.free_name("param_groups")
    indentation = program.indentation(statement)
    before = f"{name} = {emit.listed(items, indentation, program)}\n{indentation}"
    start = program.span(statement)[0]
    return Fix(title, Applicability.SAFE, (program.edit(start, start, before), program.replacing(target, name)))


def _grouped(site: Site, target: t.Expr, test: emit.Test) -> Fix | None:
    """Groups that are written out: each is divided in two and keeps its other entries."""
    program = site.program
    if not (items := _dictionaries(target)):
        return None
    edits: list[Edit] = []
    every: list[emit.Group] = []
    for item in items:
        held, rest = _entries(program, item, site.key)
        if held is None or rest is None:
            return None
        selection = selection_of(program, held)
        if selection is None or not selection.can(test):
            return None
        decay = rest.pop(site.key, None)
        if decay in ("0", "0.0", "0."):
            every.append(
                (
                    f'"params": {program.source(held)}',
                    *(f'"{k}": {v}' for k, v in rest.items()),
                    f'"{site.key}": {decay}',
                )
            )
            continue
        extra = tuple(f'"{key}": {value}' for key, value in rest.items())
        settled = selection.settled(test)
        if settled is not None:
            strength = "0.0" if settled else decay
            kept = (f'"{site.key}": {strength}',) if strength else ()
            group = (f'"params": {program.source(held)}', *extra, *kept)
            every.append(group)
            if settled:
                edits.append(program.replacing(item, emit.written(group, program.indentation(item), program)))
            continue
        groups = emit.two_groups(selection, test, decay or "", extra, site.key)
        every += groups
        start, end = program.span(item)
        indentation = program.line_indentation(start)
        text = f",\n{indentation}".join(emit.written(group, indentation, program) for group in groups)
        edits.append(program.edit(start, end, text))
    if not edits:
        return None
    if not all(program.begins_line(item) for item in items) and "#" not in program.source(target):
        indentation = program.line_indentation(program.span(target)[0])
        edits = [program.replacing(target, emit.listed(every, indentation, program))]
    return Fix("Divide each group in two: weights decay, gains and biases do not", Applicability.SAFE, tuple(edits))


def _entries(program: Program, item: t.Expr, key: str) -> tuple[t.Expr | None, dict[str, str] | None]:
    """The parameters of a group that is written out, and its other entries as text."""
    pairs: list[tuple[object, t.Expr]] = []
    if isinstance(item, t.DictDisplay):
        pairs = [(k.value if isinstance(k, t.Const) else None, v) for k, v in item.items]
    elif isinstance(item, t.Call) and _is_dict_call(item):
        pairs = [(a.keyword, a.value) for a in item.args]
    held = next((v for k, v in pairs if k == "params"), None)
    rest = {str(k): program.source(v) for k, v in pairs if isinstance(k, str) and k != "params"}
    if held is None or any(not isinstance(k, str) for k, _ in pairs) or "#" in program.source(item):
        return None, None
    return held, rest
