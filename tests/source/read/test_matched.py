"""Which parameter takes which argument of a call, as far as the call itself tells."""

from __future__ import annotations

import pytest

from wdlint.source.read import syntax
from wdlint.source.read import tree as t
from wdlint.source.read.parse import parse


@pytest.mark.parametrize(
    ("params", "call", "taken"),
    [
        ("a, b", "1, 2", {"a": 1, "b": 2}),
        ("a, b", "2, b=1", {"a": 2, "b": 1}),
        ("a, b", "b=1, a=2", {"a": 2, "b": 1}),
        ("a, b", "1, 2, 3", {"a": 1, "b": 2}),
        ("a, *more, b=0", "1, 2, b=3", {"a": 1, "b": 3}),
        ("a, *, b=0", "1, 2", {"a": 1}),
        ("a, b, c", "1, *more, 3, c=4", {"a": 1, "c": 4}),
        ("a, b", "1, **more", {"a": 1}),
        ("a, **more", "1, b=2", {"a": 1, "b": 2}),
    ],
)
def test_arguments_and_parameters(params: str, call: str, taken: dict[str, int]) -> None:
    module = parse(f"def f({params}): ...\nf({call})\n".encode(), "f.py")
    function, called = module.scope.body.statements
    assert isinstance(function, t.FunctionDef) and isinstance(called, t.Expression) and isinstance(called.value, t.Call)
    found = {name: one.value for one, name in syntax.matched(function.params, called.value.args)}
    assert {name: value.value for name, value in found.items() if isinstance(value, t.Const)} == taken
