"""What operators do to answers: numbers, texts and sets; and whether a test is true.

Only arithmetic on constants is carried out; nothing of the linted program is.
"""

from __future__ import annotations

import builtins
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from wdlint.facts import Origin
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Asking
from wdlint.source.values.values import (
    Answers,
    Change,
    Changed,
    ClassValue,
    Collection,
    Context,
    Element,
    External,
    FunctionValue,
    Instance,
    Item,
    Known,
    MappingValue,
    Method,
    Operation,
    SequenceValue,
    TextOf,
    Unknown,
    Value,
    bare,
)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
SETTLED = (Origin.WRITTEN, Origin.COMPUTED)
_DEFAULTS = (Origin.ARGUMENT_DEFAULT, Origin.FIELD_DEFAULT, Origin.OPTIMIZER_DEFAULT)
_GROUPING = (SequenceValue, MappingValue, Collection, Operation)
_STRIDE = 16  # operations of a sum that are asked within each other
LONGEST = 10_000  # characters or items that a computed constant may have
PIECES = 300  # of a text that is put together of what can't be told


def binary(evaluator: Asking, expr: t.Binary, context: Context) -> Iterable[Value]:
    """The answers of `left op right`."""
    for inner in reversed(_milestones(expr)):
        evaluator.evaluate(inner, context)  # from the inside out: a long sum is no deep question
    lefts, rights = evaluator.evaluate(expr.left, context), evaluator.evaluate(expr.right, context)
    pairs = ((left, right) for left in lefts for right in rights)
    return [_combined(evaluator, expr.op, left, right, lefts, rights, expr, context) for left, right in pairs]


def _milestones(expr: t.Binary) -> list[t.Binary]:
    """Every so many-th operation of a long sum, which leans to the left."""
    found: list[t.Binary] = []
    left, depth = expr.left, 0
    while isinstance(left, t.Binary):
        depth += 1
        if depth % _STRIDE == 0:
            found.append(left)
        left = left.left
    return found


def _combined(
    evaluator: Asking,
    op: str,
    left: Value,
    right: Value,
    lefts: Answers,
    rights: Answers,
    node: t.Node,
    context: Context,
) -> Value:
    if isinstance(left, Known) and isinstance(right, Known):
        made = compute(op, left, right, node, context.module)
        return made if made is not None else Unknown(f"@{id(node)}", computed=True)
    if isinstance(bare(left), _GROUPING) or isinstance(bare(right), _GROUPING):
        if op == "+":
            items = (Item((left,), spread=True), Item((right,), spread=True))
            return SequenceValue("list", items, node, context)
        if op == "|" and isinstance(bare(left), MappingValue):
            from wdlint.source.values.values import Entry

            return MappingValue((Entry(None, (left,)), Entry(None, (right,))), node, context)
        if op in ("|", "&", "-", "^"):
            return Operation(op, ((left,), (right,)), node, context)
    if op == "+" and (_is_text(left) or _is_text(right)):
        pieces = (*_pieces(left), *_pieces(right))
        return TextOf(pieces) if len(pieces) <= PIECES else Unknown(f"@{id(node)}", computed=True)
    if op == "%" and isinstance(left, Known) and isinstance(left.value, str):
        return _percent(evaluator, left.value, right, node)
    positive = op in ("*", "/", "**") and not _zero(left) and (op != "*" or not _zero(right))
    return Unknown(f"@{id(node)}", computed=True, positive=positive)


def _zero(value: Value) -> bool:
    return isinstance(value, Known) and value.value == 0


def _is_text(value: Value) -> bool:
    text = isinstance(value, Known) and isinstance(value.value, str)
    return text or isinstance(value, TextOf) or (isinstance(value, Element) and value.part == "name")


def _pieces(value: Value) -> tuple[str | Value, ...]:
    if isinstance(value, TextOf):
        return value.pieces
    return (str(value.value),) if isinstance(value, Known) else (value,)


_PLACE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?[sdirfgx]")


def _percent(evaluator: Asking, form: str, right: Value, node: t.Node) -> Value:
    """`"%s.%d" % (a, b)` as a text around its parts."""
    given: list[Value] = []
    if isinstance(right, SequenceValue):
        for item in right.items:
            held = evaluator.force(item.value)
            given.append(held[0] if len(held) == 1 else Unknown(f"@{id(item)}", computed=True))
    else:
        given.append(right)
    parts = _PLACE.split(form)
    if len(parts) != len(given) + 1 or "%" in "".join(parts):
        return Unknown(f"@{id(node)}")
    pieces: list[str | Value] = [parts[0]]
    for value, after in zip(given, parts[1:], strict=True):
        pieces += [*_pieces(value), after]
    return TextOf(tuple(piece for piece in pieces if piece != ""))


def compute(op: str, left: Known, right: Known, node: t.Node | None, module: t.Module | None) -> Known | None:
    """A constant from two; its origin is the less certain of theirs. None where Python would raise."""
    a: Any = left.value
    b: Any = right.value
    result: t.Constant
    try:
        if op == "**":
            if not isinstance(a, (int, float)) or not isinstance(b, (int, float)) or abs(b) > 400 or abs(a) > 1e6:
                return None
            result = float(a) ** b
        elif op == "*" and (isinstance(a, (str, bytes)) or isinstance(b, (str, bytes))):
            return None
        elif op == "%" and isinstance(a, (str, bytes)):
            if not isinstance(b, (str, int, float)) or len(a) > 200 or "*" in str(a):
                return None
            result = a % b
        elif op in _OPERATORS and not (_is_vast(a) or _is_vast(b)):
            result = _OPERATORS[op](a, b)
        else:
            return None
    except Exception:  # a constant expression that raises when run has no value
        return None
    if (isinstance(result, (str, bytes)) and len(result) > LONGEST) or isinstance(result, complex):
        return None
    return Known(result, _weaker(left.origin, right.origin), node, module)


def _is_vast(value: object) -> bool:
    """Whether arithmetic on a whole number could take long: products of products grow without bound."""
    return isinstance(value, int) and value.bit_length() > 1_000


def _weaker(a: Origin, b: Origin) -> Origin:
    for origin in (Origin.UNKNOWN, Origin.COMPUTED, *_DEFAULTS):
        if origin in (a, b):
            return origin
    return Origin.WRITTEN


def unary(evaluator: Asking, expr: t.Unary, context: Context) -> Iterable[Value]:
    """The answers of `-x`, `+x` and `not x`."""
    if expr.op == "not":
        known = truth(evaluator, expr, context)
        return (Known(known, Origin.COMPUTED, expr, context.module),) if known is not None else ()
    found: list[Value] = []
    for value in evaluator.evaluate(expr.operand, context):
        if isinstance(value, Known) and isinstance(value.value, (int, float)) and expr.op in "+-":
            number = -value.value if expr.op == "-" else value.value
            found.append(Known(number, value.origin, expr, context.module))
        elif isinstance(value, Unknown):
            found.append(value)
    return found


def augmented(evaluator: Asking, value: Value, change: Change) -> Value:
    """A number after `x op= y`."""
    assert change.value is not None
    if change.action == "set":
        return value
    op = change.action.rstrip("=")
    others = evaluator.evaluate(change.value, change.context)
    if change.certain and len(others) == 1 and isinstance(value, Known) and isinstance(others[0], Known):
        made = compute(op, value, others[0], change.value, change.context.module)
        if made is not None:
            return made
    if isinstance(value, Known) and value.value == 0 and op in ("*", "/"):
        return value
    nonzero = isinstance(value, Known) and isinstance(value.value, (int, float)) and value.value > 0
    return Unknown(f"@{id(change.value)}", computed=True, positive=nonzero and op in ("*", "/"))


def truth(evaluator: Asking, test: t.Expr, context: Context, inclined: bool = False) -> bool | None:
    """Whether a test holds, None where it can't be told.

    A value that the user may change (a default) decides nothing unless `inclined` asks for what holds
    when the defaults stand.
    """
    told = evaluator.told(test, context)
    if told is not None:
        return told
    match test:
        case t.Boolean():
            left = truth(evaluator, test.left, context, inclined)
            if left is (test.op == "or"):
                return left
            right = truth(evaluator, test.right, context, inclined)
            if right is (test.op == "or"):
                return right
            return None if left is None or right is None else left and right if test.op == "and" else left or right
        case t.Unary() if test.op == "not":
            inner = truth(evaluator, test.operand, context, inclined)
            return None if inner is None else not inner
        case t.Compare() if len(test.rest) == 1:
            op, other = test.rest[0]
            return _compared(evaluator, op, test.left, other, context, inclined)
        case t.Const():
            return bool(test.value)
        case t.Call() if isinstance(test.func, t.Name) and test.func.id == "isinstance" and len(test.args) == 2:
            return _is_instance(evaluator, test, context)
        case _:
            return _agreed(_truthiness(v, inclined) for v in _standing(evaluator.evaluate(test, context), inclined))


def _standing(answers: Answers, inclined: bool) -> Answers:
    """The answers that a test is decided by: where defaults stand, a declared one and not what may replace it."""
    defaults = tuple(v for v in answers if isinstance(v, Known) and v.origin in _DEFAULTS) if inclined else ()
    if defaults and all(isinstance(v, Unknown) or v in defaults or asked_of_unknown(v) for v in answers):
        return defaults
    return answers


def asked_of_unknown(value: Value) -> bool:
    """Whether a value is a member of what can't be told, or of something that a library made."""
    holder = bare(value.receiver) if isinstance(value, Method) else None
    return isinstance(holder, Unknown) or (isinstance(holder, Instance) and isinstance(holder.cls, External))


def _agreed(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    return found.pop() if len(found) == 1 else None


def _truthiness(value: Value, inclined: bool) -> bool | None:
    if isinstance(value, Known):
        return bool(value.value) if _decides(value, inclined) else None
    inner = bare(value)
    if isinstance(inner, External) and inner.path.startswith("builtins.") and not hasattr(builtins, inner.path[9:]):
        return None  # a name that nothing seen here binds, or an attribute of one
    return True if isinstance(inner, (ClassValue, FunctionValue, External)) else None


def _decides(value: Known, inclined: bool) -> bool:
    return inclined or value.origin in SETTLED


def _compared(evaluator: Asking, op: str, left: t.Expr, right: t.Expr, context: Context, inclined: bool) -> bool | None:
    lefts, rights = (_standing(evaluator.evaluate(side, context), inclined) for side in (left, right))
    return _agreed(compare(evaluator, op, a, b, inclined) for a in lefts for b in rights)


def compare(evaluator: Asking, op: str, left: Value, right: Value, inclined: bool) -> bool | None:
    """How two answers compare, None where that can't be told."""
    if isinstance(left, Known):
        if not _decides(left, inclined):
            return None
        if isinstance(right, Known):
            if not _decides(right, inclined):
                return None
            try:
                return bool(_COMPARISONS[op](left.value, right.value))
            except (TypeError, ValueError):
                return None
        if op in ("in", "not in") and isinstance(right, SequenceValue):
            members = [evaluator.force(item.value) for item in right.items if not item.spread and not item.conditions]
            constants = [m[0].value for m in members if len(m) == 1 and isinstance(m[0], Known)]
            if left.value in constants:
                return op == "in"
            return op == "not in" if len(constants) == len(right.items) else None
    nothing = next((v for v in (left, right) if isinstance(v, Known) and v.value is None), None)
    if nothing is not None and op in ("is", "is not", "==", "!="):
        other = bare(right if nothing is left else left)
        made = (Instance, ClassValue, FunctionValue, SequenceValue, MappingValue, Collection)
        if isinstance(other, made) or (isinstance(other, External) and not other.path.startswith("?")):
            return op in ("is not", "!=")
    return None


def _is_instance(evaluator: Asking, test: t.Call, context: Context) -> bool | None:
    """`isinstance(x, C)` for plain Python types of constants and displays."""
    names = {
        v.path.rsplit(".", 1)[-1] if isinstance(v, External) else ""
        for v in evaluator.evaluate(test.args[1].value, context)
    }
    if not names <= {"str", "dict", "list", "tuple", "float", "int", "bool"}:
        return None

    def one(value: Value) -> bool | None:
        value = value.base if isinstance(value, Changed) else value
        if isinstance(value, Known) and value.value is not None:
            return type(value.value).__name__ in names
        if isinstance(value, SequenceValue):
            return value.kind in names
        return "dict" in names if isinstance(value, MappingValue) else None

    return _agreed(one(v) for v in evaluator.evaluate(test.args[0].value, context))
