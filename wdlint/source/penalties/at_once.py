"""Norms and squares of many tensors by one call: `torch._foreach_norm(parameters)` and its kin."""

from __future__ import annotations

from wdlint.source.penalties.operands import Operand, all_of
from wdlint.source.penalties.terms import called, given, is_two, same
from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.values.evaluation import Evaluation
from wdlint.source.values.values import Context


def of_all(evaluator: Evaluation, call: t.Call, context: Context) -> tuple[Operand, int] | None:
    """The parameters, and whether their norms (1) or their squares (2) are taken; None for other calls."""
    name = syntax.last_name(call)
    if name not in ("_foreach_norm", "_foreach_pow", "_foreach_mul"):
        return None
    path = called(evaluator, call, context)
    first = given(call, "self", 0)
    second = given(call, "other", 1) or given(call, "exponent", 1) or given(call, "ord", 1)
    if path is None or not path.startswith("torch.") or first is None:
        return None
    if name == "_foreach_mul":
        squared = second is not None and same(first, second)
    elif name == "_foreach_pow":
        squared = second is not None and is_two(evaluator, second, context)
    else:
        squared = second is None or is_two(evaluator, second, context)
    operand = all_of(evaluator, first, context) if squared else None
    return (operand, 1 if name.endswith("norm") else 2) if operand is not None else None
