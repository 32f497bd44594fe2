"""What the uses of a parameter in an observed forward pass say of its kind.

The pass itself is in `observing`; here its uses are read, the most telling first, and put into words.
"""

from __future__ import annotations

from collections.abc import Callable

from wdlint.facts import Evidence, Kind, Witness
from wdlint.model.holding.tensors import Held, qualified
from wdlint.model.kinds.testimony import Testimony
from wdlint.model.observing.observer import Use
from wdlint.model.observing.operations import EXPONENTIAL, PERIODIC

# Steps before a use that its words mention, as are all normalisations.
_TELLING = frozenset({
    "exp", "exp2", "expm1", "sigmoid", "tanh", "softplus", "_softmax", "neg", "index", "row", "reciprocal", "sin",
    "cos",
})  # fmt: skip


def verdict(uses: tuple[Use, ...], held: Held) -> Testimony | None:
    """The kind that a parameter's uses show, strongest first; None where they show nothing firm."""
    shape = tuple(held.tensor.shape)
    broad = sum(size != 1 for size in shape)
    for kind, role, allowed in _READINGS:
        for use in uses:
            if use.role == role and allowed(use, shape, broad):
                table = role == "looked up" or (kind is Kind.EMBEDDING and "row" in use.steps)
                return Testimony(kind, Evidence(Witness.TRACE, _words(use, held)), table)
    return None


def _attends(use: Use) -> bool:
    """Whether it meets the data in a batched product, as queries and keys do: one vector there is a learned token."""
    return use.operation in ("bmm", "baddbmm") or "attention" in use.operation


def _exponentiated(use: Use) -> bool:
    return bool(use.steps & EXPONENTIAL)


def _computed(use: Use) -> bool:
    """Whether it went through a function that makes something else of it: a kernel worked out from constants."""
    return bool(use.steps & (EXPONENTIAL | PERIODIC | {"softplus"}))


# In this order: a table of which rows are looked up stays one where it is contracted too (tied, or a codebook that
# is compared with); a weight may be scaled as well.
_READINGS: tuple[tuple[Kind, str, Callable[[Use, tuple[int, ...], int], bool]], ...] = (
    (Kind.EMBEDDING, "looked up", lambda use, shape, broad: True),
    (Kind.EMBEDDING, "adds", lambda use, shape, broad: "row" in use.steps and broad >= 2 and len(shape) < 3),
    (Kind.OTHER, "contracts", lambda use, shape, broad: _computed(use)),
    (Kind.EMBEDDING, "contracts", lambda use, shape, broad: "row" in use.steps and len(shape) < 3),
    (Kind.OTHER, "contracts", lambda use, shape, broad: "index" in use.steps and len(shape) == 2),
    (Kind.EMBEDDING, "contracts", lambda use, shape, broad: _attends(use) and broad <= 1 and len(shape) >= 3),
    (Kind.WEIGHT, "contracts", lambda use, shape, broad: broad >= 1 and (broad >= 2 or len(shape) >= 2)),
    (Kind.BIAS, "shifts", lambda use, shape, broad: True),
    (Kind.OTHER, "scales", lambda use, shape, broad: _exponentiated(use) and ("neg" in use.steps or broad == 0)),
    (Kind.OTHER, "scales", lambda use, shape, broad: "reciprocal" in use.steps),  # x + sin²(αx)/α and its like
    (Kind.GAIN, "scales", lambda use, shape, broad: True),
    (Kind.EMBEDDING, "adds", lambda use, shape, broad: "row" in use.steps and broad >= 2),
    (Kind.OTHER, "adds", lambda use, shape, broad: "index" in use.steps and broad >= 2),
    (Kind.OTHER, "adds", lambda use, shape, broad: _exponentiated(use)),
    (Kind.BIAS, "adds", lambda use, shape, broad: broad <= 1),
    (Kind.EMBEDDING, "adds", lambda use, shape, broad: True),
    (Kind.EMBEDDING, "placed", lambda use, shape, broad: True),
    (Kind.EMBEDDING, "input", lambda use, shape, broad: True),
    (Kind.WEIGHT, "contracts", lambda use, shape, broad: broad == 1),  # one row, or what a matrix is worked out from
    (Kind.EMBEDDING, "other", lambda use, shape, broad: "row" in use.steps and broad >= 2),
    (Kind.OTHER, "other", lambda use, shape, broad: True),
)
_ROLE_WORDS = {
    "contracts": "contracted with data",
    "scales": "multiplies data elementwise",
    "adds": "added to data",
    "shifts": "mixed into a shift that is added to data",
    "looked up": "looked up as a table",
    "placed": "placed among the data",
    "input": "fed to a layer as a learned input",
    "other": "meets data",
}


def _words(use: Use, held: Held) -> str:
    before = ", ".join(sorted(step.lstrip("_") for step in use.steps if step in _TELLING or "norm" in step))
    place = use.place or qualified(type(held.owner))
    return f"{_ROLE_WORDS[use.role]} by aten.{use.operation} in {place}" + (f" (after {before})" if before else "")
