"""Expressions from libcst's concrete tree to the engine's own; statements and scopes are in `lower`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from wdlint.source.read import tree as t

OPERATORS: dict[type, str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.BitOr: "|",
    cst.BitAnd: "&",
    cst.BitXor: "^",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
    cst.PowerAssign: "**",
    cst.MatrixMultiplyAssign: "@",
    cst.BitOrAssign: "|",
    cst.BitAndAssign: "&",
    cst.BitXorAssign: "^",
    cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
}
_COMPARE: dict[type, str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}
_UNARY: dict[type, str] = {cst.Minus: "-", cst.Plus: "+", cst.BitInvert: "~", cst.Not: "not"}
_NAMED_CONSTANTS = {"None": None, "True": True, "False": False}


def expression(node: Any) -> t.Expr:
    """Lower one libcst expression."""
    handler = _EXPRESSIONS.get(type(node))
    return handler(node) if handler is not None else t.Opaque(node)


def _name(node: cst.Name) -> t.Expr:
    if node.value in _NAMED_CONSTANTS:
        return t.Const(node, _NAMED_CONSTANTS[node.value])
    return t.Name(node, node.value)


def _number(node: cst.Integer | cst.Float | cst.Imaginary) -> t.Expr:
    return t.Const(node, ast.literal_eval(node.value))


def _string(node: cst.SimpleString) -> t.Expr:
    try:
        return t.Const(node, node.evaluated_value)
    except (ValueError, SyntaxError):
        return t.Opaque(node)


def _concatenated(node: cst.ConcatenatedString) -> t.Expr:
    left, right = expression(node.left), expression(node.right)
    if isinstance(left, t.Const) and isinstance(right, t.Const):
        if isinstance(left.value, str) and isinstance(right.value, str):
            return t.Const(node, left.value + right.value)
        if isinstance(left.value, bytes) and isinstance(right.value, bytes):
            return t.Const(node, left.value + right.value)
        return t.Opaque(node)
    parts: list[str | t.Expr] = []
    for side in (left, right):
        if isinstance(side, t.Formatted):
            parts.extend(side.parts)
        elif isinstance(side, t.Const) and isinstance(side.value, str):
            parts.append(side.value)
        else:
            return t.Opaque(node)
    return t.Formatted(node, _joined(parts))


def _formatted(node: cst.FormattedString) -> t.Expr:
    raw = "r" in node.prefix.lower()
    parts: list[str | t.Expr] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            text = part.value.replace("{{", "{").replace("}}", "}")
            parts.append(text if raw else _ESCAPE.sub(_unescaped, text))
        elif isinstance(part, cst.FormattedStringExpression):
            if part.equal is not None:
                parts.append(_code(part.whitespace_before_expression, part.expression, part.equal))
            plain = part.format_spec is None and part.conversion is None and part.equal is None
            parts.append(expression(part.expression) if plain else t.Opaque(part))
    return t.Formatted(node, _joined(parts))


_ESCAPE = re.compile(r"\\(N\{[^}]+\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}|[\s\S])")


def _unescaped(found: re.Match[str]) -> str:
    """A character that a text writes with a backslash."""
    escape = found[0]
    if escape == "\\\n":
        return ""
    if escape[1] not in "abfnrtvxNuU01234567\\'\"":
        return escape
    try:
        return str(ast.literal_eval(f"'{escape}'"))
    except (ValueError, SyntaxError):
        return escape


def _code(*nodes: cst.CSTNode) -> str:
    return "".join(cst.Module([]).code_for_node(node) for node in nodes)


def _joined(parts: Iterable[str | t.Expr]) -> tuple[str | t.Expr, ...]:
    """The parts of a formatted text, neighbouring texts made one and empty ones left out."""
    made: list[str | t.Expr] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def _attribute(node: cst.Attribute) -> t.Expr:
    return t.Attribute(node, expression(node.value), node.attr.value)


def _call(node: cst.Call) -> t.Expr:
    return t.Call(node, expression(node.func), tuple(map(argument, node.args)))


def argument(node: cst.Arg) -> t.Argument:
    return t.Argument(node, expression(node.value), node.keyword.value if node.keyword else None, node.star)


def _subscript(node: cst.Subscript) -> t.Expr:
    indices = [_index(element.slice) for element in node.slice]
    index = indices[0] if len(indices) == 1 else t.Display(node, "tuple", tuple(indices))
    return t.Subscript(node, expression(node.value), index)


def _index(node: cst.BaseSlice) -> t.Expr:
    if isinstance(node, cst.Index):
        return expression(node.value)
    if isinstance(node, cst.Slice):
        bounds = (expression(b) if b is not None else None for b in (node.lower, node.upper, node.step))
        return t.Slice(node, *bounds)
    return t.Opaque(node)


def _unary(node: cst.UnaryOperation) -> t.Expr:
    operand = expression(node.expression)
    op = _UNARY[type(node.operator)]
    if op == "-" and isinstance(operand, t.Const) and isinstance(operand.value, (int, float)):
        return t.Const(node, -operand.value)
    return t.Unary(node, op, operand)


def _binary(node: cst.BinaryOperation) -> t.Expr:
    operations: list[cst.BinaryOperation] = []
    left: cst.BaseExpression = node
    while isinstance(left, cst.BinaryOperation):  # long sums lean to the left: no recursion for them
        operations.append(left)
        left = left.left
    made = expression(left)
    for one in reversed(operations):
        made = t.Binary(one, OPERATORS[type(one.operator)], made, expression(one.right))
    return made


def _boolean(node: cst.BooleanOperation) -> t.Expr:
    op = "and" if isinstance(node.operator, cst.And) else "or"
    return t.Boolean(node, op, expression(node.left), expression(node.right))


def _comparison(node: cst.Comparison) -> t.Expr:
    rest = tuple((_COMPARE[type(c.operator)], expression(c.comparator)) for c in node.comparisons)
    return t.Compare(node, expression(node.left), rest)


def _conditional(node: cst.IfExp) -> t.Expr:
    return t.Conditional(node, expression(node.test), expression(node.body), expression(node.orelse))


def _lambda(node: cst.Lambda) -> t.Expr:
    return t.Lambda(node, parameters(node.params), expression(node.body))


def _clauses(node: cst.CompFor | None) -> tuple[t.Clause, ...]:
    clauses = []
    while node is not None:
        ifs = tuple(expression(condition.test) for condition in node.ifs)
        clauses.append(t.Clause(expression(node.target), expression(node.iter), ifs))
        node = node.inner_for_in
    return tuple(clauses)


def _comprehension(kind: str) -> Callable[[Any], t.Expr]:
    def lower(node: Any) -> t.Expr:
        return t.Comprehension(node, kind, expression(node.elt), None, _clauses(node.for_in))

    return lower


def _dict_comprehension(node: cst.DictComp) -> t.Expr:
    return t.Comprehension(node, "dict", expression(node.value), expression(node.key), _clauses(node.for_in))


def _display(kind: str) -> Callable[[Any], t.Expr]:
    def lower(node: Any) -> t.Expr:
        items = tuple(
            t.Starred(e, expression(e.value)) if isinstance(e, cst.StarredElement) else expression(e.value)
            for e in node.elements
        )
        return t.Display(node, kind, items)

    return lower


def _dict(node: cst.Dict) -> t.Expr:
    items = tuple(
        (expression(e.key), expression(e.value)) if isinstance(e, cst.DictElement) else (None, expression(e.value))
        for e in node.elements
    )
    return t.DictDisplay(node, items)


def _walrus(node: cst.NamedExpr) -> t.Expr:
    return t.Walrus(node, expression(node.target), expression(node.value))


def _await(node: cst.Await) -> t.Expr:
    return expression(node.expression)


def _yield(node: cst.Yield) -> t.Expr:
    if isinstance(node.value, cst.From):
        return t.Yield(node, expression(node.value.item), True)
    return t.Yield(node, expression(node.value) if node.value is not None else None, False)


def _starred(node: cst.StarredElement) -> t.Expr:
    return t.Starred(node, expression(node.value))


_EXPRESSIONS: dict[type, Callable[[Any], t.Expr]] = {
    cst.Name: _name,
    cst.Integer: _number,
    cst.Float: _number,
    cst.Imaginary: _number,
    cst.SimpleString: _string,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Attribute: _attribute,
    cst.Call: _call,
    cst.Subscript: _subscript,
    cst.UnaryOperation: _unary,
    cst.BinaryOperation: _binary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _conditional,
    cst.Lambda: _lambda,
    cst.ListComp: _comprehension("list"),
    cst.SetComp: _comprehension("set"),
    cst.GeneratorExp: _comprehension("generator"),
    cst.DictComp: _dict_comprehension,
    cst.List: _display("list"),
    cst.Tuple: _display("tuple"),
    cst.Set: _display("set"),
    cst.Dict: _dict,
    cst.NamedExpr: _walrus,
    cst.Await: _await,
    cst.Yield: _yield,
    cst.StarredElement: _starred,
}


def parameters(node: cst.Parameters) -> tuple[t.Parameter, ...]:
    found: list[t.Parameter] = []

    def add(parameter: cst.Param, star: str = "", keyword_only: bool = False) -> None:
        default = expression(parameter.default) if parameter.default is not None else None
        annotation = expression(parameter.annotation.annotation) if parameter.annotation is not None else None
        found.append(t.Parameter(parameter, parameter.name.value, default, annotation, star, keyword_only))

    for parameter in (*node.posonly_params, *node.params):
        add(parameter)
    if isinstance(node.star_arg, cst.Param):
        add(node.star_arg, "*")
    for parameter in node.kwonly_params:
        add(parameter, keyword_only=True)
    if node.star_kwarg is not None:
        add(node.star_kwarg, "**")
    return tuple(found)
