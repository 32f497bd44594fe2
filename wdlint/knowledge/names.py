"""The last witnesses: what a parameter is called, its shape and its initial value.

A *convention* is a name that the field gives to one thing only (`logit_scale`, `A_log`, `cls_token`). It tells apart
kinds that are equally spared by decay, and never turns anything into a weight against a stronger witness, nor a weight
into anything else but positions, tokens and biases. The other names are guesses, used only where nothing better is
known, as in a checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from wdlint.facts import Evidence, Kind, Witness

POSITION = "position embedding"
RELATIVE = "relative-position table"
TOKEN = "learned token"
SHIFT = "bias"

# On the last part of the name, lower-cased. First match wins.
_CONVENTIONS: tuple[tuple[str, Kind, str], ...] = (
    (r"a_logs?|(f|b)?_?a_b?_?logs?", Kind.OTHER, "state-space A, kept as a logarithm"),
    (r"(.*_)?logit_scales?(_.*)?|(.*_)?temperatures?|temp|logit_alpha|softmax_scal\w*", Kind.OTHER, "temperature"),
    (r"(height|width)_rel|rel_(height|width)", Kind.OTHER, RELATIVE),
    (r".*rel(ative)?_?(pos|position|attention)(_?(\w*table|arr\w*|bias|emb\w*|enc\w*|[hwtdxy]|height|width|k|v))*\d*",
     Kind.OTHER, RELATIVE),
    (r"(attn_|attention_)?sinks?", Kind.OTHER, "attention sink"),
    (r"lambda_[qk]\d?", Kind.OTHER, "reparametrised attention coefficient"),
    (r".*scale_shift.*|(.*_)?modulat(e|ion)(_table)?", Kind.OTHER, "modulation table"),
    (r"log_scales?|(.*_)?per_dim_scale", Kind.GAIN, "gain, kept as a logarithm"),
    (r"prelu_\w+|snake_\w+", Kind.OTHER, "parameter of an activation"),
    (r"(.*_)?position_bias", Kind.EMBEDDING, POSITION),
    (r"(.*_)?attention_biases", Kind.OTHER, RELATIVE),
    (r"(.*_)?bias(es)?", Kind.BIAS, SHIFT),
    (r"(.*_)?bias(es)?_.*", Kind.BIAS, "a kind of bias"),
    (r"(.*_)?(cls|class|dist|distillation|mask|masked|reg|register|registers|storage|prompt|bos|eos|sos|pad|null|sep)"
     r"_?(tok|tokens?|emb|embeds?|embedding|embeddings)", Kind.EMBEDDING, TOKEN),
    (r"(image|img|view|frame)_(newline|sep|separator|seperator)", Kind.EMBEDDING, TOKEN),
    (r"(.*_)?(pos|position|positional)_?(emb|embeds?|embedding|embeddings|encoding)s?(_.*)?", Kind.EMBEDDING, POSITION),
    (r"(.*_)?(time|level|query|object)_?(emb|embeds?|embedding|embeddings|encoding)s?(_.*)?", Kind.EMBEDDING,
     "learned query or level"),
    (r"(.*_)?(tokens?(_.*)?|pointer|embedding_parameter|latents?|quer(y|ies)|embs?|embeds?|embeddings?|probe|prompts?|ape|(class|spatial|temporal)_pos)",
     Kind.EMBEDDING, "learned token or query"),
)  # fmt: skip
_GUESSES: tuple[tuple[str, Kind], ...] = (
    (
        r"(.*_)?(weight_g|original0|gain|gammas?|scales?|layer_?scale\w*|ls\d?|gates?|lambda\w*|resweight|alphas?)",
        Kind.GAIN,
    ),
    (r"(.*_)?(beta|shift|offset|translate|b|b\d)", Kind.BIAS),
    (r"(.*_)?(lora_[ab]\w*|weight_v|original1)", Kind.WEIGHT),
)
_WEIGHT = re.compile(
    r"(.*_)?(weights?|kernels?|w\d*|[wu]_?[qkvozirfcghn]|matrix|mat|filters?|(in|out|up|down|gate|gate_up)?_?proj(ection)?s?"
    r"|lora_?\w*|weight_v|original1|experts?|cores?|factors?)(_.*|\d*)"
)
_NORM_OWNER = re.compile(
    r"(^|[._\d])(bn|ln|norm|layer_?norm|batch_?norm|group_?norm|rms_?norm|\w*norm)(_?\w*)?\d*$", re.I
)
_TABLE_OWNER = re.compile(
    r"(^|[._])(emb|embed|embeddings?|embed_tokens|\w*_embeddings?|\w*_embed|wte|wpe|shared)(\.\d+)?$", re.I
)


def stays_in_products(evidence: Evidence) -> bool:
    """Whether a convention names what stays what it is where a matmul reaches it.

    Tables of positions and tokens do, and rows of biases among which a gate or attention chooses.
    """
    return evidence.text.endswith((POSITION, RELATIVE, TOKEN, SHIFT))


@lru_cache(maxsize=4096)
def by_convention(attribute: str, siblings: tuple[str, ...] = ()) -> tuple[Kind, Evidence] | None:
    """What the field calls by this name. `siblings` are the other parameters of the same module."""
    lower = attribute.lower()
    if attribute in ("D", "Ds", "D_b") and any(s.lower().startswith(("a_log", "a_b_log")) for s in siblings):
        return Kind.OTHER, Evidence(Witness.NAME, f"`{attribute}` beside `A_log`: state-space skip")
    for pattern, kind, words in _CONVENTIONS:
        if re.fullmatch(pattern, lower):
            return kind, Evidence(Witness.NAME, f"the conventional name `{attribute}`: {words}")
    return None


def broadness(shape: Sequence[int]) -> int:
    """The number of dimensions without those of size 1, which only broadcast."""
    return sum(size != 1 for size in shape)


def names_weight(attribute: str) -> bool:
    """Whether a parameter's own name says that it is a weight: a shape alone does not."""
    return _WEIGHT.fullmatch(attribute.lower()) is not None


@lru_cache(maxsize=4096)
def by_shape(attribute: str, shape: tuple[int, ...] | None) -> tuple[Kind, Evidence] | None:
    """A guess from name and shape together: a weight mixes features, so it has two or more broad dimensions."""
    if shape is None:
        return None
    words = f"shape {'x'.join(map(str, shape)) or 'scalar'} and name `{attribute}`"
    for pattern, kind in _GUESSES:
        if re.fullmatch(pattern, attribute.lower()) and (kind is not Kind.WEIGHT or len(shape) >= 2):
            return kind, Evidence(Witness.VALUE, words)
    if broadness(shape) >= 2:
        return Kind.WEIGHT, Evidence(Witness.VALUE, words)
    if broadness(shape) == 0:
        return Kind.OTHER, Evidence(Witness.VALUE, "a scalar, which mixes no features")
    return None


def by_path(name: str, shape: tuple[int, ...] | None, siblings: Collection[str] = ()) -> tuple[Kind, Evidence]:
    """The kind of a parameter of which only name and shape are known, as in a checkpoint.

    Args:
        name: the full name.
        shape: None where the file does not say.
        siblings: last parts of the names under the same prefix, buffers too (`running_mean` marks a norm).
    """
    path, _, attribute = name.rpartition(".")
    evidence = Evidence(Witness.NAME, "its name" + (f" and shape {list(shape)}" if shape is not None else ""))
    if "running_mean" in siblings or (attribute == "weight" and shape is not None and len(shape) == 1):
        known = {"weight": Kind.GAIN, "bias": Kind.BIAS}.get(attribute)
        if known is not None:
            return known, evidence
    if (convention := by_convention(attribute, tuple(siblings))) is not None:
        return convention
    if attribute == "weight" and _TABLE_OWNER.search(path) and shape is not None and len(shape) == 2:
        return Kind.EMBEDDING, evidence
    if attribute == "weight" and shape is not None and broadness(shape) <= 1 and _NORM_OWNER.search(path):
        return Kind.GAIN, evidence
    guess = by_shape(attribute, shape)
    return guess if guess is not None else (Kind.UNKNOWN, evidence)
