"""What the calls of a function give one of its parameters, told from how they are written."""

from __future__ import annotations

from collections.abc import Iterator

from wdlint.fix.program import Program
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

_HAND_ON = frozenset(("list", "tuple", "iter", "chain", "sorted", "reversed", "set"))
_DEEPEST = 4  # functions that hand a parameter on


def may_be_given_groups(program: Program, argument: t.Expr, depth: int = 0) -> bool:
    """Whether an argument is a parameter of its function that a call in this file may fill with groups."""
    function = program.scope(argument)
    if not isinstance(argument, t.Name) or not isinstance(function, t.FunctionDef) or depth > _DEEPEST:
        return False
    if not any(p.name == argument.id for p in function.params):
        return False
    return any(
        given is None or not _are_parameters(program, given, depth) for given in _given(program, function, argument.id)
    )


def _given(program: Program, function: t.FunctionDef, name: str) -> Iterator[t.Expr | None]:
    """What each call gives a parameter; None where that can't be told. A call that leaves it out gives nothing."""
    called, params = function.name, [p for p in function.params if not p.star]
    around = program.scope(function)
    if isinstance(around, t.ClassDef):
        params = params[1:]
        called = around.name if called == "__init__" else called
    at = next((i for i, p in enumerate(params) if p.name == name), None)
    for call in program.nodes:
        if not isinstance(call, t.Call) or last_part(call.func) != called:
            continue
        plain = [a for a in call.args if not a.keyword]
        named = next((a.value for a in call.args if a.keyword == name), None)
        if named is not None:
            yield named
        elif at is None or any(a.star for a in call.args[: at + 1]):
            yield None
        elif at < len(plain):
            yield plain[at].value


def _are_parameters(program: Program, given: t.Expr, depth: int) -> bool:
    """Whether an expression is certainly parameters, and no groups of them."""
    match given:
        case t.Call(func=t.Attribute(attr="parameters" | "values")):
            return True
        case t.Call(func=t.Name(id="filter"), args=(_, over)):
            return _are_parameters(program, over.value, depth)
        case t.Call(func=func) if last_part(func) in _HAND_ON:
            return all(_are_parameters(program, a.value, depth) for a in given.args)
        case t.Comprehension():
            return isinstance(given.element, (t.Name, t.Attribute)) and given.kind != "dict"
        case t.Binary(op="+"):
            return all(_are_parameters(program, side, depth) for side in (given.left, given.right))
        case t.Display():
            return all(_is_parameter(program, item, depth) for item in given.items)
        case t.Name():
            bound = program.binding(given)
            if bound is not None:
                return _are_parameters(program, bound, depth)
            scope = program.scope(given)
            is_parameter = isinstance(scope, t.FunctionDef) and any(p.name == given.id for p in scope.params)
            return is_parameter and not may_be_given_groups(program, given, depth + 1)
    return False


def _is_parameter(program: Program, item: t.Expr, depth: int) -> bool:
    match item:
        case t.Starred(value=value):
            return _are_parameters(program, value, depth)
        case t.Attribute():
            return True
        case t.Call(func=func):
            return last_part(func) == "Parameter"
    return False
