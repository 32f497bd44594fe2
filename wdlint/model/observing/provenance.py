"""Where a tensor of an observed pass comes from: parameters alone, data, or data into which parameters went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Source:
    """The parameters that a tensor is made of alone, each with what was done to it; none: it is data."""

    parts: Mapping[str, frozenset[str]]  # name → operations on the way
    size: int  # elements of the largest

    def after(self, step: str) -> Source:
        """The same, one operation later."""
        return joined([self], step)


DATA = Source({}, 0)


def joined(sources: Iterable[Source], step: str = "", size: int = 0) -> Source:
    """What several sources make together: each keeps what was done to it, and `step` is done to all.

    Args:
        sources: what goes in.
        step: the operation; "" where the values stay.
        size: elements of the result, where it is larger than any of what goes in and no copy of it.
    """
    parts: dict[str, frozenset[str]] = {}
    done = frozenset({step} if step else ())
    for source in sources:
        size = max(size, source.size)
        for name, steps in source.parts.items():
            parts[name] = parts.get(name, frozenset()) | steps | done
    return Source(parts, size)


@dataclass(slots=True)
class Product:
    """Data times a parameter. What becomes of it can tell that this was no gain.

    If it is only ever summed over one of its `dimensions`, this was a contraction; if only its sine is taken, the
    parameter is a frequency.
    """

    uses: list[tuple[str, int]]  # name and position of each use that it made
    dimensions: frozenset[int]  # counted from the end, along which the parameter varies
    fate: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Mixed:
    """A broad parameter with data mixed in: what it was scaled or shifted by may have made another weight of it."""

    name: str
    use: int  # position of the use in which data went in
    size: int  # elements


def tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Every tensor in nested lists, tuples and dictionaries."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from tensors_in(item)


def storage_of(tensor: Any) -> int:
    """What views of one tensor have in common."""
    return tensor.untyped_storage()._cdata  # type: ignore[no-any-return]


def varying(tensor: torch.Tensor) -> frozenset[int]:
    """The dimensions of more than one element, counted from the end."""
    return frozenset(i - tensor.ndim for i, size in enumerate(tensor.shape) if size != 1)
