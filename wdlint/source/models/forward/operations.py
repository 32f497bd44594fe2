"""What is known of tensor operations by name: which hand a tensor on, and which arguments they contract, scale or add.

Tables only; who follows a parameter through them is `models.forward.flow`. The names are those of torch,
torch.nn.functional, Tensor methods, einops and the kernel packages that imitate them.
"""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What an operation does with one of its arguments."""

    INPUT = "input"  # what it works on
    WEIGHT = "weight"  # contracted with the input
    GAIN = "gain"  # multiplies the input elementwise
    BIAS = "bias"  # added
    TABLE = "table"  # looked up by ids
    SHAPE = "shape"  # bends an activation function or a recurrence: neither weight, gain nor bias
    JOINED = "joined"  # put beside the input
    IGNORED = "ignored"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods and functions whose result is the same tensor seen, cast, cut, joined or padded differently.
SAME = _names(
    "view reshape unsqueeze squeeze expand expand_as repeat to type_as type t transpose permute contiguous clone "
    "detach float half double bfloat16 chunk split unbind flatten unflatten narrow cuda cpu requires_grad_ view_as "
    "repeat_interleave tile roll flip fliplr flipud movedim moveaxis swapaxes swapdims swapdim rearrange numpy item "
    "as_strided diagonal diag diag_embed tril triu unfold broadcast_to select index_select split_with_sizes "
    "tensor_split atleast_1d atleast_2d adjoint T mT H mH data pad F.pad dropout alpha_dropout Parameter real imag "
    "pin_memory long int bool view_as_complex view_as_real tolist get_parameter to_local "
    "full_tensor dequantize all_gather to_dense values clip_grad redistribute _to_copy squeeze_ unsqueeze_ "
    "contiguous_ identity as_tensor tensor from_numpy nan_to_num circshift cast conj neg negative abs relu square sqrt "
    "rsqrt reciprocal round floor ceil clone_ chain list tuple reversed iter next sorted"
)
# Functions that make one tensor of several, each of which is still there.
COMPOSING = _names("complex block_diag")
# Attributes and methods that say something about a tensor without being it.
ABOUT = _names(
    "shape size dtype device ndim dim numel is_cuda requires_grad grad stride itemsize nelement element_size layout "
    "is_floating_point is_contiguous is_meta get_device is_sparse storage data_ptr is_complex device_mesh "
    "placements __class__ grad_fn finfo iinfo len isinstance hasattr id print range"
)
# Joining functions: pure parameters stay themselves, beside activations they are tokens.
JOINING = _names("cat concat concatenate stack hstack vstack dstack column_stack row_stack append insert where pack")
# exp and its kin: the parameter is the logarithm (or another code) of what works.
CODED = _names("exp exp_ exp2 expm1 log log_ log1p log2 softplus softplus_ logaddexp erf erfinv sinh cosh")
# Periodic functions of a product bend the input: a frequency.
PERIODIC = _names("sin cos sin_ cos_ sincos")
# Fourier transforms of a kernel: what is multiplied by them afterwards is convolved.
TRANSFORMING = _names("fft rfft fft2 rfft2 fftn rfftn")
# Squashing functions: a gate stays a gain.
SQUASHING = _names("sigmoid sigmoid_ tanh tanh_ softmax log_softmax hardsigmoid logsigmoid softsign gumbel_softmax elu")
CLAMPING = _names("clamp clamp_ clip clamp_min clamp_max clamp_min_ maximum minimum clamp_max_ hardtanh max_ min_")
REDUCING = _names("norm mean sum var std max min amax amin var_mean std_mean vector_norm logsumexp prod argmax any all")
# Resampling a table of positions.
RESAMPLING = _names("interpolate grid_sample upsample resample adaptive_avg_pool2d adaptive_avg_pool1d")
COMPARING = _names("gt lt ge le eq ne greater less greater_equal less_equal heaviside topk searchsorted bucketize")

MULTIPLYING = _names("mul mul_ multiply multiply_")
ADDING = _names("add add_ sub sub_ subtract subtract_ rsub")
DIVIDING = _names("div div_ divide true_divide divide_ floor_divide fmod remainder")
POWERING = _names("pow pow_ float_power")
MATMUL = _names("matmul mm bmm mv inner dot vdot outer ger chain_matmul multi_dot kron tensordot addr_ __matmul__")
EINSUM = _names("einsum opt_einsum contract")

R = Role
# Functions with fixed places; names after the first tuple are keywords.
FUNCTIONS: dict[str, tuple[Role, ...]] = {
    "linear": (R.INPUT, R.WEIGHT, R.BIAS),
    "bilinear": (R.INPUT, R.INPUT, R.WEIGHT, R.BIAS),
    **{f"{name}{n}d": (R.INPUT, R.WEIGHT, R.BIAS) for name in ("conv", "conv_transpose") for n in (1, 2, 3)},
    "_conv_forward": (R.INPUT, R.WEIGHT, R.BIAS),
    "conv_tbc": (R.INPUT, R.WEIGHT, R.BIAS),
    "addmm": (R.BIAS, R.INPUT, R.WEIGHT),
    "baddbmm": (R.BIAS, R.INPUT, R.WEIGHT),
    "addbmm": (R.BIAS, R.INPUT, R.WEIGHT),
    "addmv": (R.BIAS, R.WEIGHT, R.INPUT),
    "_grouped_mm": (R.INPUT, R.WEIGHT),
    "grouped_mm": (R.INPUT, R.WEIGHT),
    "batch_norm": (R.INPUT, R.IGNORED, R.IGNORED, R.GAIN, R.BIAS),
    "instance_norm": (R.INPUT, R.IGNORED, R.IGNORED, R.GAIN, R.BIAS),
    "layer_norm": (R.INPUT, R.IGNORED, R.GAIN, R.BIAS),
    "group_norm": (R.INPUT, R.IGNORED, R.GAIN, R.BIAS),
    "rms_norm": (R.INPUT, R.IGNORED, R.GAIN, R.IGNORED),
    "addcmul": (R.BIAS, R.GAIN, R.GAIN),
    "addcmul_": (R.BIAS, R.GAIN, R.GAIN),
    "lerp": (R.INPUT, R.INPUT, R.GAIN),
    "lerp_": (R.INPUT, R.INPUT, R.GAIN),
    "prelu": (R.INPUT, R.SHAPE),
    "cdist": (R.SHAPE, R.SHAPE),  # centres: what comes of them are distances
    "embedding": (R.INPUT, R.TABLE),
    "embedding_bag": (R.INPUT, R.TABLE),
    "gather": (R.TABLE, R.IGNORED, R.INPUT),
    "take_along_dim": (R.TABLE, R.INPUT),
    "nll_loss": (R.INPUT, R.INPUT, R.IGNORED),
    "cross_entropy": (R.INPUT, R.INPUT, R.IGNORED),
    "scaled_dot_product_attention": (R.JOINED, R.JOINED, R.JOINED, R.BIAS),
}
# Where `input` or the parameter itself stands first as a method's receiver the same places hold.

# Keywords of the functions above and of kernels that are known by name alone.
# Keywords by which any layer or function says what it does with a parameter.
TELLING: dict[str, Role] = {
    "bias": R.BIAS,
    "beta": R.BIAS,
    "gain": R.GAIN,
    "scale": R.GAIN,
    "gamma": R.GAIN,
    "weight": R.IGNORED,
}
KEYWORDS: dict[str, Role] = {
    "input": R.INPUT,
    "weight": R.WEIGHT,
    "bias": R.BIAS,
    "mat1": R.INPUT,
    "mat2": R.WEIGHT,
    "attn_mask": R.BIAS,
}
# Keywords of recurrences' kernels, whatever the kernel is called.
RECURRENCE = {"A": R.SHAPE, "A_log": R.SHAPE, "D": R.SHAPE, "dt_bias": R.BIAS, "delta_bias": R.BIAS}
# Kernels known by a part of their name, tried in order: the roles of keywords, and
# of the places after the first that hold a parameter: the first of them, then the last of two. More than two
# are told apart by their names, as is a bias anywhere.
FAMILIES: tuple[tuple[str, dict[str, Role], tuple[Role, Role]], ...] = (
    ("prelu", {}, (R.SHAPE, R.SHAPE)),
    ("snake", {}, (R.SHAPE, R.SHAPE)),
    ("scan", RECURRENCE, (R.SHAPE, R.SHAPE)),
    ("ssm", RECURRENCE, (R.SHAPE, R.SHAPE)),
    ("selective_state", RECURRENCE, (R.SHAPE, R.SHAPE)),
    ("addcmul", {}, (R.GAIN, R.GAIN)),
    ("norm", {"weight": R.GAIN, "bias": R.BIAS, "gamma": R.GAIN, "beta": R.BIAS}, (R.GAIN, R.BIAS)),
    ("conv", {"weight": R.WEIGHT, "bias": R.BIAS, "filter": R.WEIGHT}, (R.WEIGHT, R.BIAS)),
    ("linear", {"weight": R.WEIGHT, "bias": R.BIAS}, (R.WEIGHT, R.BIAS)),
    ("matmul", {"weight": R.WEIGHT, "bias": R.BIAS}, (R.WEIGHT, R.WEIGHT)),
    ("gemm", {"bias": R.BIAS}, (R.WEIGHT, R.WEIGHT)),
    ("gmm", {"bias": R.BIAS}, (R.WEIGHT, R.WEIGHT)),
    ("_mm", {"bias": R.BIAS}, (R.WEIGHT, R.WEIGHT)),
    ("mlp", {"bias": R.BIAS}, (R.WEIGHT, R.WEIGHT)),
    ("einsum", {}, (R.WEIGHT, R.WEIGHT)),
    ("attention", {"sinks": R.JOINED, "s_aux": R.JOINED}, (R.JOINED, R.JOINED)),
)


def family(name: str) -> tuple[dict[str, Role], tuple[Role, Role]] | None:
    """Roles of the arguments of a kernel known only by a part of its name, or None."""
    lowered = name.lower()
    for part, keywords, rest in FAMILIES:
        if part in lowered:
            return keywords, rest
    return None


def contracted(equation: str, position: int) -> bool | None:
    """Whether an einsum contracts operand `position` (from 0): an index of it is missing from the result.

    None where the equation can't be read. An ellipsis stands for indices that are kept.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    operands = left.replace("...", "").split(",")
    if position >= len(operands):
        return None
    if not arrow:  # implicit result: the indices that occur once
        letters = "".join(operands)
        right = "".join(c for c in letters if letters.count(c) == 1)
    return any(index not in right for index in operands[position])


def rank(equation: str, position: int) -> int | None:
    """The number of dimensions that an einsum names of operand `position` (from 0); None where it has more."""
    operands = equation.replace(" ", "").partition("->")[0].split(",")
    return len(operands[position]) if position < len(operands) and "..." not in operands[position] else None
