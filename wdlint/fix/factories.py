"""Optimizers that a library's factory makes: it divides the parameters itself, where it is let."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability, Edit, Fix
from wdlint.fix.construction import Site
from wdlint.fix.program import Program, dotted
from wdlint.knowledge import wrappers
from wdlint.source.read import tree as t


def factory_of(site: Site) -> wrappers.Helper | None:
    """The factory that a construction calls, if it is a library's."""
    for path in _paths(site.program, site.call.func):
        found = wrappers.helper(path)
        if found is not None and found.makes_optimizer:
            return found
    return None


def _paths(program: Program, func: t.Expr) -> Iterator[str]:
    """The import paths that a called expression may stand for."""
    name = dotted(func) or ""
    first, _, rest = name.partition(".")
    for node in program.nodes:
        if isinstance(node, t.ImportFrom) and not node.level:
            for imported, alias in node.names:
                if (alias or imported) == first:
                    yield ".".join(filter(None, (node.module, imported, rest)))
        elif isinstance(node, t.Import):
            for module, alias in node.names:
                if alias == first:
                    yield ".".join(filter(None, (module, rest)))
                elif alias is None and name.startswith(f"{module}."):
                    yield name


def factory_fixes(site: Site, factory: wrappers.Helper) -> Iterator[Fix]:
    """The factory's own division: no longer switched off, or given the model in place of its parameters."""
    program, call = site.program, site.call
    if any(a.star for a in call.args):
        return
    switch = next((a for a in call.args if a.keyword and a.keyword == factory.divides_unless), None)
    edits: list[Edit] = []
    if switch is not None:
        if not (isinstance(switch.value, t.Const) and switch.value.value is False):
            return
        edits.append(_without(program, call, switch))
    match site.argument:
        case t.Call(func=t.Attribute(attr="parameters", value=model), args=()) if dotted(model):
            edits.append(program.replacing(site.argument, program.source(model)))
    if edits:
        name = factory.path.rsplit(".", 1)[-1]
        yield Fix(f"Let `{name}` divide the parameters", Applicability.SAFE, tuple(edits))


def _without(program: Program, call: t.Call, argument: t.Argument) -> Edit:
    """The edit that takes an argument out, with its comma."""
    index = call.args.index(argument)
    start, end = program.span(argument)
    if index > 0:
        start = program.bracketed(call.args[index - 1].value)[1]
    elif len(call.args) > 1:
        end = program.span(call.args[1])[0]
    return program.edit(start, end, "")
