"""The rules in use for what decays, and what each would get wrong on one model.

Re-stated from reading their sources, in our own words; each is a predicate on a row: does this parameter decay?
Where a rule asks for the layer's class, a model without classes (a checkpoint) has no answer: None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from wdlint.facts import Kind, Ternary
from wdlint.model.showing.describe import Description, Row

_TORCHVISION_NORMS = {
    "torch.nn.modules.batchnorm._BatchNorm",
    "torch.nn.modules.normalization.LayerNorm",
    "torch.nn.modules.normalization.GroupNorm",
    "torch.nn.modules.instancenorm._InstanceNorm",
    "torch.nn.modules.normalization.LocalResponseNorm",
}
_TRAINER_PATTERNS = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")


def _dimensions(row: Row) -> int:
    return len(row.parameter.shape or ())


def _legacy(row: Row) -> bool:
    return not any(word in row.parameter.name for word in ("bias", "LayerNorm.weight"))


def _lower_case(row: Row) -> bool:
    return not any(word in row.parameter.name.lower() for word in ("bias", "norm", "bn", ".ln"))


def _trainer(row: Row) -> bool | None:
    if not row.bases:
        return None
    if "torch.nn.modules.normalization.LayerNorm" in row.bases:
        return False
    return _TRAINER_PATTERNS.search(row.parameter.name.lower()) is None


def _torchvision(row: Row) -> bool | None:
    if not row.bases:
        return None
    leaf = row.parameter.attribute
    return not (leaf == "bias" or "embed" in leaf or _TORCHVISION_NORMS & set(row.bases))


def _timm(row: Row) -> bool:
    return not (_dimensions(row) <= 1 or row.parameter.name.endswith(".bias"))


SPLITS: dict[str, Callable[[Row], bool | None]] = {
    "decay everything": lambda row: True,
    '["bias", "LayerNorm.weight"]': _legacy,
    "lower-case bias, norm, bn, .ln": _lower_case,
    "Hugging Face Trainer 5": _trainer,
    "torchvision, norm = bias = embedding = 0": _torchvision,
    "nanoGPT, dim >= 2": lambda row: _dimensions(row) >= 2,
    "timm, ndim <= 1 or .bias": _timm,
    "timm with no_weight_decay()": lambda row: _timm(row) and not row.declared,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule in use gets wrong on a model. Frozen parameters are not counted."""

    split: str
    decayed: tuple[str, ...] | None  # gains and biases that it decays; None: it needs the layers' classes
    exempted: tuple[str, ...]  # weights that it exempts
    special: tuple[str, ...]  # tokens, temperatures and the like that it decays


def compare(description: Description) -> list[Verdict]:
    """Every rule in use against the kinds of this model."""
    rows = tuple(row for row in description.rows if row.parameter.trainable is not Ternary.NO)
    return [_verdict(name, decays, rows) for name, decays in SPLITS.items()]


def _verdict(name: str, decays: Callable[[Row], bool | None], rows: tuple[Row, ...]) -> Verdict:
    answers = [(row, decays(row)) for row in rows]
    if any(answer is None for _, answer in answers):
        return Verdict(name, None, (), ())

    def names(kinds: tuple[Kind, ...], wanted: bool) -> tuple[str, ...]:
        return tuple(row.parameter.name for row, answer in answers if row.parameter.kind in kinds and answer is wanted)

    return Verdict(name, names((Kind.GAIN, Kind.BIAS), True), names((Kind.WEIGHT,), False), names((Kind.OTHER,), True))
