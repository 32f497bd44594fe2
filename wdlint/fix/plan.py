"""From findings and the facts they rest on to fixes: which code goes where, and how far it may be trusted.

A fix that is planned is not proven yet: `apply` proves it. What the code looks like is in `emit`; changes of
the update rule are planned in `coupled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from wdlint.facts import Applicability, Edit, FileFacts, Finding, Fix, OptimizerUse, Place
from wdlint.fix import coupled, emit
from wdlint.fix.emit import Selection
from wdlint.fix.hazards import FLATTENED, flattens, hazards, needs_a_model
from wdlint.fix.keys import key_fixes, split_key_fixes
from wdlint.fix.outline import Item
from wdlint.fix.penalty import Made, holds_exempt, penalty_fixes
from wdlint.fix.program import Program, dotted
from wdlint.fix.selection import handed_on, models_in, selection_of
from wdlint.fix.split import leaves_a_loop, pattern_fixes, replaced_tests
from wdlint.fix.step import step_fixes
from wdlint.source import tree as t

REACH = ("WD101", "WD102", "WD103", "WD104", "WD106")
PENALTIES = ("WD202", "WD203", "WD206")
SPLITS = ("WD301", "WD302", "WD303", "WD304", "WD305", "WD306")


@dataclass(frozen=True, slots=True)
class Site:
    """One construction to be mended: its call, its parameters argument, and all answers to what it is."""

    program: Program
    call: t.Call
    argument: t.Expr
    uses: tuple[OptimizerUse, ...]
    others: int = 0  # further optimizers over the same model
    style: str = "inline"

    @property
    def key(self) -> str:
        keys = {c.decay_key for use in self.uses for c in use.classes if c.decay_key}
        return keys.pop() if len(keys) == 1 else ""


def with_fixes(
    findings: Iterable[Finding], facts: FileFacts, data: bytes, module: t.Module | None, style: str = "inline"
) -> list[Finding]:
    """The findings, each with a fix where one can be planned; `module` is the program in the file's bytes."""
    found = list(findings)
    if module is None or not any(f.fix is None and _may_be_fixed(f) for f in found):
        return found
    try:
        program = Program(facts.file, data, module)
    except RecursionError:
        return found
    planned: list[Finding] = []
    lost = {f.place for f in found if f.code == "WD303"}
    for finding in found:
        fixes: list[Fix] = []
        if finding.fix is None and finding.code == "WD204":
            fixes = list(step_fixes(finding, facts, program, data))
        elif finding.fix is None:
            fixes = list(_fixes(finding, facts, program, style, finding.place in lost))
        if fixes:
            finding = replace(finding, fix=replace(fixes[0], otherwise=tuple(fixes[1:])))
        planned.append(finding)
    return planned


def _may_be_fixed(finding: Finding) -> bool:
    return finding.code in (*REACH, *SPLITS, *PENALTIES, "WD201", "WD204", "WD401")


TRAINED = "parameters that are in no group now are trained after the fix"


def _fixes(finding: Finding, facts: FileFacts, program: Program, style: str, lost: bool) -> Iterator[Fix]:
    """The fixes of one finding, the one to try first in front.

    `lost` says that the groups at its place leave out parameters, which a fix brings back.
    """
    if finding.place.file != facts.file:
        return
    if finding.code == "WD401":
        yield from key_fixes(finding, facts, program)
        return
    if finding.code in PENALTIES:
        yield from penalty_fixes(finding, facts, program, lambda place: _made(place, facts, program, style))
        return
    if finding.code in SPLITS:
        yield from split_key_fixes(finding, facts, program)
    site = _site(finding.place, facts, program, style, finding.code == "WD201")
    if site is None:
        return
    if finding.code == "WD201":
        yield from coupled.optimizer_fixes(program, site.call, site.uses)
        return
    if not site.key:
        return
    fixes = _reach_fixes(site) if finding.code in REACH else _split_fixes(finding, site)
    for fix in fixes:
        lowered = _lowered(fix, site)
        if lost and lowered.applicability is Applicability.SAFE:
            lowered = replace(lowered, applicability=Applicability.UNSAFE, hazard=TRAINED)
        yield lowered


def _made(place: Place, facts: FileFacts, program: Program, style: str) -> Made | None:
    """A construction into which a strength may be moved, with the fix that divides its parameters."""
    site = _site(place, facts, program, style)
    if site is None or site.others or flattens(program):
        return None
    divided = next((_lowered(fix, site) for fix in _reach_fixes(site)), None)
    exempt = any(use.inventory is None or holds_exempt(use) for use in site.uses)
    return Made(site.call, site.uses, divided if exempt else None)


def _site(place: Place, facts: FileFacts, program: Program, style: str, whole: bool = False) -> Site | None:
    """The construction at a place; `whole` says that the call is to be mended, whatever its parameters are."""
    uses = tuple(use for use in facts.uses if use.place == place)
    places = {use.parameters_place for use in uses}
    if not uses:
        return None
    call = program.node_at(place, t.Call)
    parameters = places.pop() if len(places) == 1 else None
    if call is None:
        return None
    given = [argument.value for argument in call.args]
    if parameters is not None:
        start, end = program.within(parameters)
        given = [a for a in given if program.span(a) in ((start, end), (start - 1, end + 1))]  # its own brackets
        if not given:
            return None
    elif not whole:
        return None
    models = {use.model for use in uses if use.model}
    others = {u.place for u in facts.uses if u.model in models and u.place != place}
    apart = sum(1 for p in others if _apart(program, call, program.node_at(p, t.Call)))
    return Site(program, call, given[0] if given else call, uses, apart, style)


def _apart(program: Program, call: t.Call, other: t.Call | None) -> bool:
    """Whether two constructions of one scope are bound to different names, so that both are in use."""
    if other is None or program.scope(call) is not program.scope(other):
        return False
    names = []
    for one in (call, other):
        statement = program.statement(one)
        if not isinstance(statement, t.Assign):
            return False
        names.append(dotted(statement.targets[0]))
    return names[0] != names[1]


def _lowered(fix: Fix, site: Site) -> Fix:
    """The fix with the applicability that the program around it allows."""
    if flattens(site.program):
        return replace(fix, applicability=Applicability.SHOWN, hazard=FLATTENED)
    reasons = [fix.hazard] if fix.hazard else []
    reasons += hazards(site.program, site.call, site.others)
    if not reasons:
        return fix
    applicability = Applicability.UNSAFE if fix.applicability is Applicability.SAFE else fix.applicability
    return replace(fix, applicability=applicability, hazard="; ".join(dict.fromkeys(reasons)))


# ---- one group for everything


def _reach_fixes(site: Site) -> Iterator[Fix]:
    declared = [name for use in site.uses for name in use.declared]
    test = emit.dividing_test([use.inventory for use in site.uses], declared)
    target, statement_replaced = _target(site)
    if test is not None:
        grouped = _grouped(site, target, test)
        if grouped is not None:
            yield grouped
        elif not _dictionaries(target):
            selection = selection_of(site.program, target)
            if selection is not None and selection.can(test):
                yield _two_groups(site, target, selection, test, statement_replaced)
    yield from _through_helper(site, target)


def _target(site: Site) -> tuple[t.Expr, bool]:
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
    if moved or not _may_stand_before(program, statement, target):
        indentation = program.line_indentation(program.span(target)[0])
        text = emit.listed(items, indentation, program)
        return Fix(title, Applicability.SAFE, (program.replacing(target, text),))
    name = program.free_name("param_groups")
    indentation = program.indentation(statement)
    before = f"{name} = {emit.listed(items, indentation, program)}\n{indentation}"
    start = program.span(statement)[0]
    return Fix(title, Applicability.SAFE, (program.edit(start, start, before), program.replacing(target, name)))


# What these hold is not evaluated for certain, or not once, or binds a name.
_LATER = (t.Lambda, t.Conditional, t.Boolean, t.Clause, t.Comprehension, t.Walrus)


def _may_stand_before(program: Program, statement: t.Statement, target: t.Expr) -> bool:
    """Whether what an expression says can be computed in a statement before its own."""
    if not isinstance(statement, (t.Assign, t.Return, t.Expression)) or not program.begins_line(statement):
        return False
    between = takewhile(lambda node: node is not statement, program.around(target))
    return not any(isinstance(node, _LATER) for node in between)


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


# ---- the helper


def _through_helper(site: Site, target: t.Expr) -> Iterator[Fix]:
    program = site.program
    if site.key != "weight_decay":
        return
    argument = site.argument
    names = {use.model for use in site.uses}
    models = models_in(program, argument)
    if not models and len(names) == 1:
        models = handed_on(program, names.pop(), argument)
    models = tuple(m for m in models if _in_scope(program, m, argument))
    if not models and any(needs_a_model(use) for use in site.uses):
        return
    if site.style == "import" and len(models) == 1:
        imported = _imported(site, target, models[0])
        if imported is not None:
            yield imported
    name, insertion = emit.helper_edit(program, site.call)
    text = f"{name}({', '.join((program.source(argument), *models))})"
    hazard = ""
    if not models:
        hazard = "the model is not in scope at the call: only what has fewer than two dimensions is exempt"
    elif isinstance(argument, t.Name) and len(program.loads(argument.id, program.scope(argument))) > 1:
        bound = program.binding(argument)
        if bound is not None and _is_iterator(bound):
            hazard = f"`{argument.id}` is an iterator that is used again"
    edits = (*_in_room(program, argument, text), *((insertion,) if insertion else ()))
    title = f"Divide the parameters with `{name}`: weights decay, gains and biases do not"
    applicability = Applicability.UNSAFE if hazard else Applicability.SAFE
    yield Fix(title, applicability, edits, hazard)


def _in_room(program: Program, argument: t.Expr, text: str) -> tuple[Edit, ...]:
    """The edits that write a text for an argument, in a statement of its own where the line would be too long."""
    start, end = program.span(argument)
    first = program.line(argument)
    stop = program.starts[first] if first < len(program.starts) else len(program.text)
    line = program.text[program.starts[first - 1] : stop].rstrip()
    statement = program.statement(argument)
    fits = end > stop or len(line) + len(text) - (end - start) <= program.width
    if fits or not _may_stand_before(program, statement, argument):
        return (program.replacing(argument, text),)
    name = program.free_name("param_groups")
    at = program.span(statement)[0]
    before = f"{name} = {text}\n{program.indentation(statement)}"
    return program.edit(at, at, before), program.replacing(argument, name)


def _is_iterator(bound: t.Expr) -> bool:
    if isinstance(bound, t.Comprehension):
        return bound.kind == "generator"
    name = ""
    if isinstance(bound, t.Call):
        name = bound.func.attr if isinstance(bound.func, t.Attribute) else dotted(bound.func) or ""
    return name in ("parameters", "named_parameters", "filter", "chain", "map")


def _in_scope(program: Program, model: str, at: t.Expr) -> bool:
    """Whether a model's name certainly means something where the optimizer is made."""
    root = model.split(".")[0]
    scope: Item = program.scope(at)
    inner = True
    while True:
        if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == root for p in scope.params):
            return True
        if not isinstance(scope, t.ClassDef) or inner:
            bound = [n for n in program.inside(scope) if _binds(program, n, root)]
            if bound:
                return any(_reaches(program, node, at) for node in bound) if inner else True
        if isinstance(scope, t.Module):
            return False
        scope, inner = program.scope(scope), False


def _binds(program: Program, node: Item, name: str) -> bool:
    """Whether a node binds a name in its scope; the variables of comprehensions stay in them."""
    if isinstance(node, (t.Import, t.ImportFrom)):
        return name in node.owns
    if not (isinstance(node, t.Name) and node.id == name and node in program.bound):
        return False
    above = next(n for n in program.around(node) if not isinstance(n, (t.Name, t.Display, t.Starred)))
    return not isinstance(above, t.Clause)


def _reaches(program: Program, node: Item, at: t.Expr) -> bool:
    """Whether a binding lies before a place on every way to it: in a block that encloses it, and in no loop's head."""
    statement = program.statement(node)
    if isinstance(statement, t.For):
        return program.span(statement)[0] < program.span(at)[0] < program.span(statement)[1]
    if program.span(statement)[0] >= program.span(at)[0]:
        return False
    return any(isinstance(a, t.Statement) and a.block is statement.block for a in program.around(at))


def _imported(site: Site, target: t.Expr, model: str) -> Fix | None:
    """`decay_groups(model, weight_decay=…)` of wdlint itself, where one model gives everything."""
    program = site.program
    selection = selection_of(program, target)
    decay = next((a.value for a in site.call.args if a.keyword == site.key), None)
    if selection is None or selection.models != (model,) or not selection.by_name:
        return None
    if selection.test not in ("", f"{selection.variable}.requires_grad"):
        return None
    if decay is not None and not isinstance(decay, (t.Const, t.Name, t.Attribute)):
        return None
    strength = program.source(decay) if decay is not None else ""
    if not strength:
        known = {use.groups[0].amount.value for use in site.uses if use.groups}
        value = known.pop() if len(known) == 1 else None
        if value is None or any(a.star for a in site.call.args):
            return None
        strength = repr(value)
    insertion = emit.import_edit(program, site.call, "wdlint", "decay_groups")
    edits = (program.replacing(site.argument, f"decay_groups({model}, weight_decay={strength})"),)
    title = "Divide the parameters with `decay_groups`: weights decay, gains and biases do not"
    return Fix(title, Applicability.SAFE, (*edits, *((insertion,) if insertion else ())))


# ---- wrong splits


def _split_fixes(finding: Finding, site: Site) -> Iterator[Fix]:
    yield from pattern_fixes(finding, site.program, site.uses)
    target, _ = _target(site)
    test = emit.dividing_test([use.inventory for use in site.uses])
    if test is not None and not (finding.code == "WD301" and leaves_a_loop(site.program, target)):
        yield from replaced_tests(site.program, target, test, site.key, models_in(site.program, site.argument))
    if finding.code == "WD306" and test is not None:
        yield from _reach_fixes(site)
    elif finding.code in ("WD301", "WD306"):
        yield from _through_helper(site, target)
