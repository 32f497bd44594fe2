"""What a call says of its operands that the operations do not say into which torch breaks it.

Of an einsum its equation tells which are summed over, and which only multiply: in products and sums of pairs a factor
of a low-rank kernel looks like a gain. Queries, keys and values of attention are what is attended to, never weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from wdlint.model.observing.observer import Observer


class Equations(TorchFunctionMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Tells an observer, after each einsum and each attention, what it makes of the uses that were noted in it."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._observer = observer

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        attends = func is functional.scaled_dot_product_attention
        if not attends and (func is not torch.functional.einsum or not args or not isinstance(args[0], str)):
            return func(*args, **(kwargs or {}))
        noted = {name: len(uses) for name, uses in self._observer.uses.items()}
        result = func(*args, **(kwargs or {}))
        roles = _attended(args, kwargs or {}) if attends else _summed(args)
        for operand, role in roles:
            if isinstance(operand, torch.Tensor):
                self._observer.correct(operand, noted, role)
        return result


def _attended(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    yield from (
        (operand, "input") for operand in (*args[:3], *(kwargs.get(name) for name in ("query", "key", "value")))
    )


def _summed(args: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    """The operands of an einsum that have more than one index; one index makes a scale of ranks, or a row."""
    operands = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
    for indices, operand in zip(_indices(args[0]), operands, strict=False):
        if len(indices) > 1:
            yield operand, "contracts" if set(indices) - set(_result(args[0])) else "scales"


def _indices(equation: str) -> list[str]:
    """The indices of each operand; an ellipsis stands for some that are kept."""
    return equation.replace(" ", "").replace("...", "").partition("->")[0].split(",")


def _result(equation: str) -> str:
    """The indices of the result; without an arrow, those that occur once."""
    given, arrow, result = equation.replace(" ", "").replace("...", "").partition("->")
    letters = given.replace(",", "")
    return result if arrow else "".join(letter for letter in letters if letters.count(letter) == 1)
