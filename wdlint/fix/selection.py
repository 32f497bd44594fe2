"""How the parameters that an optimizer is given are written: what a comprehension over them needs.

Only spellings that may be evaluated twice are known here; anything else goes through the helper.
"""

from __future__ import annotations

import ast

from wdlint.fix.emit import Selection as Selection
from wdlint.fix.program import Program, dotted

_WRAPPING = ("list", "tuple", "iter")


def selection_of(program: Program, expr: ast.expr) -> Selection | None:
    """The parameters of an expression, or None where it may not be gone over twice as it is written."""
    if isinstance(expr, ast.Call):
        return _of_call(program, expr)
    if isinstance(expr, (ast.ListComp, ast.GeneratorExp)):
        return _of_comprehension(program, expr)
    if isinstance(expr, ast.Name):
        bound = program.binding(expr)
        if bound is not None and _makes_list(bound) and not _grows(program, expr):
            inner = selection_of(program, bound)
            return Selection(expr.id, models=inner.models) if inner is not None else None
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add):
        sides = [selection_of(program, side) for side in (expr.left, expr.right)]
        if all(side is not None for side in sides):
            models = tuple(model for side in sides if side is not None for model in side.models)
            return Selection(program.source(expr), models=models)
    if isinstance(expr, ast.List) and expr.elts and all(_restarts(program, item) for item in expr.elts):
        models = tuple(m for item in expr.elts for m in models_in(program, item))
        return Selection(_one_line(program.source(expr)), models=models)
    return None


def _one_line(text: str) -> str:
    return " ".join(text.split()) if "#" not in text else text


def _makes_list(bound: ast.expr) -> bool:
    if isinstance(bound, ast.BinOp):
        return isinstance(bound.op, ast.Add) and _makes_list(bound.left) and _makes_list(bound.right)
    return isinstance(bound, (ast.ListComp, ast.List)) or (
        isinstance(bound, ast.Call) and isinstance(bound.func, ast.Name) and bound.func.id in ("list", "tuple")
    )


def _grows(program: Program, name: ast.Name) -> bool:
    """Whether a method of the list is called, so that it may hold something else than it was made with."""
    return any(isinstance(program.parents[use], ast.Attribute) for use in program.loads(name.id, program.scope(name)))


def _restarts(program: Program, item: ast.expr) -> bool:
    """Whether an element of a list display may be evaluated again with the same outcome."""
    if isinstance(item, ast.Starred):
        return selection_of(program, item.value) is not None
    return dotted(item) is not None


def _of_call(program: Program, call: ast.Call) -> Selection | None:
    func = call.func
    if isinstance(func, ast.Attribute) and not any(isinstance(n, ast.Call) for n in ast.walk(func.value)):
        receiver = program.source(func.value)
        plain = not call.args and not call.keywords
        if func.attr == "parameters":
            named = f"{receiver}.named_parameters()" if plain else ""
            return Selection(_one_line(program.source(call)), models=(receiver,), by_name=named)
    name = dotted(func) or ""
    if name in _WRAPPING and len(call.args) == 1 and not call.keywords:
        return selection_of(program, call.args[0])
    if name == "filter" and len(call.args) == 2:
        return _of_filter(program, call)
    if name.rsplit(".", 1)[-1] in ("chain", "from_iterable") and call.args and not call.keywords:
        parts = [selection_of(program, arg) for arg in call.args]
        if all(part is not None for part in parts):
            models = tuple(model for part in parts if part is not None for model in part.models)
            return Selection(_one_line(program.source(call)), models=models)
    return None


def _of_filter(program: Program, call: ast.Call) -> Selection | None:
    function, collection = call.args
    inner = selection_of(program, collection)
    if inner is None or inner.test or not isinstance(function, ast.Lambda) or len(function.args.args) != 1:
        return None
    variable = function.args.args[0].arg
    return Selection(inner.iterable, variable, None, _conjunct(program, function.body), inner.models, inner.by_name)


def _of_comprehension(program: Program, expr: ast.ListComp | ast.GeneratorExp) -> Selection | None:
    if len(expr.generators) != 1 or expr.generators[0].is_async:
        return None
    clause = expr.generators[0]
    test = " and ".join(_conjunct(program, condition) for condition in clause.ifs)
    if isinstance(clause.target, ast.Name) and isinstance(expr.elt, ast.Name) and expr.elt.id == clause.target.id:
        inner = selection_of(program, clause.iter)
        if inner is None or inner.test or inner.name:
            return None
        return Selection(inner.iterable, expr.elt.id, None, test, inner.models, inner.by_name)
    target = clause.target
    if isinstance(target, ast.Tuple) and len(target.elts) == 2 and isinstance(expr.elt, ast.Name):
        name, variable = target.elts
        if not (isinstance(name, ast.Name) and isinstance(variable, ast.Name) and variable.id == expr.elt.id):
            return None
        over = clause.iter
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "list" and over.args:
            over = over.args[0]
        if isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute) and over.func.attr == "named_parameters":
            receiver = program.source(over.func.value)
            return Selection(_one_line(program.source(over)), variable.id, name.id, test, (receiver,))
    return None


def _conjunct(program: Program, condition: ast.expr) -> str:
    text = _one_line(program.source(condition))
    if isinstance(condition, (ast.IfExp, ast.Lambda, ast.NamedExpr)) or (
        isinstance(condition, ast.BoolOp) and isinstance(condition.op, ast.Or)
    ):
        return f"({text})"
    return text


def models_in(program: Program, expr: ast.AST, depth: int = 0) -> tuple[str, ...]:
    """The expressions whose parameters are asked for in an expression, names followed to what they are bound to."""
    found: list[str] = []
    if depth > 3:
        return ()
    for node in ast.walk(expr):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("parameters", "named_parameters") and dotted(node.func.value):
                found.append(dotted(node.func.value) or "")
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for filled in _fillings(program, node):
                found += models_in(program, filled, depth + 1)
    distinct = tuple(dict.fromkeys(found))
    return tuple(m for m in distinct if not any(m.startswith(f"{other}.") for other in distinct))


def _fillings(program: Program, name: ast.Name) -> list[ast.AST]:
    """The loops and conditional assignments that fill a name with parameters before its use."""
    scope = program.scope(name)
    found: list[ast.AST] = []
    for node in program.inside(scope):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name.id for t in node.targets):
            if program.span(node)[1] <= program.span(name)[0]:
                found.append(node.value)
        elif isinstance(node, ast.For) and program.span(node)[1] <= program.span(name)[0]:
            called = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
            if any(
                isinstance(f, ast.Attribute) and f.attr in ("append", "extend", "add")
                and isinstance(f.value, ast.Name) and f.value.id == name.id
                for f in called
            ):  # fmt: skip
                found.append(node.iter)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name.id:
            found.append(node.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            func = node.value.func
            if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == name.id:
                found += node.value.args
    return found
