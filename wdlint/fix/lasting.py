"""Which tensor a decay must shrink to last: the parameter itself, or the copy of it that a step writes back.

`p.data.float()` is the parameter itself or a copy, as its precision has it; `p.clone()` is a copy always. Where it
can't be told there is no answer: a decay of a copy that is thrown away would be no decay at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

_VIEWS = ("detach", "view", "view_as")  # they share what they hold with their tensor
_OF_WHOLE = ("flatten", "reshape", "contiguous")  # so do these of a parameter itself
_CASTS = ("float", "double", "half", "bfloat16", "to", "type", "type_as")  # a copy where the precision is another one
_SHAPED = (*_VIEWS, *_OF_WHOLE, *_CASTS, "clone")
_ASKED = ("dtype", "device", "shape", "size", "ndim", "dim", "numel")  # no value of the tensor


@dataclass(frozen=True, slots=True)
class _Back:
    """A write into a tensor behind the decay: where it stands, into what, and what is written."""

    node: Item
    into: t.Expr
    value: t.Expr


def lasting(program: Program, statement: t.Statement, weight: t.Expr) -> t.Expr | None:
    """The tensor in which a decay at a statement lasts; None where there is none, or it can't be told."""
    own = _root(program, weight)
    held = _name(weight)
    if own is None and held is None:
        return None
    found: dict[str, t.Expr] = {}
    for back in _written_back(program, program.scope(weight), program.span(statement)[1]):
        written = _name(_unshaped(back.value))
        if own is None:
            if held is not None and written is not None and written.id == held.id:
                found[held.id] = weight
                if not _always(program, back, statement) and _is_apart(program, held):
                    return None
            continue
        if _root(program, back.into) != own or _tells(program, back.value, own):
            continue
        if written is None or _root(program, written) == own:
            return None
        made = _made(program, written)
        before = [value for value in made if program.span(value)[1] <= program.span(statement)[0]]
        if len(before) < len(made):
            later = [value for value in made if value not in before]
            if not all(_tells(program, value, own) or _tells(program, value, written.id) for value in later):
                return None
            if not before and made:
                continue  # it is made of the weight that has decayed
        if not _always(program, back, statement) and _is_apart(program, written):
            return None
        found[written.id] = written
    if len(found) > 1:
        return None
    return next(iter(found.values()), weight if own is not None else None)


def _name(expr: t.Expr) -> t.Name | None:
    """The name that a tensor goes by, its `data` included."""
    while isinstance(expr, t.Attribute) and expr.attr == "data":
        expr = expr.value
    return expr if isinstance(expr, t.Name) else None


def _unshaped(value: t.Expr) -> t.Expr:
    """What is written in another precision or shape."""
    while isinstance(value, t.Call) and isinstance(value.func, t.Attribute) and value.func.attr in _SHAPED:
        value = value.func.value
    return value


def _root(program: Program, expr: t.Expr) -> str | None:
    """The name of the tensor that an expression certainly is, or is a view of; None for a copy, and where it's open."""
    match expr:
        case t.Attribute(attr="data"):
            return _root(program, expr.value)
        case t.Call(func=t.Attribute(attr=name, value=of)) if name in _VIEWS:
            return _root(program, of)
        case t.Call(func=t.Attribute(attr=name, value=of)) if name in _OF_WHOLE:
            return _root(program, of) if dotted(of) is not None else None
        case t.Conditional():
            one, other = _root(program, expr.body), _root(program, expr.orelse)
            return one if one == other else None
        case t.Comprehension(kind="list"):
            return _root(program, expr.element)
        case t.Name():
            return _root_of_name(program, expr)
    return None


def _root_of_name(program: Program, name: t.Name) -> str | None:
    known: dict[tuple[Item, str], str | None] = program.memo("roots of tensors")
    key = program.scope(name), name.id
    if key not in known:
        known[key] = name.id  # as what is made of itself asks
        made = (value for value in (*_made(program, name), *_added(program, name)) if not _is_empty(value))
        roots = {_root(program, value) for value in made}
        roots = roots - {name.id} or roots
        known[key] = name.id if not roots else roots.pop() if len(roots) == 1 else None
    return known[key]


def _is_empty(value: t.Expr) -> bool:
    return isinstance(value, t.Display) and not value.items


def _made(program: Program, name: t.Name) -> list[t.Expr]:
    """What assignments bind a name to: `w, g = p.data, p.grad` one by one, and the whole where that can't be told."""
    found: list[t.Expr] = []
    for bound in program.names(name.id, program.scope(name)):
        around = program.parents[bound] if bound in program.bound else None
        if isinstance(around, t.Display):
            statement = program.parents[around]
            if isinstance(statement, t.Assign) and statement.value is not None:
                value, at = statement.value, around.items.index(bound)
                apart = isinstance(value, t.Display) and len(value.items) == len(around.items)
                found.append(value.items[at] if apart and isinstance(value, t.Display) else value)
        elif isinstance(around, t.Assign) and around.value is not None:
            found.append(around.value)
    return found


def _added(program: Program, name: t.Name) -> Iterator[t.Expr]:
    """What is appended to a list of this name."""
    for use in program.loads(name.id, program.scope(name)):
        asked = program.parents[use]
        call = program.parents[asked]
        if isinstance(asked, t.Attribute) and asked.attr == "append" and isinstance(call, t.Call) and call.args:
            yield call.args[0].value


def _tells(program: Program, value: t.Expr, name: str) -> bool:
    """Whether an expression is computed from the values of a tensor, not from its type or shape alone."""
    for mention in (n for n in program.below(value) if isinstance(n, t.Name)):
        if mention.id != name and _root(program, mention) != name:
            continue
        around = program.parents[mention]
        while isinstance(around, t.Attribute) and around.attr == "data":
            around = program.parents[around]
        if isinstance(around, t.Attribute) and around.attr in _ASKED:
            continue
        call = program.parents[around] if isinstance(around, t.Argument) else None
        if isinstance(call, t.Call) and last_part(call.func) in _SHAPED:
            continue
        return True
    return False


def _always(program: Program, back: _Back, statement: t.Statement) -> bool:
    """Whether what is written back is so wherever the decay is reached: no further condition stands around it."""
    around = set(program.around(statement))
    return all(node in around for node in program.around(back.node) if isinstance(node, t.If))


def _is_apart(program: Program, name: t.Name) -> bool:
    """Whether a name may hold another tensor than the parameter where both have the same precision."""
    for value in _made(program, name):
        while isinstance(value, t.Call) and isinstance(value.func, t.Attribute) and value.func.attr in (
            *_VIEWS, *_CASTS
        ):  # fmt: skip
            value = value.func.value
        if dotted(value) is None:
            return True
    return False


def _written_back(program: Program, scope: Item, after: int) -> Iterator[_Back]:
    """`p.copy_(held)`, `p.data = held` and `p[:] = held` behind an offset of the text."""
    for node in program.below(scope):
        match node:
            case t.Call(func=t.Attribute(attr="copy_" | "set_", value=into), args=(t.Argument(value=value), *_)):
                pass
            case t.Call(
                func=t.Attribute(attr="_foreach_copy_"), args=(t.Argument(value=into), t.Argument(value=value))
            ):
                pass
            case t.Assign(targets=(t.Attribute(attr="data") as into,), value=value) if value is not None:
                pass
            case t.Assign(targets=(t.Subscript(value=into),), value=value) if value is not None:
                pass
            case _:
                continue
        if program.span(node)[0] >= after:
            yield _Back(node, into, value)
