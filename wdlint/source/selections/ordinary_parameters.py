"""What a selection does with ordinary parameters of a model that can't be seen.

An ordinary weight is the `weight` of a linear or convolution layer, an ordinary gain the `weight` of a
normalisation layer, an ordinary bias the `bias` of either. Nothing is assumed of the path to the
layer but that there is one, that no part of it says "bias", and, for a weight, none says "norm".
The layer may be any of the common ones of torch, or a class of the project whose name says as much.
An answer is given only where all of these agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from wdlint.facts import Division, Evidence, Kind, Parameter, Ternary, Witness
from wdlint.source.selections import wildcard
from wdlint.source.selections.atoms import Context
from wdlint.source.selections.membership import jointly
from wdlint.source.selections.predicates import (
    AncestorIs,
    And,
    Not,
    Opaque,
    Or,
    OwnerIs,
    Selector,
    both,
    either,
    negation,
)

# Common layers and the private bases that code tests for (torch/nn/modules of torch 2.13).
_BATCH_NORM = frozenset({"torch.nn._BatchNorm", "torch.nn._NormBase"})
_CONVOLUTION = frozenset({"torch.nn._ConvNd"})
_NORMS: dict[str, frozenset[str]] = {
    "torch.nn.LayerNorm": frozenset(),
    "torch.nn.RMSNorm": frozenset(),
    "torch.nn.GroupNorm": frozenset(),
    "torch.nn.BatchNorm1d": _BATCH_NORM,
    "torch.nn.BatchNorm2d": _BATCH_NORM,
    "torch.nn.BatchNorm3d": _BATCH_NORM,
}
_LINEAR: dict[str, frozenset[str]] = {"torch.nn.Linear": frozenset()}
_CONVOLUTIONS: dict[str, frozenset[str]] = {"torch.nn.Conv2d": _CONVOLUTION}


@lru_cache(maxsize=512)
def division(selector: Selector) -> Division:
    """What the selection does with an ordinary weight, gain and bias of an unknown model."""
    return Division(
        weights=_agreed(
            [
                *_answers(selector, Kind.WEIGHT, 2, _LINEAR, wildcard.PLAIN_CLASS),
                *_answers(selector, Kind.WEIGHT, 4, _CONVOLUTIONS, wildcard.PLAIN_CLASS),
            ]
        ),
        gains=_agreed(_answers(selector, Kind.GAIN, 1, _NORMS, wildcard.NORM_CLASS)),
        biases=_agreed(_answers(selector, Kind.BIAS, 1, _NORMS | _LINEAR | _CONVOLUTIONS, wildcard.ANYTHING)),
    )


def _agreed(answers: Iterable[Ternary]) -> Ternary:
    found = set(answers)
    return found.pop() if len(found) == 1 else Ternary.UNKNOWN


def _answers(
    selector: Selector, kind: Kind, ndim: int, layers: dict[str, frozenset[str]], custom: str
) -> Iterable[Ternary]:
    """The answers for a parameter of each of these layers, and of a class of the project that works like them.

    The project's class counts as being all of them: where they differ, the answers differ anyhow.
    """
    path = wildcard.WEIGHT_PATH if kind is Kind.WEIGHT else wildcard.PLAIN_PATH
    leaf = "bias" if kind is Kind.BIAS else "weight"
    project = f"project.{custom}"
    bases = layers | {project: frozenset(layers).union(*layers.values())}
    context = Context(ancestry=bases.get)
    seen = _with_unseen_classes(selector)
    for owner in bases:
        parameter = Parameter(path + leaf, kind, Evidence(Witness.NAME, leaf), ndim=ndim, owner=owner, attribute=leaf)
        yield jointly(seen, parameter, context)


def _with_unseen_classes(selector: Selector) -> Selector:
    """The selection, in which classes from outside torch become conditions that can't be told.

    The model that can't be seen may well use them.
    """
    if isinstance(selector, (OwnerIs, AncestorIs)):
        known = frozenset(path for path in selector.classes if path.startswith("torch.nn.") or path == "object")
        unseen = sorted(selector.classes - known)
        return either(type(selector)(known), *(Opaque(f"class {path}") for path in unseen)) if unseen else selector
    if isinstance(selector, Not):
        return negation(_with_unseen_classes(selector.part))
    if isinstance(selector, And):
        return both(*map(_with_unseen_classes, selector.parts))
    if isinstance(selector, Or):
        return either(*map(_with_unseen_classes, selector.parts))
    return selector
