"""What the commonest operations give on the meta device, worked out here where that is simple.

Torch's own answer is Python that takes a millisecond an operation (2.13), most of the time of an observed pass.
Whatever is not plain (another layout, mixed types, shapes that don't fit) is left to torch, with its errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_aten = torch.ops.aten
Outcome = Callable[..., Any]  # the operation's arguments → its result, or None: ask torch


def outcome(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of `operation` on meta tensors; None where torch has to be asked."""
    known = _KNOWN.get(operation)
    if known is None or not isinstance(args[0], Tensor) or not _plain(args[0]):
        return None
    return known(*args, **kwargs)


def _plain(tensor: Any) -> bool:
    return type(tensor) in (Tensor, torch.nn.Parameter) and tensor.is_meta and tensor.is_floating_point()


def _made(like: Tensor, shape: list[int]) -> Tensor:
    """A tensor of another shape and the same type. (`empty_like` is Python on meta and a hundred times slower.)"""
    return _aten.empty.memory_format(shape, dtype=like.dtype, device=like.device)  # type: ignore[no-any-return, unused-ignore]


def _alike(tensor: Tensor, *others: Any, **options: Any) -> Tensor | None:
    """One element for each of the first operand's, of its type."""
    return None if "dtype" in options else _aten.clone.default(tensor)


def _softmax(tensor: Tensor, dim: int, *others: Any) -> Tensor | None:
    return None if any(others) or not tensor.ndim else _aten.clone.default(tensor)


def _met(one: Tensor, two: Any, **options: Any) -> Tensor | None:
    """Element by element, with a number or a tensor that is spread along the other."""
    if isinstance(two, int | float):
        return _aten.clone.default(one)
    if not isinstance(two, Tensor) or not two.is_floating_point() or type(two) not in (Tensor, torch.nn.Parameter):
        return None
    if one.ndim and not two.ndim:
        return _aten.clone.default(one)  # a number as well, whose type counts for nothing
    if two.dtype != one.dtype or not two.is_meta:
        return None
    if _spreads(two, one):
        return _aten.clone.default(one)
    return _aten.clone.default(two) if one.ndim and _spreads(one, two) else None


def _spreads(small: Tensor, large: Tensor) -> bool:
    """Whether `small` takes the shape of `large` by repetition."""
    pairs = zip(reversed(small.shape), reversed(large.shape), strict=False)
    return small.ndim <= large.ndim and all(a == b or a == 1 for a, b in pairs)


def _layer_norm(tensor: Tensor, shape: list[int], weight: Any, bias: Any, eps: float) -> Any:
    depth = len(shape)
    if not depth or list(tensor.shape[-depth:]) != list(shape):
        return None
    if any(part is not None and (list(part.shape) != list(shape) or not part.is_meta) for part in (weight, bias)):
        return None
    kept = [*tensor.shape[:-depth], *[1] * depth]
    statistics = (_made(tensor, kept), _aten.new_empty.default(tensor, kept))
    return (_made(tensor, list(tensor.shape)), *statistics)


def _addmm(shift: Tensor, one: Tensor, two: Tensor, **options: Any) -> Tensor | None:
    fits = one.ndim == 2 and two.ndim == 2 and one.shape[1] == two.shape[0] and one.dtype == two.dtype == shift.dtype
    if not fits or not one.is_meta or not two.is_meta or list(shift.shape) != [two.shape[1]]:
        return None
    return _made(one, [one.shape[0], two.shape[1]])


def _grouped_mm(one: Tensor, two: Tensor, offsets: Tensor | None = None, *others: Any, **options: Any) -> Tensor | None:
    """A product for each group of rows; torch's own answer is for bfloat16 and some widths only."""
    batched = one.ndim == two.ndim == 3
    fits = {one.ndim, two.ndim} <= {2, 3} and one.dtype == two.dtype and one.shape[-1] == two.shape[-2]
    if not fits or batched is not (offsets is None) or any(o is not None for o in (*others, *options.values())):
        return None
    groups = [one.shape[0]] if offsets is None else [offsets.shape[0]] if one.ndim == two.ndim == 2 else []
    return _made(one, [*groups, one.shape[-2], two.shape[-1]])


_KNOWN: dict[Any, Outcome] = {
    _aten.addmm.default: _addmm,
    _aten.native_layer_norm.default: _layer_norm,
    _aten._softmax.default: _softmax,
    _aten._safe_softmax.default: _alike,
    _aten.add.Tensor: _met,
    _aten.sub.Tensor: _met,
    _aten.mul.Tensor: _met,
    _aten.div.Tensor: _met,
    **{
        getattr(_aten, name).default: _alike
        for name in ("gelu", "silu", "relu", "sigmoid", "tanh", "exp", "neg", "rsqrt", "sqrt", "roll", "sin", "cos")
    },
}
if hasattr(_aten, "_grouped_mm"):  # torch 2.7 and later
    _KNOWN[_aten._grouped_mm.default] = _grouped_mm
