"""Mending a hand-made split: its name patterns extended, or its conditions replaced by one that is exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from wdlint.facts import Applicability, Confidence, Edit, Finding, Fix, Inventory, Kind, OptimizerUse, Ternary
from wdlint.fix import emit
from wdlint.fix.construction import Site
from wdlint.fix.layout import fitted
from wdlint.fix.leftovers import leftovers
from wdlint.fix.program import Program
from wdlint.fix.selection import conjunct
from wdlint.fix.splits.conditions import Condition, conditions, is_exempt
from wdlint.source.read import tree as t

_MOST = 6  # names added to a list of patterns


def pattern_fixes(finding: Finding, program: Program, uses: Sequence[OptimizerUse]) -> Iterator[Fix]:
    """A list of name patterns with what it lacks, and without what matches nothing, if the model is the only one."""
    uses = [use for use in uses if any(g.patterns for g in use.groups)]
    patterns = {p.text for use in uses for g in use.groups for p in g.patterns if p.exempts}
    dead = _dead(finding, uses)
    if not patterns:
        return
    missing = _missing(uses)
    if len(missing) > _MOST:
        return
    for node in program.nodes:
        if isinstance(node, t.Display) and node.items:
            texts = [e.value if isinstance(e, t.Const) else None for e in node.items]
            if all(isinstance(text, str) for text in texts) and set(texts) <= patterns | {None}:
                lacking = [name for name in missing if name not in texts]
                fix = _extended(program, node, [str(text) for text in texts], lacking, dead)
                if fix is not None:
                    yield fix


def _dead(finding: Finding, uses: Sequence[OptimizerUse]) -> set[str]:
    """The patterns that match nothing, if the model is the only one."""
    only = finding.confidence is Confidence.PROVEN and len(uses) == 1 and uses[0].variants == 1
    return {
        p.text for use in uses for g in use.groups for p in g.patterns
        if only and p.exempts and p.matches and all(m is Ternary.NO for m in p.matches)
    }  # fmt: skip


def name_fixes(finding: Finding, site: Site) -> Iterator[Fix]:
    """A name that matches nothing, in tests that ask for it alone (`"LayerNorm" in n`), changed to one that does."""
    dead, missing = _dead(finding, site.uses), _missing(site.uses)
    if not len(dead) == len(missing) == 1:
        return
    program, text = site.program, dead.pop()
    asked = [
        node.left
        for condition in conditions(site)
        for part in condition.parts
        for node in program.below(part)
        if isinstance(node, t.Compare) and isinstance(node.left, t.Const) and node.left.value == text
        if len(node.rest) == 1 and node.rest[0][0] in ("in", "not in")
    ]
    if asked:
        edits = [program.replacing(one, emit.quoted(missing[0], program)) for one in asked]
        yield Fix("Name in the test what is to be exempt in this model", Applicability.SAFE, fitted(program, edits))


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
    counted = _counted(program, node)
    trust = Applicability.SAFE if counted is None else Applicability.SHOWN
    hazard = "" if counted is None else f"line {program.line(counted)} counts on how many names the list has"
    return Fix("Name in the list what is to be exempt in this model", trust, tuple(edits), hazard)


def _counted(program: Program, node: t.Display) -> t.Name | None:
    """A use of a list that finds an element by its number, takes it apart, or asks how long it is."""
    made = program.parents[node]
    if not isinstance(made, t.Assign):
        return None
    for name in (target for target in made.targets if isinstance(target, t.Name)):
        for use in program.loads(name.id, program.scope(name)):
            match program.parents[use]:
                case t.Subscript() | t.Compare(rest=(("==" | "!=", _), *_)):
                    return use
                case t.Assign(targets=(t.Display(), *_)):
                    return use
                case t.Argument() as argument:
                    call = program.parents[argument]
                    if isinstance(call, t.Call) and isinstance(call.func, t.Name) and call.func.id in ("len", "zip"):
                        return use
    return None


def _without(program: Program, node: t.Display, element: t.Expr) -> Edit:
    """The edit that takes an element out, with the comma and space that belong to it."""
    index = node.items.index(element)
    if index + 1 < len(node.items):
        return program.edit(program.span(element)[0], program.span(node.items[index + 1])[0], "")
    return program.edit(program.span(node.items[index - 1])[1], program.span(element)[1], "")


# ---- conditions


def condition_fixes(site: Site, beside: Sequence[Edit] = ()) -> Iterator[Fix]:
    """The split's conditions replaced by a test that is exact for the model, or that test added to each of them.

    `beside` are edits that each of these fixes makes as well.
    """
    found = conditions(site) if _rates(site, True) == _rates(site, False) else []
    inventories = [use.inventory for use in site.uses]
    exact = emit.dividing_test(inventories, [name for use in site.uses for name in use.declared])
    named = emit.names_test(inventories)
    known = inventories[0] if len(inventories) == 1 else None
    ways = [(test, known, False) for test in (exact, named) if test is not None]
    ways += [(test, known, True) for test in dict.fromkeys((emit.BY_DIMENSION, exact or emit.BY_DIMENSION))]
    tried: set[tuple[Edit, ...]] = set()
    for test, inventory, widened in ways:
        edits = _mended(site.program, found, test, inventory, widened, beside)
        if edits and edits not in tried:
            tried.add(edits)
            what = "as well as by their number of dimensions" if widened else "by a test that is exact for this model"
            yield Fix(f"Tell gains and biases {what}", Applicability.SAFE, edits)


def _rates(site: Site, exempt: bool) -> set[tuple[float | None, str] | None]:
    """The learning rates of the groups on one side: what changes sides must find its own."""
    groups = (g for use in site.uses for g in use.groups if is_exempt(g) is exempt)
    return {(g.learning_rate.value, g.learning_rate.text) if g.learning_rate is not None else None for g in groups}


def _mended(
    program: Program, found: Sequence[Condition], test: emit.Test, inventory: Inventory | None, widened: bool,
    beside: Sequence[Edit],
) -> tuple[Edit, ...]:  # fmt: skip
    edits: list[Edit] = []
    holders = [condition.holder for condition in found if condition.holder is not None]
    if len(set(holders)) < len(holders):
        return ()  # several selections that are added up in one group would all take the same parameters
    for condition in found:
        text = _instead(program, condition, test, inventory, widened)
        if text is None:
            return ()
        start, end = program.bracketed(condition.parts[0])[0], program.bracketed(condition.parts[-1])[1]
        if program.text[start:end] != text:
            edits.append(program.edit(start, end, text if program.text[start - 1] in " \t(" else f" {text}"))
    if not edits:
        return ()
    edits += _over_names(program, found, test, " ".join(edit.text for edit in edits))
    edits += beside
    edits += leftovers(program, edits)
    return fitted(program, edits)


def _instead(
    program: Program, condition: Condition, test: emit.Test, inventory: Inventory | None, widened: bool
) -> str | None:
    """What stands in a condition's place; None where the test can't be asked there."""
    going = condition.going
    name = going.name or (_NAME if _may_name(program, condition) else "")
    if (test.measured and not going.tensor) or (test.named and not name):
        return None
    if test.named and not going.whole and any("." in end for end in test.endings):
        return None
    wanted = test.exempt if condition.exempts else test.decayed
    asked = emit.restyled(wanted.format(p=going.tensor, n=name), program)
    conjuncts = [part for whole in condition.parts for part in _conjuncts(whole)]
    kept = [part for part in conjuncts if _is_of_place(program, part, going.name, inventory)]
    told = [part for part in conjuncts if part not in kept]
    if not told and (condition.chained or (condition.after_exempt and not widened)):
        start, end = program.bracketed(condition.parts[0])
        return program.text[start:end]  # what is exempt does not come this far, or another test tells it
    if widened and told:
        old = " and ".join(conjunct(program, part) for part in told)
        if condition.exempts:
            old = program.source(told[0]) if len(told) == 1 else old
            asked = f"{old} or {asked}"
        else:
            asked = f"{old} and {asked}"
    if not kept:
        return asked
    asked = f"({asked})" if " or " in asked else asked
    texts = [conjunct(program, part) for part in kept]
    at = next((i for i, part in enumerate(conjuncts) if part in told), len(conjuncts))
    before = sum(1 for part in kept if conjuncts.index(part) < at)
    return " and ".join([*texts[:before], asked, *texts[before:]])


_NAME = "n"


def _conjuncts(expr: t.Expr) -> Iterator[t.Expr]:
    if isinstance(expr, t.Boolean) and expr.op == "and":
        yield from _conjuncts(expr.left)
        yield from _conjuncts(expr.right)
    else:
        yield expr


def _is_of_place(program: Program, part: t.Expr, name: str, inventory: Inventory | None) -> bool:
    """Whether a condition tells parts of a model apart (or what is trained), and not kinds of parameters."""
    source = program.source(part)
    if re.search(r"\brequires_grad\b|\bid\(|\bhasattr\(", source):
        return True
    inner = part.operand if isinstance(part, t.Unary) and part.op == "not" else part
    match inner:
        case t.Compare(rest=((_, t.Const(value=None)),)):
            return True
        case t.Compare(left=t.Const(value=str(text)), rest=(("in" | "not in", t.Name(id=of)),)) if of == name:
            return _parts_weights(inventory, lambda whole: text in whole)
        case t.Call(func=t.Attribute(value=t.Name(id=of), attr="startswith" | "endswith" as attr), args=(only,)):
            texts = _texts(only.value)
            if of == name and texts:
                return _parts_weights(inventory, lambda whole: getattr(whole, attr)(texts))
    return False


def _texts(expr: t.Expr) -> tuple[str, ...]:
    items = expr.items if isinstance(expr, t.Display) else (expr,)
    texts = tuple(item.value for item in items if isinstance(item, t.Const) and isinstance(item.value, str))
    return texts if len(texts) == len(items) else ()


def _parts_weights(inventory: Inventory | None, holds: Callable[[str], bool]) -> bool:
    """Whether a condition on names holds for some weights of a model and not for others."""
    if inventory is None:
        return False
    weights = [p.name for p in inventory.parameters if p.kind in (Kind.WEIGHT, Kind.EMBEDDING)]
    return any(map(holds, weights)) and not all(map(holds, weights))


# ---- what loops go over


def _may_name(program: Program, condition: Condition) -> bool:
    """Whether names can be gone over where only parameters are: `model.parameters()`."""
    loop = condition.going.loop
    if loop is None or not isinstance(loop.target, t.Name) or isinstance(loop, t.For):
        return False
    over = loop.iter
    called = isinstance(over, t.Call) and isinstance(over.func, t.Attribute) and over.func.attr == "parameters"
    made = condition.comprehension
    return called and not over.args and made is not None and len(made.clauses) == 1 and _NAME not in program.taken()  # type: ignore[union-attr]


def _over_names(program: Program, found: Sequence[Condition], test: emit.Test, texts: str) -> Iterator[Edit]:
    """The loops that must go over names from now on, and those that need not any more: no new text asks for them."""
    replaced = [(program.span(c.parts[0])[0], program.span(c.parts[-1])[1]) for c in found]
    stays: dict[tuple[str, object], list[int]] = {}  # mentions by name and scope: a chain of tests asks for the same
    for condition in found:
        going, loop = condition.going, condition.going.loop
        if loop is None or not isinstance(loop.iter, t.Call) or not isinstance(loop.iter.func, t.Attribute):
            continue
        start, end = program.span(loop.target)[0], program.span(loop.iter)[1]
        given = program.text[program.span(loop.iter.func)[1] : end]
        over = program.source(loop.iter.func.value)
        if test.named and not going.name and loop.iter.func.attr == "parameters":
            yield program.edit(start, end, f"{_NAME}, {going.tensor} in {over}.named_parameters{given}")
        elif not test.named and going.name and going.tensor and loop.iter.func.attr == "named_parameters":
            scope = condition.comprehension or program.scope(loop.iter)
            if (going.name, scope) not in stays:
                mentions = [program.span(n)[0] for n in program.names(going.name, scope)]
                stays[going.name, scope] = [at for at in mentions if not any(a <= at < b for a, b in replaced)]
            left = stays[going.name, scope]
            if re.search(rf"\b{re.escape(going.name)}\b", texts):
                continue
            if len(left) == 1 and "\n" not in program.text[start:end]:  # its own place in the loop's target
                yield program.edit(start, end, f"{going.tensor} in {over}.parameters{given}")


# ---- a split that the optimizer does not get


def finished_groups(site: Site) -> Iterator[Fix]:
    """The groups that are computed and forgotten, handed to the optimizer in place of what it gets."""
    program = site.program
    places = {use.unused_split for use in site.uses}
    place = places.pop() if len(places) == 1 else None
    if place is None or place.file != program.file:
        return
    span = program.within(place)
    made = next((n for n in program.nodes if isinstance(n, t.Assign) and span in _spans_of(program, n)), None)
    if made is None or not isinstance(made.targets[0], t.Name):
        return
    name = made.targets[0].id
    known = program.scope(made) is program.scope(site.argument) or isinstance(program.scope(made), t.Module)
    if known and program.span(made)[1] <= program.span(site.argument)[0]:
        edits = [program.replacing(site.argument, name)]
        edits += leftovers(program, edits)
        yield Fix(f"Pass `{name}`, which nothing gets now", Applicability.SAFE, tuple(edits))


def _spans_of(program: Program, made: t.Assign) -> tuple[tuple[int, int], ...]:
    parts = [made, *made.targets, *((made.value,) if made.value is not None else ())]
    return tuple(program.span(part) for part in parts)
