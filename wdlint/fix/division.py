"""One group for everything, or for one learning rate, divided in two: weights decay, gains and biases do not.

The test that divides is exact for the model, or there is none: then it goes through the helper (`helper`). What the
code looks like is in `emit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wdlint.facts import Applicability, Edit, Fix, Kind, OptimizerUse, Place, Ternary
from wdlint.fix import emit
from wdlint.fix.callers import may_be_given_groups
from wdlint.fix.construction import Site, may_stand_before
from wdlint.fix.coupled import with_argument
from wdlint.fix.emit import Selection
from wdlint.fix.factories import factory_fixes, factory_of
from wdlint.fix.helper import through_helper
from wdlint.fix.program import Program
from wdlint.fix.selection import selection_of
from wdlint.fix.splits.literals import parted
from wdlint.fix.splits.strengths import strength_fixes
from wdlint.source.read import tree as t

TWO_GROUPS = "Divide the parameters in two groups: weights decay, gains and biases do not"


def reach_fixes(site: Site) -> Iterator[Fix]:
    """The ways to keep decay from gains and biases, the smallest edit first."""
    factory = factory_of(site)
    if factory is not None:
        yield from factory_fixes(site, factory)
        if (
            isinstance(site.argument, (t.Name, t.Attribute))
            and site.uses[0].groups[0].place != site.uses[0].parameters_place
        ):
            return  # it is given the model
    test = test_of(site)
    target, statement_replaced = target_of(site)
    if (whole := _exempted_whole(site)) is not None:
        yield whole
        return
    if site.style == "import":
        yield from through_helper(site, target)
    if test is not None:
        yield from strength_fixes(site, test)
        grouped = _grouped(site, target, test)
        if grouped is not None:
            yield grouped
        elif (
            not _dictionaries(target)
            and all(_is_one_group(use) for use in site.uses)
            and not may_be_given_groups(site.program, site.argument)
        ):
            selection = selection_of(site.program, target)
            halves = parted(site, target, test)
            if halves is not None:
                yield _two_lists(site, target, emit.written_groups(halves.decayed, halves.exempt, "", {}, site.key))
            elif selection is not None and selection.can(test):
                yield _two_groups(site, target, selection, test, statement_replaced)
            elif not test.named:
                yield from _of_list(site, target, test)
        if (branches := _in_branches(site, test)) is not None:
            yield branches
    yield from through_helper(site, target)


def test_of(site: Site) -> emit.Test | None:
    """The test that divides what a construction is given; None where no test is exact for each of its models."""
    inventories = [use.inventory for use in site.uses]
    declared = [name for use in site.uses for name in use.declared]
    test = emit.dividing_test(inventories, declared)
    if test is None and not declared:
        test = emit.names_test(inventories) or emit.dividing_test(inventories, seen=False)
    return test


def target_of(site: Site) -> tuple[t.Expr, bool]:
    """The expression to replace: the argument, or what a name that is used only here is bound to."""
    program, expr, moved = site.program, site.argument, False
    while isinstance(expr, t.Name):
        bound = program.binding(expr)
        if bound is None or len(program.loads(expr.id, program.scope(expr))) != 1:
            break
        if isinstance(bound, t.Binary) and selection_of(program, expr) is not None:
            break  # a sum of lists is not written twice
        expr, moved = bound, True
    return expr, moved


def _exempted_whole(site: Site) -> Fix | None:
    """No decay at all where the optimizer holds gains and biases alone."""
    program, call = site.program, site.call
    if not all(_is_one_group(use) for use in site.uses) or kinds_of(site, site.uses[0].groups[0].place) != {True}:
        return None
    if any(a.star for a in call.args):
        return None
    given = next((a.value for a in call.args if a.keyword == site.key), None)
    edit = program.replacing(given, "0.0") if given is not None else with_argument(program, call, f"{site.key}=0.0")
    return Fix("Switch the decay off: only gains and biases are trained here", Applicability.SAFE, (edit,))


def _in_branches(site: Site, test: emit.Test) -> Fix | None:
    """Parameters that some branches give a name which the optimizer alone asks for, divided where they are given."""
    program, argument = site.program, site.argument
    if not isinstance(argument, t.Name) or len(program.loads(argument.id, program.scope(argument))) != 1:
        return None
    bound = [node for node in program.names(argument.id, program.scope(argument)) if node in program.bound]
    stores = [store for node in bound if isinstance(store := program.parents[node], t.Assign)]
    if len(stores) < 2 or len(stores) < len(bound) or any(len(store.targets) > 1 for store in stores):
        return None
    edits: list[Edit] = []
    for value in (store.value for store in stores if store.value is not None):
        selection = selection_of(program, value)
        if selection is None or selection.pairs or not (selection.by_name or selection.name):
            continue  # it may be groups
        if not selection.can(test):
            return None
        groups = emit.two_groups(selection, test, key=site.key)
        edits.append(program.replacing(value, emit.listed(groups, program.indentation(value), program)))
    return Fix(TWO_GROUPS, Applicability.SAFE, tuple(edits)) if edits else None


def _is_one_group(use: OptimizerUse) -> bool:
    """Whether an optimizer is certainly given parameters, and not groups of them."""
    return use.complete and len(use.groups) == 1 and use.groups[0].place == use.parameters_place


def _of_list(site: Site, target: t.Expr, test: emit.Test) -> Iterator[Fix]:
    """Parameters that may be gone over only once, put into a list first."""
    program, argument = site.program, site.argument
    statement = program.statement(argument)
    if not may_stand_before(program, statement, argument) or not isinstance(argument, (t.Name, t.Call, t.Attribute)):
        return
    kept = argument.id if isinstance(argument, t.Name) else program.free_name("params")
    groups = program.free_name("param_groups")
    indentation = program.indentation(statement)
    items = emit.two_groups(Selection(kept), test, key=site.key)
    before = (
        f"{kept} = list({program.source(argument)})\n{indentation}"
        f"{groups} = {emit.listed(items, indentation, program)}\n{indentation}"
    )
    start = program.span(statement)[0]
    edits = (program.edit(start, start, before), program.replacing(argument, groups))
    yield Fix(TWO_GROUPS, Applicability.SAFE, edits)


def _dictionaries(target: t.Expr) -> Sequence[t.Expr]:
    """The elements of a list that is written out, if one of them is a dictionary."""
    if isinstance(target, t.Display) and target.kind == "list":
        if any(isinstance(item, t.DictDisplay) or _is_dict_call(item) for item in target.items):
            return target.items
    return ()


def _is_dict_call(item: t.Expr) -> bool:
    return isinstance(item, t.Call) and isinstance(item.func, t.Name) and item.func.id == "dict"


def _two_lists(site: Site, target: t.Expr, items: tuple[emit.Group, emit.Group]) -> Fix:
    """A list of parameters that is written out, as two groups in its place."""
    indentation = site.program.line_indentation(site.program.span(target)[0])
    edit = site.program.replacing(target, emit.listed(items, indentation, site.program))
    return Fix(TWO_GROUPS, Applicability.SAFE, (edit,))


def _two_groups(site: Site, target: t.Expr, selection: Selection, test: emit.Test, moved: bool) -> Fix:
    program = site.program
    items = emit.two_groups(selection, test, key=site.key)
    statement = program.statement(target)
    if moved or not may_stand_before(program, statement, target):
        indentation = program.line_indentation(program.span(target)[0])
        text = emit.listed(items, indentation, program)
        return Fix(TWO_GROUPS, Applicability.SAFE, (program.replacing(target, text),))
    name = program.free_name("param_groups")
    indentation = program.indentation(statement)
    before = f"{name} = {emit.listed(items, indentation, program)}\n{indentation}"
    start = program.span(statement)[0]
    return Fix(TWO_GROUPS, Applicability.SAFE, (program.edit(start, start, before), program.replacing(target, name)))


def _grouped(site: Site, target: t.Expr, test: emit.Test) -> Fix | None:
    """Groups that are written out: each is divided in two and keeps its other entries."""
    program = site.program
    if not (items := _dictionaries(target)):
        return None
    edits: list[Edit] = []
    every: list[emit.Group] = []
    for item in items:
        held, rest = entries_of(program, item, site.key)
        if held is None or rest is None:
            return None
        decay = rest.pop(site.key, None)
        only = _only(site, item)
        if only is not None:
            entries = [f'"{k}": {v}' for k, v in rest.items()]
            if only and decay not in ("0", "0.0", "0."):
                edits.append(exempted(program, item, site.key))
            strength = "0.0" if only and decay not in ("0", "0.0", "0.") else decay
            entries += [f'"{site.key}": {strength}'] if strength else []
            every.append((f'"params": {program.source(held)}', *entries))
            continue
        halves = parted(site, held, test) if decay not in ("0", "0.0", "0.") else None
        if halves is not None and isinstance(held, t.Display):
            groups = emit.written_groups(halves.decayed, halves.exempt, decay or "", rest, site.key)
            every += groups
            indentation = program.line_indentation(program.span(item)[0])
            texts = (emit.written(group, indentation, program) for group in groups)
            edits.append(program.replacing(item, f",\n{indentation}".join(texts)))
            continue
        selection = selection_of(program, held)
        if selection is None or not selection.can(test):
            return None
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
    longer = any("\n" in edit.text or len(edit.text) > program.width // 3 for edit in edits)
    if longer and not all(program.begins_line(item) for item in items) and "#" not in program.source(target):
        indentation = program.line_indentation(program.span(target)[0])
        edits = [program.replacing(target, emit.listed(every, indentation, program))]
    return Fix("Divide each group in two: weights decay, gains and biases do not", Applicability.SAFE, tuple(edits))


def _only(site: Site, item: t.Expr) -> bool | None:
    """Whether a group holds gains and biases alone (True) or weights alone (False); None where it holds both."""
    answers = kinds_of(site, site.program.place(*site.program.span(item)))
    return answers.pop() if len(answers) == 1 else None


def kinds_of(site: Site, place: Place) -> set[bool | None]:
    """Whether what the group at a place holds is exempt or decays; None among them where it can't be told."""
    answers: set[bool | None] = set()
    for use in site.uses:
        group = next((g for g in use.groups if g.place == place), None)
        if group is None or use.inventory is None or not use.inventory.complete:
            return {None}
        for p, member in zip(use.inventory.parameters, group.members, strict=False):
            if member is not Ternary.NO and p.trainable is not Ternary.NO:
                answers.add(None if p.kind is Kind.UNKNOWN else p.kind in (Kind.GAIN, Kind.BIAS))
    return answers


def exempted(program: Program, item: t.Expr, key: str) -> Edit:
    """The edit that switches the decay of a group off: the number that is there changed, or an entry added."""
    quote = emit.quoted("", program)[0]
    if isinstance(item, t.DictDisplay):
        given = next((v for k, v in item.items if isinstance(k, t.Const) and k.value == key), None)
        last = program.bracketed(item.items[-1][1])[1]
        text = f", {quote}{key}{quote}: 0.0"
    else:
        assert isinstance(item, t.Call)
        given = next((a.value for a in item.args if a.keyword == key), None)
        last = program.bracketed(item.args[-1].value)[1]
        text = f", {key}=0.0"
    return program.replacing(given, "0.0") if given is not None else program.edit(last, last, text)


def entries_of(program: Program, item: t.Expr, key: str) -> tuple[t.Expr | None, dict[str, str] | None]:
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
