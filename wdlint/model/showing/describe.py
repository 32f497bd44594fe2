"""What is known of a model, as rows that any view can show: from a classified module or from names and shapes.

Free of torch, so that a checkpoint's header is described without importing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import TYPE_CHECKING

from wdlint.facts import Evidence, Kind, Parameter, Ternary
from wdlint.knowledge.names import by_path
from wdlint.model.loading.checkpoint import Entry

if TYPE_CHECKING:
    from wdlint.model.kinds.classify import Classification


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter in a view."""

    parameter: Parameter
    size: int  # elements
    aliases: tuple[str, ...] = ()  # further names of a tied parameter
    heard: tuple[tuple[Kind, str, str], ...] = ()  # every testimony: kind, witness, words
    dissent: bool = False  # a witness of use says otherwise
    bases: tuple[str, ...] = ()  # qualified classes of the owner, most derived first; empty: not known
    declared: bool = False  # the model asks not to decay it
    unused: bool = False  # a complete forward pass did not use it
    decay: float | None = None  # its strength in the audited optimizer
    group: str = ""

    @property
    def remark(self) -> str:
        """What is said of it besides its kind; empty for most."""
        frozen = "frozen" if self.parameter.trainable is Ternary.NO else ""
        return ", ".join(filter(None, [frozen, "not used in the forward pass" if self.unused else ""]))


@dataclass(frozen=True, slots=True)
class Description:
    """A model, described."""

    title: str
    rows: tuple[Row, ...]
    source: str  # how it was made: "built on meta", "header of model.safetensors"
    notes: tuple[str, ...] = ()

    def count(self, kind: Kind) -> tuple[int, int]:
        """Tensors and elements of a kind."""
        sizes = [row.size for row in self.rows if row.parameter.kind is kind]
        return len(sizes), sum(sizes)

    @property
    def elements(self) -> int:
        return sum(row.size for row in self.rows)


_NUMBER = re.compile(r"\d+")
_BUFFERS = frozenset({
    "running_mean", "running_var", "num_batches_tracked", "inv_freq", "position_ids", "token_type_ids", "masked_bias",
    "relative_position_index", "relative_coords_table", "attn_mask",
})  # fmt: skip


@cache
def is_buffer(leaf: str, dtype: str) -> bool:
    """Whether a checkpoint's tensor is no parameter, as far as the last part of its name and its type tell."""
    whole = not dtype.upper().startswith(("F", "BF", "C"))  # quantised weights are whole numbers too
    return leaf in _BUFFERS or (bool(dtype) and whole and "weight" not in leaf)


def of_checkpoint(title: str, entries: Sequence[Entry], source: str) -> Description:
    """Kinds by names and shapes alone; buffers are left out.

    Names that differ in numbers only (layers, experts) are judged once.
    """
    parts = [entry.name.rpartition(".") for entry in entries]
    siblings: dict[str, list[str]] = {}
    for path, _, leaf in parts:
        siblings.setdefault(path, []).append(leaf)
    beside = {path: tuple(leaves) for path, leaves in siblings.items()}
    templates = {path: _NUMBER.sub("0", path) for path in siblings}
    judged: dict[tuple[object, ...], tuple[Kind, Evidence, tuple[tuple[Kind, str, str], ...]]] = {}
    rows = []
    for (name, shape, dtype), (path, _, leaf) in zip(entries, parts, strict=True):
        if is_buffer(leaf, dtype):
            continue
        key = (templates[path], leaf, shape, beside[path])
        if key not in judged:
            kind, evidence = by_path(name, shape, beside[path])
            judged[key] = kind, evidence, ((kind, evidence.witness.value, evidence.text),)
        kind, evidence, heard = judged[key]
        rows.append(Row(Parameter(name, kind, evidence, len(shape), shape, "", leaf), prod(shape), (), heard))
    notes = ["kinds by name and shape only: a checkpoint does not say what a layer does"]
    if len(rows) < len(entries):
        notes.append(f"{len(entries) - len(rows)} tensors are buffers and left out")
    return Description(title, tuple(rows), source, tuple(notes))


def of_model(seen: Classification, title: str, source: str, declared: Iterable[str] = ()) -> Description:
    """The rows of a classified module."""
    from wdlint.model.holding.tensors import qualified

    asked = set(declared)
    rows = tuple(
        Row(
            c.parameter,
            c.size,
            c.held.aliases,
            tuple((t.kind, t.evidence.witness.value, t.evidence.text) for t in c.testimonies),
            bool(c.dissent),
            tuple(qualified(k) for k in type(c.held.owner).__mro__),
            c.parameter.name in asked,
            c.unused,
        )
        for c in seen.parameters
    )
    notes = (*((f"forward pass on meta: {seen.observed}",) if seen.observed else ()), *seen.unheard)
    return Description(title, rows, source, notes)


def with_groups(description: Description, strengths: Mapping[str, tuple[float | None, str]]) -> Description:
    """The same, with each parameter's decay and group in an optimizer."""
    rows = tuple(
        replace(row, decay=strengths[row.parameter.name][0], group=strengths[row.parameter.name][1])
        if row.parameter.name in strengths
        else row
        for row in description.rows
    )
    return replace(description, rows=rows)
