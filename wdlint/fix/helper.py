"""Groups made by a function: one that is written once into the file, or `decay_groups` of wdlint itself.

The text of the function is in `emit`.
"""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix import emit
from wdlint.fix.construction import Site, may_stand_before
from wdlint.fix.hazards.sharding import needs_a_model
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.fix.selection import handed_on, models_in, selection_of
from wdlint.source.read import syntax
from wdlint.source.read import tree as t


def through_helper(site: Site, target: t.Expr) -> Iterator[Fix]:
    program = site.program
    if site.key != "weight_decay":
        return
    argument = site.argument
    names = {use.model for use in site.uses}
    models = models_in(program, argument)
    if not models and len(names) == 1:
        models = handed_on(program, names.pop(), argument)
    models = tuple(m for m in models if in_scope(program, m, argument))
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
    if fits or not may_stand_before(program, statement, argument):
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


def in_scope(program: Program, model: str, at: t.Expr) -> bool:
    """Whether a model's name certainly means something where the optimizer is made."""
    root = model.split(".")[0]
    known: dict[t.Expr, frozenset[str]] = program.memo("names in an expression")  # asked for model after model
    if at not in known:
        known[at] = frozenset(node.id for node in _evaluated(at) if isinstance(node, t.Name))
    if root in known[at]:
        return True  # its parameters are asked for right there
    scope: Item = program.scope(at)
    inner = True
    while True:
        if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == root for p in scope.params):
            return True
        if not isinstance(scope, t.ClassDef) or inner:
            bound = [n for n in program.mentioning(root, scope) if _binds(program, n, root)]
            if bound:
                return any(_reaches(program, node, at) for node in bound) if inner else True
        if isinstance(scope, t.Module):
            return False
        scope, inner = program.scope(scope), False


def _evaluated(expr: t.Expr) -> Iterator[Item]:
    """What certainly is evaluated with an expression: not what stands in a function, in a branch or behind a clause."""
    yield expr
    match expr:
        case t.Comprehension():
            yield from _evaluated(expr.clauses[0].iter)
        case t.Boolean():
            yield from _evaluated(expr.left)
        case t.Conditional():
            yield from _evaluated(expr.test)
        case t.Lambda():
            return
        case _:
            for inner in syntax.children(expr):
                yield from _evaluated(inner)


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
