"""Groups of one parameter each, made in a loop: the strength is chosen for each, and the groups stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix import emit
from wdlint.fix.construction import Site
from wdlint.fix.layout import fitted
from wdlint.fix.program import Program
from wdlint.fix.splits.conditions import going_over, held_by, is_exempt
from wdlint.source.read import tree as t


def strength_fixes(site: Site, test: emit.Test) -> Iterator[Fix]:
    """`"weight_decay": wd if p.ndim >= 2 else 0.0` in every group that decays."""
    program = site.program
    edits: dict[Edit, None] = {}
    for use in site.uses:
        for group in use.groups:
            if is_exempt(group):
                continue
            held = held_by(program, group)
            written = program.parents[held] if held is not None else None
            if held is None or not isinstance(written, t.DictDisplay):
                return
            (tensor,) = held.items if isinstance(held, t.Display) and len(held.items) == 1 else (held,)
            going = going_over(program, written)
            if not isinstance(tensor, t.Name) or going.tensor != tensor.id or (test.named and not going.name):
                return
            if test.named and not going.whole:
                return
            decays = emit.restyled(test.decayed.format(p=tensor.id, n=going.name), program)
            edit = _chosen(site, written, decays)
            if edit is None:
                return
            edits[edit] = None
    if edits:
        title = "Give a decay to weights alone, parameter by parameter"
        yield Fix(title, Applicability.SAFE, fitted(program, tuple(edits)))


def _chosen(site: Site, group: t.DictDisplay, decays: str) -> Edit | None:
    """The edit that makes a group's strength depend on a test."""
    program = site.program
    given = next((v for k, v in group.items if isinstance(k, t.Const) and k.value == site.key), None)
    if isinstance(given, t.Conditional):
        return None
    if given is not None:
        return program.replacing(given, f"{program.source(given)} if {decays} else 0.0")
    strength = _of_call(site, group)
    if not strength:
        return None
    end = program.bracketed(group.items[-1][1])[1]
    quote = emit.quoted("", program)[0]
    return program.edit(end, end, f", {quote}{site.key}{quote}: {strength} if {decays} else 0.0")


def _of_call(site: Site, group: t.DictDisplay) -> str:
    """The strength that the optimizer's call gives, as it can be written in the group; empty where it can't."""
    program = site.program
    given = next((a.value for a in site.call.args if a.keyword == site.key), None)
    same = program.scope(site.call) is program.scope(group)
    if isinstance(given, t.Const) or (
        isinstance(given, (t.Name, t.Attribute)) and same and _bound_before(program, given, group)
    ):
        return program.source(given)
    amounts = {g.amount.value for use in site.uses for g in use.groups if not is_exempt(g)}
    known = amounts.pop() if len(amounts) == 1 else None
    plain = given is None and not any(a.star for a in site.call.args)
    return repr(known) if known is not None and plain else ""


def _bound_before(program: Program, given: t.Expr, group: t.DictDisplay) -> bool:
    root = given
    while isinstance(root, t.Attribute):
        root = root.value
    if not isinstance(root, t.Name):
        return False
    stores = [n for n in program.names(root.id, program.scope(group)) if n in program.bound]
    return all(program.span(n)[1] <= program.span(group)[0] for n in stores)
