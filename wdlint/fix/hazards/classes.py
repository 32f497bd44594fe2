"""Optimizer classes of the project that do more with the parameters they are given than to hand them on."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.facts import Applicability
from wdlint.fix.hazards.elsewhere import Imports, defined
from wdlint.fix.hazards.hazard import Hazard
from wdlint.fix.outline import Item
from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

_DEEPEST = 4  # classes, each derived from the next


def of_class(program: Program, call: t.Call, imports: Imports | None) -> Iterator[Hazard]:
    """A class that goes over parameters when it is made: given groups, it would go over dictionaries."""
    found, depth = defined(program, call.func, imports), 0
    while found is not None and depth < _DEEPEST:
        where, kind = found
        if not isinstance(kind, t.ClassDef):
            return
        used = next((n for begins in _beginnings(kind) for n in _uses(where, begins, call)), None)
        if used is not None:
            at = f" of {where.file}" if where is not program else ""
            reason = f"`{kind.name}` goes over the parameters that it is given, on line {where.line(used)}{at}"
            yield Hazard(reason, Applicability.SHOWN)
            return
        found, depth = (defined(where, kind.bases[0].value, imports) if kind.bases else None), depth + 1


def _beginnings(kind: t.ClassDef) -> Iterator[t.FunctionDef]:
    return (n for n in kind.inner.body.statements if isinstance(n, t.FunctionDef) and n.name == "__init__")


def _uses(program: Program, begins: t.FunctionDef, call: t.Call) -> Iterator[t.Name]:
    """Where a class does something with what it is given, without asking whether that is groups."""
    given = _given(begins, call)
    if given and not _knows_groups(program, begins):
        yield from (n for n in program.names(given, begins) if not _is_handed_on(program, n))


def _given(begins: t.FunctionDef, call: t.Call) -> str:
    """The parameter that takes a call's first argument, which is the parameters."""
    names = [p.name for p in begins.params[1:] if not p.star and not p.keyword_only]
    if call.args and call.args[0].keyword in names:
        return str(call.args[0].keyword)
    return "params" if "params" in names else next(iter(names), "")


def _knows_groups(program: Program, begins: t.FunctionDef) -> bool:
    """Whether it asks for what only groups have, or whether what it is given holds dictionaries and takes them."""
    below = list(program.below(begins))
    return any((isinstance(n, t.Const) and n.value == "params") or _takes_groups(program, n) for n in below)


def _takes_groups(program: Program, test: Item) -> bool:
    """`if isinstance(params[0], dict):`, with a body that does not refuse them."""
    match test:
        case t.Call(func=t.Name(id="isinstance"), args=(of, t.Argument(value=t.Name(id="dict")))):
            branch = next((a for a in program.around(test) if isinstance(a, t.Statement)), None)
            return (
                isinstance(of.value, t.Subscript)
                and isinstance(branch, t.If)
                and not any(isinstance(n, t.Raise) for n in program.below(branch))
            )
    return False


def _is_handed_on(program: Program, node: t.Name) -> bool:
    """Whether a mention hands parameters on as they are, or asks nothing of them."""
    if node in program.bound:
        return True
    above = program.parents[node]
    match above:
        case t.Argument():
            call = program.parents[above]
            name = last_part(call.func) if isinstance(call, t.Call) else ""
            if name in ("list", "tuple"):
                return _is_put_back(program, call, node.id)
            return name in ("isinstance", "__init__") or name[:1].isupper()
        case t.If() | t.Unary(op="not") | t.Boolean() | t.Assert():
            return True
        case t.Compare(rest=((_, t.Const(value=None)),)):
            return True
    return False


def _is_put_back(program: Program, call: Item, name: str) -> bool:
    """Whether a list that is made of a parameter goes by its name, or is handed on."""
    above = program.parents[call]
    if isinstance(above, t.Argument):
        call = program.parents[above]
        return isinstance(call, t.Call) and last_part(call.func) == "__init__"
    return isinstance(above, t.Assign) and all(isinstance(to, t.Name) and to.id == name for to in above.targets)
