"""The layers of torch.nn, as written down from their documentation; `tests/knowledge` builds each and compares.

One string a parameter, `name:dimensions:kind?conditions`, as `wdlint.knowledge.layers` reads them.
Classes of torch.nn that stand in no line here have no parameters; `making/layers.py` checks that too.
"""

from __future__ import annotations

WEIGHT_BIAS = "weight:{n}:weight bias:1:bias?bias"
NORM = "weight:1:gain?affine bias:1:bias?affine"


def _weight_and_bias(dimensions: int | str) -> str:
    return WEIGHT_BIAS.replace("{n}", str(dimensions))


def _recurrent(extra: bool) -> str:
    names = []
    for end, needs in (("", []), ("_reverse", ["bidirectional"])):
        for leaf in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            conditions = needs + (["bias"] if leaf.startswith("bias") else [])
            kind = "2:weight" if leaf.startswith("weight") else "1:bias"
            names.append(f"{leaf}_l{{num_layers}}{end}:{kind}" + ("?" + "&".join(conditions) if conditions else ""))
        if extra:
            names.append(f"weight_hr_l{{num_layers}}{end}:2:weight?" + "&".join(["proj_size", *needs]))
    return " ".join(names)


CELL = "weight_ih:2:weight weight_hh:2:weight bias_ih:1:bias?bias bias_hh:1:bias?bias"

# `bias_k` and `bias_v`, (1, 1, E), are a key and a value appended to the sequence: learned tokens, added to nothing.
ATTENTION = (
    "in_proj_weight:2:weight?kdim~embed_dim&vdim~embed_dim"
    " q_proj_weight:2:weight?!kdim~embed_dim|!vdim~embed_dim"
    " k_proj_weight:2:weight?!kdim~embed_dim|!vdim~embed_dim"
    " v_proj_weight:2:weight?!kdim~embed_dim|!vdim~embed_dim"
    " in_proj_bias:1:bias?bias out_proj.weight:2:weight out_proj.bias:1:bias?bias"
    " bias_k:3:other?add_bias_kv bias_v:3:other?add_bias_kv"
)


def _attention(prefix: str) -> str:
    """Attention with equal query, key and value sizes, inside a larger layer."""
    return " ".join(
        f"{prefix}{text}"
        for text in (
            "in_proj_weight:2:weight",
            "in_proj_bias:1:bias?bias",
            "out_proj.weight:2:weight",
            "out_proj.bias:1:bias?bias",
        )
    )


def _block(norms: int, *attentions: str) -> str:
    """One encoder or decoder layer."""
    parts = [_attention(f"{name}.") for name in attentions]
    parts += [f"{name}.weight:2:weight {name}.bias:1:bias?bias" for name in ("linear1", "linear2")]
    parts += [f"norm{i}.weight:1:gain norm{i}.bias:1:bias?bias" for i in range(1, norms + 1)]
    return " ".join(parts)


ENCODER_LAYER = _block(2, "self_attn")
DECODER_LAYER = _block(3, "self_attn", "multihead_attn")


def _stack(side: str, block: str) -> str:
    """`encoder` or `decoder` of torch.nn.Transformer, unless a custom one is given."""
    own = [f"{side}.layers.{{num_{side}_layers}}.{token}" for token in block.split()]
    own += [f"{side}.norm.weight:1:gain", f"{side}.norm.bias:1:bias?bias"]
    return " ".join(text + ("&" if "?" in text else "?") + f"!custom_{side}" for text in own)


PARAMETERS = {
    "Linear": _weight_and_bias(2),
    "LazyLinear": _weight_and_bias(2),
    "Bilinear": _weight_and_bias(3),
    **{
        f"{lazy}Conv{way}{n}d": _weight_and_bias(n + 2)
        for lazy in ("", "Lazy")
        for way in ("", "Transpose")
        for n in (1, 2, 3)
    },
    **{f"{lazy}BatchNorm{n}d": NORM for lazy in ("", "Lazy") for n in (1, 2, 3)},
    **{f"{lazy}InstanceNorm{n}d": NORM for lazy in ("", "Lazy") for n in (1, 2, 3)},
    "SyncBatchNorm": NORM,
    "GroupNorm": NORM,
    "LayerNorm": "weight:1:gain?elementwise_affine bias:1:bias?elementwise_affine&bias",
    "RMSNorm": "weight:1:gain?elementwise_affine",
    "Embedding": "weight:2:embedding",
    "EmbeddingBag": "weight:2:embedding",
    "PReLU": "weight:1:other",  # the slope of an activation
    "LSTM": _recurrent(extra=True),
    "GRU": _recurrent(extra=False),
    "RNN": _recurrent(extra=False),
    "LSTMCell": CELL,
    "GRUCell": CELL,
    "RNNCell": CELL,
    "MultiheadAttention": ATTENTION,
    "TransformerEncoderLayer": ENCODER_LAYER,
    "TransformerDecoderLayer": DECODER_LAYER,
    "TransformerEncoder": "",
    "TransformerDecoder": "",
    "Transformer": f"{_stack('encoder', ENCODER_LAYER)} {_stack('decoder', DECODER_LAYER)}",
    "AdaptiveLogSoftmaxWithLoss": (
        "head.weight:2:weight head.bias:1:bias?head_bias tail.*.0.weight:2:weight tail.*.1.weight:2:weight"
    ),
    "LinearCrossEntropyLoss": "linear.weight:2:weight linear.bias:1:bias?bias",
}

# Modules that a layer is given and holds under a name of its own.
PARTS = {
    "TransformerEncoder": "layers.{num_layers}=encoder_layer norm=norm",
    "TransformerDecoder": "layers.{num_layers}=decoder_layer norm=norm",
    "Transformer": "encoder=custom_encoder decoder=custom_decoder",
    "DataParallel": "module=module",
    "TripletMarginWithDistanceLoss": "distance_function=distance_function",
}

# Arguments that take effect although the signature hides them behind `*args, **kwargs`.
_ARGUMENTS = "input_size hidden_size num_layers=1 bias=True batch_first=False dropout=0 bidirectional=False"
RECURRENT_ARGUMENTS = {
    "LSTM": _ARGUMENTS + " proj_size=0",
    "GRU": _ARGUMENTS,
    "RNN": _ARGUMENTS.replace("num_layers=1", "num_layers=1 nonlinearity"),
}

CONTAINERS = {"Module", "Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
