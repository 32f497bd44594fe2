"""Expressions from Python's own tree (`ast`) to the engine's; statements and scopes are in `lower_ast`.

What `ast` flattens or sorts is put back as it is written: chains of `and`, the arguments of a call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from wdlint.source.read import tree as t

OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitOr: "|",
    ast.BitAnd: "&",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
_COMPARE: dict[type, str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_UNARY: dict[type, str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not"}


def expression(node: Any) -> t.Expr:
    """Lower one expression of `ast`."""
    handler = _EXPRESSIONS.get(type(node))
    return handler(node) if handler is not None else t.Opaque(node)


def _name(node: ast.Name) -> t.Expr:
    return t.Name(node, node.id)


def _constant(node: ast.Constant) -> t.Expr:
    return t.Opaque(node) if node.value is ... else t.Const(node, node.value)


def _formatted(node: ast.JoinedStr) -> t.Expr:
    parts: list[str | t.Expr] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None:
            parts.append(expression(part.value))
        else:
            parts.append(t.Opaque(part))
    return t.Formatted(node, tuple(parts))


def _attribute(node: ast.Attribute) -> t.Expr:
    return t.Attribute(node, expression(node.value), node.attr)


def _call(node: ast.Call) -> t.Expr:
    return t.Call(node, expression(node.func), arguments(node.args, node.keywords))


def arguments(given: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> tuple[t.Argument, ...]:
    """The arguments of a call in the order in which they are written."""
    made = [*map(_argument, given), *map(_argument, keywords)]
    if any(argument.star for argument in made) and keywords:
        made.sort(key=lambda argument: (argument.origin.lineno, argument.origin.col_offset))
    return tuple(made)


def _argument(node: ast.expr | ast.keyword) -> t.Argument:
    if isinstance(node, ast.keyword):
        return t.Argument(node, expression(node.value), node.arg, "" if node.arg is not None else "**")
    if isinstance(node, ast.Starred):
        return t.Argument(node, expression(node.value), None, "*")
    return t.Argument(node, expression(node))


def _subscript(node: ast.Subscript) -> t.Expr:
    return t.Subscript(node, expression(node.value), expression(node.slice))


def _slice(node: ast.Slice) -> t.Expr:
    lower, upper, step = (expression(b) if b is not None else None for b in (node.lower, node.upper, node.step))
    return t.Slice(node, lower, upper, step)


def _unary(node: ast.UnaryOp) -> t.Expr:
    operand = expression(node.operand)
    op = _UNARY[type(node.op)]
    if op == "-" and isinstance(operand, t.Const) and isinstance(operand.value, (int, float)):
        return t.Const(node, -operand.value)
    return t.Unary(node, op, operand)


def _binary(node: ast.BinOp) -> t.Expr:
    operators: list[ast.BinOp] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):  # long sums lean to the left: no recursion for them
        operators.append(left)
        left = left.left
    made = expression(left)
    for one in reversed(operators):
        made = t.Binary(one, OPERATORS[type(one.op)], made, expression(one.right))
    return made


def _boolean(node: ast.BoolOp) -> t.Expr:
    op = "and" if isinstance(node.op, ast.And) else "or"
    made = expression(node.values[0])
    for value in node.values[1:]:
        made = t.Boolean(node if value is node.values[-1] else (node, value), op, made, expression(value))
    return made


def _comparison(node: ast.Compare) -> t.Expr:
    rest = tuple((_COMPARE[type(op)], expression(value)) for op, value in zip(node.ops, node.comparators, strict=True))
    return t.Compare(node, expression(node.left), rest)


def _conditional(node: ast.IfExp) -> t.Expr:
    return t.Conditional(node, expression(node.test), expression(node.body), expression(node.orelse))


def _lambda(node: ast.Lambda) -> t.Expr:
    return t.Lambda(node, parameters(node.args), expression(node.body))


def _clauses(generators: Sequence[ast.comprehension]) -> tuple[t.Clause, ...]:
    return tuple(
        t.Clause(expression(one.target), expression(one.iter), tuple(map(expression, one.ifs))) for one in generators
    )


def _comprehension(kind: str) -> Callable[[Any], t.Expr]:
    def lower(node: Any) -> t.Expr:
        return t.Comprehension(node, kind, expression(node.elt), None, _clauses(node.generators))

    return lower


def _dict_comprehension(node: ast.DictComp) -> t.Expr:
    return t.Comprehension(node, "dict", expression(node.value), expression(node.key), _clauses(node.generators))


def _display(kind: str) -> Callable[[Any], t.Expr]:
    def lower(node: Any) -> t.Expr:
        return t.Display(node, kind, tuple(map(expression, node.elts)))

    return lower


def _dict(node: ast.Dict) -> t.Expr:
    pairs = zip(node.keys, node.values, strict=True)
    return t.DictDisplay(
        node, tuple((expression(key) if key is not None else None, expression(value)) for key, value in pairs)
    )


def _walrus(node: ast.NamedExpr) -> t.Expr:
    return t.Walrus(node, expression(node.target), expression(node.value))


def _await(node: ast.Await) -> t.Expr:
    return expression(node.value)


def _yield(node: ast.Yield) -> t.Expr:
    return t.Yield(node, expression(node.value) if node.value is not None else None, False)


def _yield_from(node: ast.YieldFrom) -> t.Expr:
    return t.Yield(node, expression(node.value), True)


def _starred(node: ast.Starred) -> t.Expr:
    return t.Starred(node, expression(node.value))


_EXPRESSIONS: dict[type, Callable[[Any], t.Expr]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.IfExp: _conditional,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension("list"),
    ast.SetComp: _comprehension("set"),
    ast.GeneratorExp: _comprehension("generator"),
    ast.DictComp: _dict_comprehension,
    ast.List: _display("list"),
    ast.Tuple: _display("tuple"),
    ast.Set: _display("set"),
    ast.Dict: _dict,
    ast.NamedExpr: _walrus,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.Starred: _starred,
}


def parameters(node: ast.arguments) -> tuple[t.Parameter, ...]:
    """The parameters of a function or lambda, in the order in which they are written."""
    found: list[t.Parameter] = []

    def add(parameter: ast.arg, default: ast.expr | None = None, star: str = "", keyword_only: bool = False) -> None:
        value = expression(default) if default is not None else None
        annotation = expression(parameter.annotation) if parameter.annotation is not None else None
        found.append(t.Parameter(parameter, parameter.arg, value, annotation, star, keyword_only))

    plain = [*node.posonlyargs, *node.args]
    lacking = len(plain) - len(node.defaults)
    for index, parameter in enumerate(plain):
        add(parameter, node.defaults[index - lacking] if index >= lacking else None)
    if node.vararg is not None:
        add(node.vararg, star="*")
    for parameter, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        add(parameter, default, keyword_only=True)
    if node.kwarg is not None:
        add(node.kwarg, star="**")
    return tuple(found)
