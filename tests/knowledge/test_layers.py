"""The layer table, and its agreement with torch."""

import importlib.util

import pytest

from wdlint.facts import Kind, Ternary, Witness
from wdlint.knowledge import layers
from wdlint.knowledge.layers import layer

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


def expanded(path, **settings):
    found = layer(path)
    assert found is not None, path
    return {p.name: p for p in found.parameters(settings)}


def names(path, **settings):
    return set(expanded(path, **settings))


def test_a_norm_has_a_gain_and_a_bias():
    found = expanded("torch.nn.LayerNorm", normalized_shape=8)
    assert (found["weight"].kind, found["weight"].ndim) == (Kind.GAIN, 1)
    assert found["bias"].kind is Kind.BIAS
    assert found["weight"].evidence.witness is Witness.LAYER
    assert "torch.nn.LayerNorm" in found["weight"].evidence.text


def test_the_prefix_is_put_before_each_name():
    found = layer("torch.nn.Linear").parameters({}, "head.")
    assert [p.name for p in found] == ["head.weight", "head.bias"]
    assert [p.attribute for p in found] == ["weight", "bias"]


@pytest.mark.parametrize(
    ("path", "settings", "expected"),
    [
        ("torch.nn.Linear", {"bias": False}, {"weight"}),
        ("torch.nn.LayerNorm", {"bias": False}, {"weight"}),
        ("torch.nn.LayerNorm", {"elementwise_affine": False}, set()),
        ("torch.nn.BatchNorm2d", {"affine": False}, set()),
        ("torch.nn.InstanceNorm2d", {}, set()),
        ("torch.nn.InstanceNorm2d", {"affine": True}, {"weight", "bias"}),
        ("torch.nn.RMSNorm", {}, {"weight"}),
        ("torch.nn.ReLU", {}, set()),
        ("torch.nn.modules.batchnorm.SyncBatchNorm", {}, {"weight", "bias"}),
        ("apex.normalization.FusedLayerNorm", {}, {"weight", "bias"}),
        ("transformers.pytorch_utils.Conv1D", {}, {"weight", "bias"}),
    ],
)
def test_switches(path, settings, expected):
    assert names(path, **settings) == expected


def test_a_switch_that_cannot_be_told_leaves_the_parameter_open():
    found = expanded("torch.nn.Linear", bias=...)
    assert found["weight"].present is Ternary.YES
    assert found["bias"].present is Ternary.UNKNOWN


def test_recurrent_layers_number_their_names():
    found = names("torch.nn.LSTM", num_layers=2, bidirectional=True)
    assert "weight_ih_l1_reverse" in found
    assert "bias_hh_l0" in found
    assert len(found) == 16
    assert names("torch.nn.GRU", num_layers=..., bias=False) == {"weight_ih_l*", "weight_hh_l*"}


def test_the_shape_of_a_norm_gives_its_dimensions():
    assert expanded("torch.nn.LayerNorm", normalized_shape=(4, 8))["weight"].ndim == 2
    assert expanded("torch.nn.LayerNorm", normalized_shape=...)["weight"].ndim is None
    assert expanded("torch.nn.BatchNorm2d", num_features=...)["weight"].ndim == 1


def test_attention_with_other_sizes_splits_its_projection():
    assert "in_proj_weight" in names("torch.nn.MultiheadAttention", embed_dim=8, kdim=8)
    split = names("torch.nn.MultiheadAttention", embed_dim=8, kdim=4)
    assert {"q_proj_weight", "k_proj_weight", "v_proj_weight"} <= split
    assert "in_proj_weight" not in split
    open_ = expanded("torch.nn.MultiheadAttention", embed_dim=..., kdim=4)
    assert open_["in_proj_weight"].present is Ternary.UNKNOWN
    assert expanded("torch.nn.MultiheadAttention", add_bias_kv=True)["bias_k"].ndim == 3


def test_a_stack_holds_the_layer_that_it_is_given():
    found = layer("torch.nn.TransformerEncoder")
    assert [(part.name, part.argument) for part in found.parts] == [
        ("layers.{num_layers}", "encoder_layer"),
        ("norm", "norm"),
    ]
    assert layers.numbered(found.parts[0].name, {"num_layers": 2}) == ["layers.0", "layers.1"]
    assert layers.numbered(found.parts[0].name, {"num_layers": ...}) == ["layers.*"]


@pytest.mark.parametrize("path", ["torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.Module", "LayerNorm"])
def test_what_is_no_layer(path):
    assert layer(path) is None


def test_a_layer_that_was_read_in_part_says_so():
    assert not layer("mamba_ssm.modules.mamba2.Mamba2").complete
    assert layer("torch.nn.Linear").complete


def test_every_line_can_be_read():
    for path in layers._lines():
        found = layer(path)
        assert found is not None
        assert found.declared or found.complete


VARIANTS = [
    ("Linear", (3, 4), {}),
    ("Linear", (3, 4), {"bias": False}),
    ("Bilinear", (3, 4, 5), {}),
    *((f"Conv{t}{n}d", (2, 4, 3), {"bias": b}) for t in ("", "Transpose") for n in (1, 2, 3) for b in (True, False)),
    *(
        (f"{norm}{n}d", (4,), {"affine": a})
        for norm in ("BatchNorm", "InstanceNorm")
        for n in (1, 2, 3)
        for a in (True, False)
    ),
    *((f"Lazy{norm}{n}d", (), {"affine": True}) for norm in ("BatchNorm", "InstanceNorm") for n in (1, 2, 3)),
    ("SyncBatchNorm", (4,), {}),
    ("GroupNorm", (2, 4), {}),
    ("GroupNorm", (2, 4), {"affine": False}),
    ("LayerNorm", (4,), {}),
    ("LayerNorm", ((4, 5),), {}),
    ("LayerNorm", (4,), {"bias": False}),
    ("LayerNorm", (4,), {"elementwise_affine": False}),
    ("RMSNorm", (4,), {}),
    ("RMSNorm", ((4, 5),), {"elementwise_affine": False}),
    ("Embedding", (5, 3), {}),
    ("EmbeddingBag", (5, 3), {}),
    ("PReLU", (), {}),
    *(
        (rnn, (3, 4), {"num_layers": n, "bidirectional": two, "bias": b})
        for rnn in ("LSTM", "GRU", "RNN")
        for n in (1, 3)
        for two in (True, False)
        for b in (True, False)
    ),
    ("LSTM", (3, 4, 2), {"proj_size": 2, "bidirectional": True}),
    *((cell, (3, 4), {"bias": b}) for cell in ("LSTMCell", "GRUCell", "RNNCell") for b in (True, False)),
    ("MultiheadAttention", (8, 2), {}),
    ("MultiheadAttention", (8, 2), {"bias": False}),
    ("MultiheadAttention", (8, 2), {"add_bias_kv": True}),
    ("MultiheadAttention", (8, 2), {"kdim": 4}),
    ("MultiheadAttention", (8, 2), {"vdim": 4, "bias": False}),
    ("MultiheadAttention", (8, 2), {"kdim": 8, "vdim": 8}),
    ("TransformerEncoderLayer", (8, 2), {}),
    ("TransformerEncoderLayer", (8, 2), {"bias": False}),
    ("TransformerDecoderLayer", (8, 2), {}),
    ("TransformerDecoderLayer", (8, 2), {"bias": False}),
    ("Transformer", (8, 2), {"num_encoder_layers": 2, "num_decoder_layers": 1}),
    ("Transformer", (8, 2), {"num_encoder_layers": 1, "num_decoder_layers": 1, "bias": False}),
    ("ReLU", (), {}),
    ("CrossEntropyLoss", (), {}),
    ("MaxPool2d", (2,), {}),
]


@needs_torch
@pytest.mark.parametrize(("name", "arguments", "settings"), VARIANTS)
def test_names_and_dimensions_are_those_of_torch(name, arguments, settings):
    import torch

    module = getattr(torch.nn, name)(*arguments, **settings)
    real = {n: None if "Lazy" in name else p.dim() for n, p in module.named_parameters()}
    found = layer(f"torch.nn.{name}")
    bound = dict(zip(found.arguments, arguments, strict=False)) | settings
    told = {p.name: None if "Lazy" in name else p.ndim for p in found.parameters(bound)}
    assert told == real


@needs_torch
def test_the_classifier_of_rare_words_has_its_tail():
    import torch

    module = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], head_bias=True)
    real = {
        ".".join("*" if part.isdigit() and i == 1 else part for i, part in enumerate(n.split("."))): p.dim()
        for n, p in module.named_parameters()
    }
    assert {
        p.name: p.ndim for p in layer("torch.nn.AdaptiveLogSoftmaxWithLoss").parameters({"head_bias": True})
    } == real
