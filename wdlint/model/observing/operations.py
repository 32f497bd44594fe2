"""What the operations of torch do with their operands, by name: positions of inputs, weights, scales and shifts."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contraction:
    """Positions in an operation that sums products. -1 where there is none."""

    factors: tuple[int, ...]
    shift: int = -1
    weight: int = -1  # the operand that is a weight by its place, whatever it was made of
    input: int = -1  # the operand that is the data by its place


CONTRACTIONS: dict[str, Contraction] = {
    "mm": Contraction((0, 1), weight=1),
    "bmm": Contraction((0, 1)),
    "mv": Contraction((0, 1), weight=0),
    "dot": Contraction((0, 1)),
    "matmul": Contraction((0, 1)),
    "linear": Contraction((0, 1), 2, weight=1, input=0),
    "_grouped_mm": Contraction((0, 1), weight=1),
    "addmm": Contraction((1, 2), 0, weight=2),
    "addmv": Contraction((1, 2), 0, weight=1),
    "addbmm": Contraction((1, 2), 0),
    "baddbmm": Contraction((1, 2), 0),
    "convolution": Contraction((0, 1), 2, weight=1, input=0),
    "_convolution": Contraction((0, 1), 2, weight=1, input=0),
    "convolution_overrideable": Contraction((0, 1), 2, weight=1, input=0),
    "_trilinear": Contraction((0, 1, 2)),
    "_scaled_dot_product_flash_attention_for_cpu": Contraction((0, 1, 2)),
    "_scaled_dot_product_fused_attention_overrideable": Contraction((0, 1, 2)),
    "_scaled_dot_product_attention_math": Contraction((0, 1, 2)),
}
NORMS: dict[str, tuple[int, int]] = {  # positions of scale and shift
    "native_layer_norm": (2, 3),
    "native_batch_norm": (1, 2),
    "cudnn_batch_norm": (1, 2),
    "_native_batch_norm_legit": (1, 2),
    "_native_batch_norm_legit_no_training": (1, 2),
    "_batch_norm_with_update": (1, 2),
    "_batch_norm_no_update": (1, 2),
    "native_group_norm": (1, 2),
    "_fused_rms_norm": (2, -1),
    "rms_norm": (2, -1),
}
FACTORS = {"addcmul": (1, 2), "addcdiv": (1, 2), "lerp": (2,)}  # in sums: places of what is multiplied with data
SCALES = frozenset({"mul", "div", "_weight_norm_interface"})
ADDS = frozenset({"add", "sub", "rsub"})
LOOKUPS = frozenset({"embedding", "_embedding_bag", "_embedding_bag_forward_only"})
INDEXES = frozenset({"index", "index_select", "gather", "take"})
PLACES = frozenset({"cat", "stack", "where", "copy", "index_put", "masked_scatter", "scatter", "masked_fill"})
SQUASHING = frozenset({"_softmax", "softmax", "sigmoid", "tanh"})
PERIODIC = frozenset({"sin", "cos"})
TRANSFORMS = frozenset({"_fft_r2c", "_fft_c2c", "_fft_c2r"})
EXPONENTIAL = frozenset({"exp", "exp2", "expm1"})
REDUCTIONS = frozenset({"sum", "mean", "linalg_vector_norm", "norm", "amax", "amin", "var", "std"})

# What leaves a weight one, if data was mixed into it: products, sums, and the same values in another layout.
KEEPS_MIXTURE = SCALES | ADDS | {"clone", "_to_copy", "expand", "cat", "stack", "repeat", "neg", "lerp", "addcmul"}
# Contractions that this table does not place: what they do with a parameter can't be told.
_UNPLACED = re.compile(r"conv|mm$|linear|lstm|gru|rnn|einsum|tensordot|attention")


def role_of(operation: str, namespace: str = "aten") -> str:
    """What an operation without places does with a parameter that meets data in it; "" where that can't be told."""
    if namespace not in ("aten", "prims") or _UNPLACED.search(operation):
        return ""
    if operation in SCALES:
        return "scales"
    if operation in ADDS:
        return "adds"
    return "placed" if operation in PLACES else "other"
