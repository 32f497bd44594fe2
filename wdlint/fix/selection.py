"""How the parameters that an optimizer is given are written: what a comprehension over them needs.

Only spellings that may be evaluated twice are known here; anything else goes through the helper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from wdlint.fix.emit import Selection as Selection
from wdlint.fix.outline import Item
from wdlint.fix.program import Program, dotted
from wdlint.source.read import tree as t

_WRAPPING = ("list", "tuple", "iter")
_DEEPEST = 3  # names for names


def selection_of(program: Program, expr: t.Expr) -> Selection | None:
    """The parameters of an expression, or None where it may not be gone over twice as it is written."""
    match expr:
        case t.Call():
            return _of_call(program, expr)
        case t.Comprehension(kind="list" | "generator"):
            return _of_comprehension(program, expr)
        case t.Name():
            bound = program.binding(expr)
            if bound is not None and _makes_list(bound) and not _grows(program, expr):
                inner = selection_of(program, bound)
                if inner is not None and not inner.pairs:
                    return Selection(expr.id, models=inner.models, known=_on_p(inner))
            if _is_list(program, expr):
                return Selection(expr.id, models=models_in(program, expr))
        case t.Binary(op="+"):
            sides = [selection_of(program, side) for side in (expr.left, expr.right)]
            if all(side is not None and not side.pairs for side in sides):
                models = tuple(model for side in sides if side is not None for model in side.models)
                return Selection(program.source(expr), models=models)
        case t.Display(kind="list") if expr.items and all(_restarts(program, item) for item in expr.items):
            models = tuple(m for item in expr.items for m in models_in(program, item))
            return Selection(one_line(program.source(expr)), models=models)
    return None


def _on_p(made: Selection) -> str:
    """The tests with which a list was made, in words of `p`."""
    return re.sub(rf"\b{re.escape(made.variable)}\b", "p", made.test)


def one_line(text: str) -> str:
    """Code over several lines on one, unless a comment stands in it."""
    return " ".join(text.split()) if "#" not in text else text


def _makes_list(bound: t.Expr) -> bool:
    match bound:
        case t.Binary(op="+"):
            return _makes_list(bound.left) and _makes_list(bound.right)
        case t.Comprehension(kind="list") | t.Display(kind="list"):
            return True
        case t.Call(func=t.Name(id="list" | "tuple")):
            return True
    return False


def _grows(program: Program, name: t.Name) -> bool:
    """Whether a method of the list is called, so that it may hold something else than it was made with."""
    return any(isinstance(program.parents[use], t.Attribute) for use in program.loads(name.id, program.scope(name)))


def _is_list(program: Program, name: t.Name) -> bool:
    """Whether all that a name of a scope is ever bound to are lists, so that it may be gone over again."""
    scope = program.scope(name)
    if isinstance(scope, (t.FunctionDef, t.Lambda)) and any(p.name == name.id for p in scope.params):
        return False
    stores = [program.parents[n] for n in program.names(name.id, scope) if n in program.bound]
    made = [s for s in stores if isinstance(s, t.Assign) and s.value is not None and _makes_list(s.value)]
    grown = [s for s in stores if isinstance(s, t.AugAssign) and s.op == "+"]
    return bool(made) and len(made) + len(grown) == len(stores)


def _restarts(program: Program, item: t.Expr) -> bool:
    """Whether an element of a list display may be evaluated again with the same outcome."""
    if isinstance(item, t.Starred):
        inner = selection_of(program, item.value)
        return inner is not None and not inner.pairs
    return dotted(item) is not None


def _of_call(program: Program, call: t.Call) -> Selection | None:
    func = call.func
    plain = not any(a.keyword or a.star for a in call.args)
    if isinstance(func, t.Attribute) and not any(isinstance(n, t.Call) for n in program.below(func.value)):
        receiver = program.source(func.value)
        if func.attr == "parameters":
            named = f"{receiver}.named_parameters()" if not call.args else ""
            return Selection(one_line(program.source(call)), models=(receiver,), by_name=named)
        if func.attr == "named_parameters":
            return Selection(one_line(program.source(call)), name="n", models=(receiver,), pairs=True)
    name = dotted(func) or ""
    given = [a.value for a in call.args]
    if name in _WRAPPING and len(given) == 1 and plain:
        return selection_of(program, given[0])
    if name == "filter" and len(given) == 2 and plain:
        return _of_filter(program, given[0], given[1])
    if name.rsplit(".", 1)[-1] in ("chain", "from_iterable") and given and not any(a.keyword for a in call.args):
        parts = [None if a.star else selection_of(program, a.value) for a in call.args]
        if all(part is not None and not part.pairs for part in parts):
            models = tuple(model for part in parts if part is not None for model in part.models)
            return Selection(one_line(program.source(call)), models=models)
    return None


def _of_filter(program: Program, function: t.Expr, collection: t.Expr) -> Selection | None:
    inner = selection_of(program, collection)
    plain = isinstance(function, t.Lambda) and len(function.params) == 1
    if inner is None or inner.test or inner.pairs or not isinstance(function, t.Lambda) or not plain:
        return None
    variable = function.params[0].name
    return Selection(inner.iterable, variable, None, conjunct(program, function.body), inner.models, inner.by_name)


def _of_comprehension(program: Program, expr: t.Comprehension) -> Selection | None:
    if len(expr.clauses) != 1:
        return None
    (clause,) = expr.clauses
    test = " and ".join(conjunct(program, condition) for condition in clause.ifs)
    match clause.target, expr.element:
        case t.Name(id=target), t.Name(id=element) if target == element:
            inner = selection_of(program, clause.iter)
            if inner is None or inner.test or inner.name:
                return None
            return Selection(inner.iterable, element, None, test, inner.models, inner.by_name)
        case t.Display(items=(t.Name(id=name), t.Name(id=target))), t.Name(id=element) if target == element:
            over = clause.iter
            if isinstance(over, t.Call) and dotted(over.func) == "list" and len(over.args) == 1:
                over = over.args[0].value
            if isinstance(over, t.Call) and isinstance(over.func, t.Attribute) and over.func.attr == "named_parameters":
                receiver = program.source(over.func.value)
                return Selection(one_line(program.source(over)), element, name, test, (receiver,))
    return None


def conjunct(program: Program, condition: t.Expr) -> str:
    """A condition as one side of `and`, in brackets where it needs them."""
    text = one_line(program.source(condition))
    bare = isinstance(condition, (t.Conditional, t.Lambda, t.Walrus))
    return f"({text})" if bare or (isinstance(condition, t.Boolean) and condition.op == "or") else text


def models_in(program: Program, expr: Item) -> tuple[str, ...]:
    """The expressions whose parameters are asked for in an expression, names followed to what they are bound to."""
    distinct = tuple(dict.fromkeys(_models_in(program, expr, 0, {})))
    return tuple(m for m in distinct if not any(m.startswith(f"{other}.") for other in distinct))


def _models_in(program: Program, expr: Item, depth: int, seen: dict[Item, int]) -> Iterator[str]:
    """The same as they come; `seen` are the expressions that were looked through, each with its distance."""
    if depth > _DEEPEST or seen.get(expr, _DEEPEST + 1) <= depth:
        return
    seen[expr] = depth
    for node in program.below(expr):
        if isinstance(node, t.Call) and isinstance(node.func, t.Attribute):
            if node.func.attr in ("parameters", "named_parameters") and dotted(node.func.value):
                yield dotted(node.func.value) or ""
        elif isinstance(node, t.Name) and node not in program.bound:
            for filled in _fillings(program, node):
                yield from _models_in(program, filled, depth + 1, seen)


def handed_on(program: Program, model: str, expr: t.Expr) -> tuple[str, ...]:
    """The arguments of a call that are the model: named like it, or made here by calling its class.

    The call is the expression, or what its name is bound to.
    """
    made = program.binding(expr) if isinstance(expr, t.Name) else expr
    given = [a.value for a in made.args] if isinstance(made, t.Call) else []
    return tuple(dotted(a) or "" for a in given if dotted(a) and _is_model(program, a, model))


def _is_model(program: Program, argument: t.Expr, model: str) -> bool:
    made = program.binding(argument) if isinstance(argument, t.Name) else None
    return model == dotted(argument) or (isinstance(made, t.Call) and dotted(made.func) == model)


def _fillings(program: Program, name: t.Name) -> Iterator[Item]:
    """The loops and conditional assignments that fill a name with parameters before its use."""
    before = program.span(name)[0]
    for node in program.mentioning(name.id, program.scope(name)):
        match node:
            case t.Assign(value=value) if value is not None and any(_is(target, name) for target in node.targets):
                if program.span(node)[1] <= before:
                    yield value
            case t.For() if program.span(node)[1] <= before and name.id in _filled(program, node):
                yield node.iter
            case t.AugAssign() if _is(node.target, name):
                yield node.value
            case t.Expression(value=t.Call() as call) if _of_list(call.func, name):
                yield from (argument.value for argument in call.args)


def _filled(program: Program, loop: t.For) -> frozenset[str]:
    """The names of the lists that something in a loop fills."""
    known: dict[t.For, frozenset[str]] = program.memo("lists filled by a loop")  # asked for name after name
    if loop not in known:
        known[loop] = frozenset(name for node in program.below(loop) for name in _fills(node))
    return known[loop]


def _fills(node: Item) -> Iterator[str]:
    match node:
        case t.Call(func=t.Attribute(attr="append" | "extend" | "add") as func):
            yield from (one.id for one in _lists(func) if isinstance(one, t.Name))
        case t.AugAssign(target=t.Name(id=name)):
            yield name


def _is(target: t.Expr, name: t.Name) -> bool:
    return isinstance(target, t.Name) and target.id == name.id


def _of_list(func: t.Expr, name: t.Name) -> bool:
    """Whether a method of the list is called."""
    return isinstance(func, t.Attribute) and any(_is(one, name) for one in _lists(func))


def _lists(method: t.Attribute) -> tuple[t.Expr, ...]:
    """Whose method is called, which may be one of two: `(a if test else b).append`."""
    held = method.value
    return (held.body, held.orelse) if isinstance(held, t.Conditional) else (held,)
