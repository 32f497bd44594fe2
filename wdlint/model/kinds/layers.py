"""The first witness: layers of `torch.nn` (and what is built on them), known by class, never by name.

A class counts as one of these when the base is anywhere in its method resolution order, so a subclass that
only changes `forward` around the same arithmetic is known too. Weight normalisation and parametrizations are
known by the mechanism itself. What a hand-written layer does is for `forward_uses` and `class_source`.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from torch.nn.utils.parametrize import ParametrizationList

from wdlint.facts import Evidence, Kind, Witness
from wdlint.model.holding.tensors import Held, class_of, qualified
from wdlint.model.kinds.testimony import Testimony

_LINEAR = {"weight": Kind.WEIGHT, "bias": Kind.BIAS}
_NORM = {"weight": Kind.GAIN, "bias": Kind.BIAS}
_RECURRENT = {r"weight_[ih][hr].*": Kind.WEIGHT, r"bias_[ih]h.*": Kind.BIAS}

# Attribute patterns of torch.nn's base classes (torch 2.13, by introspection of every layer of torch.nn).
TABLE: dict[str, dict[str, Kind]] = {
    "torch.nn.modules.linear.Linear": _LINEAR,
    "torch.nn.modules.linear.Bilinear": _LINEAR,
    "torch.nn.modules.conv._ConvNd": _LINEAR,
    "torch.nn.modules.batchnorm._NormBase": _NORM,
    "torch.nn.modules.normalization.LayerNorm": _NORM,
    "torch.nn.modules.normalization.GroupNorm": _NORM,
    "torch.nn.modules.normalization.RMSNorm": _NORM,
    "torch.nn.modules.sparse.Embedding": {"weight": Kind.EMBEDDING},
    "torch.nn.modules.sparse.EmbeddingBag": {"weight": Kind.EMBEDDING},
    "torch.nn.modules.rnn.RNNBase": _RECURRENT,
    "torch.nn.modules.rnn.RNNCellBase": _RECURRENT,
    "torch.nn.modules.activation.PReLU": {"weight": Kind.OTHER},
    "torch.nn.modules.activation.MultiheadAttention": {
        r"(in|q|k|v)_proj_weight": Kind.WEIGHT,
        "in_proj_bias": Kind.BIAS,
        r"bias_[kv]": Kind.OTHER,  # a key and a value appended to the sequence: learned tokens, added to nothing
    },
}


_FAMILIES = {
    "torch.nn.modules.conv._ConvNd": "a torch.nn convolution",
    "torch.nn.modules.batchnorm._NormBase": "a torch.nn batch or instance norm",
    "torch.nn.modules.rnn.RNNBase": "a torch.nn recurrent layer",
    "torch.nn.modules.rnn.RNNCellBase": "a torch.nn recurrent cell",
}


@cache
def base_of(owner: type) -> str | None:
    """The nearest class of the table in `owner`'s method resolution order."""
    for ancestor in owner.__mro__:
        if (name := qualified(ancestor)) in TABLE:
            return name
    return None


@cache
def known_attribute(owner: type, attribute: str) -> tuple[Kind, Evidence] | None:
    """What the table says of `attribute` on a module of class `owner`; None where it says nothing."""
    base = base_of(owner)
    if base is None:
        return None
    for pattern, kind in TABLE[base].items():
        if re.fullmatch(pattern, attribute):
            public = _FAMILIES.get(base) or re.sub(r"\.modules\.\w+", "", base)
            words = f"`{attribute}` of {public}"
            if not owner.__module__.startswith("torch.nn."):
                words += f", base class of {owner.__qualname__}"
            return kind, Evidence(Witness.LAYER, words)
    return None


def by_layer(held: Held) -> Testimony | None:
    """The kind of a parameter of a known layer, seen through weight norm and parametrizations."""
    found = _flat(held) or _known(held)
    return None if found is None else Testimony(*found, table=found[0] is Kind.EMBEDDING)


def _known(held: Held) -> tuple[Kind, Evidence] | None:
    if isinstance(held.owner, ParametrizationList):
        return _parametrized(held, held.owner)
    if (hooked := _hooked(held)) is not None:
        return hooked
    return known_attribute(class_of(held.owner), held.attribute)


def _flat(held: Held) -> tuple[Kind, Evidence] | None:
    """FSDP's first version puts weights, gains and biases end to end into one tensor: no kind is right for it."""
    inside = getattr(held.tensor, "_param_infos", None)
    if inside is None or not getattr(held.tensor, "_is_flat_param", True):
        return None
    told = (known_attribute(class_of(info.module), info.param_name) for info in inside)
    counts = Counter(found[0].value if found is not None else "unknown" for found in told)
    listed = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items()))
    words = f"a flat parameter of FSDP ({listed}), which can only decay as one: wrap with `use_orig_params=True`"
    return Kind.UNKNOWN, Evidence(Witness.LAYER, words)


def _parametrized(held: Held, owner: ParametrizationList) -> tuple[Kind, Evidence] | None:
    """An original tensor of `torch.nn.utils.parametrize`: a magnitude is a gain, the rest is what it stands for."""
    target = held.name.split(".")[-2]
    first = type(owner[0]).__qualname__ if len(owner) else "parametrization"
    if first == "_WeightNorm" and held.attribute == "original0":
        return Kind.GAIN, Evidence(Witness.LAYER, f"magnitude of weight_norm over `{target}`")
    module = held.chain[-3] if len(held.chain) >= 3 else None
    known = known_attribute(class_of(module), target) if module is not None else None
    if known is None:
        return None
    return known[0], Evidence(Witness.LAYER, f"{first.lstrip('_')} of {known[1].text}")


def _hooked(held: Held) -> tuple[Kind, Evidence] | None:
    """A tensor of the older `weight_norm` or `spectral_norm`, which rewrite the module by a forward hook."""
    stem, _, suffix = held.attribute.rpartition("_")
    if suffix not in ("g", "v", "orig"):
        return None
    for hook in held.owner._forward_pre_hooks.values():
        norm = type(hook).__qualname__
        if norm not in ("WeightNorm", "SpectralNorm") or getattr(hook, "name", None) != stem:
            continue
        if suffix == "g":
            return Kind.GAIN, Evidence(Witness.LAYER, f"magnitude of weight_norm over `{stem}`")
        known = known_attribute(class_of(held.owner), stem)
        if known is not None:
            return known[0], Evidence(Witness.LAYER, f"{norm} of {known[1].text}")
    return None
