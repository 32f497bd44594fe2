"""One construction of an optimizer that is to be mended, what may be written around it, and how far that is trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import takewhile

from wdlint.facts import Applicability, FileFacts, Fix, OptimizerUse, Place
from wdlint.fix.hazards.elsewhere import Imports
from wdlint.fix.hazards.sharding import FLATTENED, flattens
from wdlint.fix.program import Program, dotted
from wdlint.fix.selection import models_in
from wdlint.source.read import tree as t


@dataclass(frozen=True, slots=True)
class Site:
    """One construction to be mended: its call, its parameters argument, and all answers to what it is."""

    program: Program
    call: t.Call
    argument: t.Expr
    uses: tuple[OptimizerUse, ...]
    others: int = 0  # further optimizers over the same model
    style: str = "inline"
    imports: Imports | None = None  # where names lead that the file imports

    @property
    def key(self) -> str:
        keys = {c.decay_key for use in self.uses for c in use.classes if c.decay_key}
        return keys.pop() if len(keys) == 1 else ""


def site_of(
    place: Place, facts: FileFacts, program: Program, style: str, whole: bool = False, imports: Imports | None = None
) -> Site | None:
    """The construction at a place; `whole` says that the call is to be mended, whatever its parameters are."""
    uses = tuple(use for use in facts.uses if use.place == place)
    places = {use.parameters_place for use in uses}
    if not uses or any(use.loop is not None for use in uses):  # no edit of the call changes what a loop does
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
    others = {u.place: u for u in facts.uses if u.model in models and u.place != place}
    same = (p for p, use in others.items() if _of_one_model(program, parameters, use.parameters_place))
    apart = sum(1 for p in same if _apart(program, call, program.node_at(p, t.Call)))
    return Site(program, call, given[0] if given else call, uses, apart, style, imports)


def _of_one_model(program: Program, one: Place | None, other: Place | None) -> bool:
    """Whether two arguments may hold parameters of one model: they do not ask different ones for theirs."""
    asked = [_asked(program, place) for place in (one, other) if place is not None]
    return len(asked) < 2 or not all(asked) or bool(asked[0] & asked[1])


def _asked(program: Program, place: Place) -> frozenset[str]:
    known: dict[Place, frozenset[str]] = program.memo("models asked for at a place")  # each optimizer asks of all
    if place not in known:
        expr = program.node_at(place, t.Node)
        known[place] = frozenset(models_in(program, expr) if expr is not None else ())
    return known[place]


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


def lowered(fix: Fix, site: Site) -> Fix:
    """The fix with the applicability that the program around it allows."""
    if flattens(site.program):
        return replace(fix, applicability=Applicability.SHOWN, hazard=FLATTENED)
    if fix.hazard and fix.applicability is Applicability.SAFE:
        return replace(fix, applicability=Applicability.UNSAFE)
    return fix


# What these hold is not evaluated for certain, or not once, or binds a name.
_LATER = (t.Lambda, t.Conditional, t.Boolean, t.Clause, t.Comprehension, t.Walrus)


def may_stand_before(program: Program, statement: t.Statement, target: t.Expr) -> bool:
    """Whether what an expression says can be computed in a statement before its own."""
    if not isinstance(statement, (t.Assign, t.Return, t.Expression)) or not program.begins_line(statement):
        return False
    between = takewhile(lambda node: node is not statement, program.around(target))
    return not any(isinstance(node, _LATER) for node in between)
