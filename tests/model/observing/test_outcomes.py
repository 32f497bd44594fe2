"""What is worked out without torch has the shape and type that torch gives, and what does not fit is left to torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from wdlint.model.observing.outcomes import outcome

aten = torch.ops.aten


def t(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


HALF, LONG, SHORT, ENDS = torch.float16, torch.long, torch.bfloat16, torch.int32
PLAIN: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    "a linear layer": (aten.addmm.default, (t(5), t(3, 4), t(4, 5)), {}),
    "its transposed weight": (aten.addmm.default, (t(5), t(3, 4), t(5, 4).t()), {"beta": 1}),
    "a norm": (aten.native_layer_norm.default, (t(2, 3, 4), [4], t(4), t(4), 1e-5), {}),
    "a norm over two": (aten.native_layer_norm.default, (t(2, 3, 4), [3, 4], None, None, 1e-5), {}),
    "an activation": (aten.gelu.default, (t(2, 3),), {"approximate": "tanh"}),
    "of half a type": (aten.silu.default, (t(2, 3, dtype=HALF),), {}),
    "a shift": (aten.roll.default, (t(1, 4, 4, 2), [1, 1], [1, 2]), {}),
    "shares": (aten._softmax.default, (t(2, 3), -1, False), {}),
    "a gain": (aten.mul.Tensor, (t(2, 3, 4), t(4)), {}),
    "a gain first": (aten.mul.Tensor, (t(4, 1, 1), t(2, 4, 3, 3)), {}),
    "a number": (aten.div.Tensor, (t(2, 3, dtype=HALF), 2.0), {}),
    "a scalar": (aten.mul.Tensor, (t(2, 3, dtype=HALF), t(dtype=torch.float64)), {}),
    "a sum": (aten.add.Tensor, (t(2, 3), t(2, 3)), {"alpha": 2}),
    "groups of rows": (
        aten._grouped_mm.default,
        (t(6, 8, dtype=SHORT), t(2, 8, 16, dtype=SHORT), t(2, dtype=ENDS)),
        {},
    ),
    "groups of columns": (
        aten._grouped_mm.default,
        (t(2, 6, 8, dtype=SHORT), t(8, 16, dtype=SHORT), t(2, dtype=ENDS)),
        {},
    ),
    "groups inside": (aten._grouped_mm.default, (t(8, 16, dtype=SHORT), t(16, 8, dtype=SHORT), t(2, dtype=ENDS)), {}),
    "a batch": (aten._grouped_mm.default, (t(2, 6, 8, dtype=SHORT), t(2, 8, 16, dtype=SHORT)), {}),
    "permuted": (aten.add.Tensor, (t(2, 3, 4).permute(0, 2, 1), t(2, 4, 3)), {}),
}
LEFT: dict[str, tuple[Any, tuple[Any, ...], dict[str, Any]]] = {
    "a layer that does not fit": (aten.addmm.default, (t(5), t(3, 4), t(3, 5)), {}),
    "a norm that does not fit": (aten.native_layer_norm.default, (t(2, 3), [4], None, None, 1e-5), {}),
    "sizes that do not go together": (aten.mul.Tensor, (t(2, 3), t(2)), {}),
    "an outer product": (aten.mul.Tensor, (t(2, 1), t(1, 3)), {}),
    "two types": (aten.add.Tensor, (t(2, 3), t(2, 3, dtype=torch.float64)), {}),
    "whole numbers": (aten.add.Tensor, (t(2, 3, dtype=LONG), t(2, 3)), {}),
    "a mask": (aten.mul.Tensor, (t(2, 3), t(2, 3, dtype=torch.bool)), {}),
    "another device": (aten.mul.Tensor, (t(2, 3), torch.ones(2, 3)), {}),
    "a complex number": (aten.mul.Tensor, (t(2, 3), 2j), {}),
    "another type asked for": (aten._softmax.default, (t(2, 3, dtype=HALF), -1, True), {}),
    "an operation in place": (aten.add_.Tensor, (t(2, 3), t(3)), {}),
    "values": (aten.gelu.default, (torch.ones(2),), {}),
}


def told(result: Any) -> list[tuple[Any, ...]]:
    parts = result if isinstance(result, tuple) else (result,)
    return [(tuple(p.shape), p.dtype, p.device.type, p.is_contiguous()) for p in parts]


@pytest.mark.parametrize("case", PLAIN)
def test_it_is_what_torch_says(case: str) -> None:
    operation, args, kwargs = PLAIN[case]
    found = outcome(operation, args, kwargs)
    assert found is not None
    assert told(found) == told(operation(*args, **kwargs))


@pytest.mark.parametrize("case", LEFT)
def test_the_rest_is_left_to_torch(case: str) -> None:
    operation, args, kwargs = LEFT[case]
    assert outcome(operation, args, kwargs) is None


def test_groups_are_multiplied_in_any_type() -> None:
    found = outcome(aten._grouped_mm.default, (t(6, 8), t(2, 8, 5), t(2, dtype=ENDS)), {})
    assert found is not None
    assert told(found) == [((6, 5), torch.float32, "meta", True)]


def test_a_pass_still_fails_where_shapes_do_not_fit() -> None:
    from wdlint.model.holding.tensors import held_parameters
    from wdlint.model.observing.forward_pass import stage

    model = nn.Linear(4, 4)
    with stage(model, held_parameters(model)) as passes:
        assert passes.observe((torch.zeros(2, 3),), {}).error.startswith("RuntimeError")
