"""What the equation of an einsum says of its operands: which are summed over, and which only multiply.

Torch breaks an equation into products and sums of pairs, in which a factor of a low-rank kernel looks like a gain.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from wdlint.model.observing.observer import Observer


class Equations(TorchFunctionMode):  # type: ignore[misc, no-untyped-call, unused-ignore]
    """Tells an observer, after each einsum, what its equation makes of the uses that were noted in it."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()  # type: ignore[no-untyped-call, unused-ignore]
        self._observer = observer

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is not torch.functional.einsum or not args or not isinstance(args[0], str):
            return func(*args, **(kwargs or {}))
        operands = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
        noted = {name: len(uses) for name, uses in self._observer.uses.items()}
        result = func(*args, **(kwargs or {}))
        for indices, operand in zip(_indices(args[0]), operands, strict=False):
            if len(indices) > 1 and isinstance(operand, torch.Tensor):  # one index: a scale of ranks, or a row
                role = "contracts" if set(indices) - set(_result(args[0])) else "scales"
                self._observer.correct(operand, noted, role)
        return result


def _indices(equation: str) -> list[str]:
    """The indices of each operand; an ellipsis stands for some that are kept."""
    return equation.replace(" ", "").replace("...", "").partition("->")[0].split(",")


def _result(equation: str) -> str:
    """The indices of the result; without an arrow, those that occur once."""
    given, arrow, result = equation.replace(" ", "").replace("...", "").partition("->")
    letters = given.replace(",", "")
    return result if arrow else "".join(letter for letter in letters if letters.count(letter) == 1)
