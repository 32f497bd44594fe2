"""The kind of a raw `nn.Parameter`.

It rests on how the methods of its class use it (`models.forward.use`), then on its initial value and shape
(`raw_parameter`), then on its name, never on the number of dimensions alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from wdlint.facts import Evidence, Kind, Witness
from wdlint.source.models.forward.use import Use
from wdlint.source.models.raw_parameter import Initial

_LETTER = re.compile(r"(?<![a-z])b(?![a-z])")  # the name that a bias has in formulas


def kind_of(
    attribute: str, made: Initial, use: Use | None, siblings: tuple[str, ...], where: str
) -> tuple[Kind, Evidence]:
    """A raw parameter's kind and why. `where` names its class."""
    from wdlint.knowledge.names import by_convention

    convention = by_convention(attribute, siblings)
    if use is not None:
        evidence = Evidence(Witness.FORWARD, f"{use.evidence.text} of {where}")
        return _refined(use, convention, made, evidence, _is_of_weight(attribute, siblings))
    if convention is not None:
        return convention
    return by_value(attribute, made) or by_name(attribute, made) or (
        Kind.UNKNOWN, Evidence(Witness.NAME, f"no use of `{attribute}` is seen in {where}")
    )  # fmt: skip


def narrowed(use: Use | None, made: Initial, is_broad: Callable[[str], bool]) -> Use | None:
    """The use of a vector that is contracted only as a part of a kernel: what it was before.

    Args:
        use: as the methods show it.
        made: the parameter's own shape.
        is_broad: whether another parameter, by its name in the class, is broad.
    """
    if use is None or use.narrow is None or made.shape is None or _broad(made.shape) >= 2:
        return use
    return use.narrow if not use.beside or any(map(is_broad, use.beside)) else use


def is_broad(made: Initial) -> bool:
    """Whether a tensor is known to have two dimensions or more that are not of size 1."""
    return made.shape is not None and _broad(made.shape) >= 2


def _refined(
    use: Use, convention: tuple[Kind, Evidence] | None, made: Initial, evidence: Evidence, of_weight: bool
) -> tuple[Kind, Evidence]:
    """A use as it stands, unless shape or a conventional name tells apart what decay treats alike.

    What is added and has an entry for each of two dimensions is a table of positions, or a bias of several experts or
    heads: then it is called one, or has a weight of its name (`of_weight`).
    """
    kind = use.kind
    if use.note == "added" and made.shape is not None and _broad(made.shape) >= 2:
        is_bias = of_weight if convention is None else convention[0] is Kind.BIAS
        kind = Kind.BIAS if is_bias else Kind.EMBEDDING
    if convention is not None and convention[0] is not kind:
        spared = (Kind.GAIN, Kind.BIAS, Kind.EMBEDDING, Kind.OTHER)
        if kind in spared and convention[0] in (Kind.EMBEDDING, Kind.OTHER):
            return convention
    return kind, evidence


def _is_of_weight(attribute: str, siblings: tuple[str, ...]) -> bool:
    """Whether a parameter stands beside a weight of the same name: `b1` and `w1`, `up_b` and `up_w`."""
    weight, count = _LETTER.subn("w", attribute.lower())
    return count == 1 and weight in (sibling.lower() for sibling in siblings)


def _broad(shape: tuple[int | None, ...]) -> int:
    return sum(size != 1 for size in shape)


def by_value(attribute: str, made: Initial) -> tuple[Kind, Evidence] | None:
    """A vector of ones is a gain and one of zeros a bias; a random matrix whose name says weight is one."""
    if made.shape is not None and _broad(made.shape) <= 1 and made.fill is not None:
        words = f"`{attribute}` starts with every element {made.fill:g}"
        if made.fill == 0:
            return Kind.BIAS, Evidence(Witness.VALUE, words)
        if made.fill == 1:
            return Kind.GAIN, Evidence(Witness.VALUE, words)
    if made.shape is not None and len(made.shape) >= 2 and _broad(made.shape) >= 2 and made.random:
        lower = attribute.lower()
        if lower in ("w", "weight", "weights", "kernel", "proj", "projection") or lower.startswith(
            ("weight", "w_", "kernel")
        ):
            return Kind.WEIGHT, Evidence(
                Witness.VALUE, f"`{attribute}` starts random with {len(made.shape)} dimensions"
            )
    return None


def by_name(attribute: str, made: Initial) -> tuple[Kind, Evidence] | None:
    """The last witness: names that gains and biases commonly have."""
    lower = attribute.lower()
    if lower in ("gamma", "gain", "scale", "layer_scale", "g", "weight_g") or lower.startswith(("gamma", "layerscale")):
        return Kind.GAIN, Evidence(Witness.NAME, f"the name `{attribute}`")
    if lower in ("beta", "shift", "b") or lower.startswith("bias"):
        return Kind.BIAS, Evidence(Witness.NAME, f"the name `{attribute}`")
    if lower == "weight_v":
        return Kind.WEIGHT, Evidence(Witness.NAME, f"the name `{attribute}`")
    return None
