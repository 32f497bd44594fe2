"""What the tests in a step ask: numbers of dimensions, comparisons, and functions that are nothing but a test."""

from __future__ import annotations

from wdlint.source.read import tree as t


def only_return(method: t.FunctionDef | t.Lambda) -> t.Expr | None:
    """The test that a function makes, where returning it is all it does: `return p.ndim == 1`."""
    if isinstance(method, t.Lambda):
        return method.body
    body = [
        s for s in method.inner.body.statements if not (isinstance(s, t.Expression) and isinstance(s.value, t.Const))
    ]
    only = body[0] if len(body) == 1 else None
    return only.value if isinstance(only, t.Return) else None


def asks_dimensions(node: t.Expr) -> bool:
    """`p.ndim`, `p.dim()`, `len(p.shape)`, `len(p.size())`."""
    match node:
        case t.Attribute(attr="ndim"):
            return True
        case t.Call(func=t.Attribute(attr="dim" | "ndimension")):
            return True
        case t.Call(func=t.Name(id="len"), args=(argument,)):
            inner = argument.value
            if isinstance(inner, t.Call):
                inner = inner.func
            return isinstance(inner, t.Attribute) and inner.attr in ("shape", "size")
        case _:
            return False


def compared(op: str, left: t.Constant, right: t.Constant) -> bool | None:
    if op in ("==", "is"):
        return left == right
    if op in ("!=", "is not"):
        return left != right
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}.get(op)
    return None
