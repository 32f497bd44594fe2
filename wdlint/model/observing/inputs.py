"""Example inputs for a model that came without any: made on the meta device, from what the model says of itself.

Asked in turn: a transformers model's configuration and main input, timm's pretrained configuration, the
parameter names of `forward`, and the first layer that holds parameters. Each candidate is a guess that the
observed pass may refuse; nothing is computed with the values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

Inputs = tuple[tuple[Any, ...], dict[str, Any]]

BATCH = 2
TOKENS = 16  # a multiple of the usual strides and window sizes
PIXELS = 224
SAMPLES = 16_000  # one second of speech at 16 kHz
FRAMES = 256
NODES = 12  # of a graph, and its edges


def candidates(model: nn.Module) -> Iterator[Inputs]:
    """Possible arguments of `model(*args, **kwargs)`, the likeliest first."""
    config = _told(model, "config")
    if config is not None and isinstance(_told(model, "main_input_name"), str):
        yield from _transformers(model, config)
    pretrained = _told(model, "pretrained_cfg")
    size = pretrained.get("input_size") if isinstance(pretrained, dict) else getattr(pretrained, "input_size", None)
    if size:
        yield (_reals(*size),), {}
    yield from _by_signature(model)
    for first in _by_first_layer(model):
        yield (first,), {}
    if (width := _size(model, *_WIDTHS, default=0)) and next(_by_first_layer(model), None) is None:
        yield (_reals(TOKENS, width),), {}
    for own in _by_own_parameters(model):
        yield (own,), {}


def _told(thing: Any, name: str) -> Any:
    """An attribute of the user's; None where there is none or reading it fails."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def _reals(*shape: int) -> torch.Tensor:
    return torch.empty(BATCH, *shape, device="meta")


def _integers(*shape: int) -> torch.Tensor:
    return torch.zeros(BATCH, *shape, dtype=torch.long, device="meta")


def _field(config: Any, *names: str, default: int) -> int:
    """The first of some integer fields of a configuration or of its text, vision or audio part."""
    parts = [config] + [_told(config, p) for p in ("vision_config", "text_config", "audio_config", "encoder")]
    for part in parts:
        for name in names:
            value = _told(part, name)
            value = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return default


def _transformers(model: nn.Module, config: Any) -> Iterator[Inputs]:
    accepted = set(inspect.signature(model.forward).parameters)
    image = _field(config, "image_size", default=PIXELS)
    channels = _field(config, "num_channels", "in_channels", default=3)
    pixels: Callable[[], torch.Tensor] = lambda: _reals(channels, image, image)  # noqa: E731
    text = {
        "input_ids": _integers(TOKENS),
        "decoder_input_ids": _integers(TOKENS),
        "pixel_values": pixels(),
        "bbox": _integers(TOKENS, 4),
    }
    mel = _field(config, "num_mel_bins", "feature_size", "input_feat_per_channel", default=80)
    by_name: dict[str, list[torch.Tensor]] = {
        "input_ids": [_integers(TOKENS)],
        "pixel_values": [
            pixels(),
            _reals(3, PIXELS, PIXELS),
            _reals(_field(config, "num_frames", default=8), 3, image, image),
        ],
        "pixel_values_videos": [_reals(_field(config, "frames_per_clip", "num_frames", default=16), 3, image, image)],
        "input_values": [_reals(SAMPLES), _reals(1, SAMPLES), _reals(_field(config, "max_length", default=1024), mel)],
        "input_features": [
            _reals(mel, 2 * _field(config, "max_source_positions", default=1500)),
            _reals(FRAMES, mel),
            _reals(1, 1001, 64),
        ],
        "inputs_embeds": [_reals(TOKENS, _field(config, "hidden_size", "d_model", default=768))],
        "past_values": [
            _reals(_field(config, "context_length", default=512), _field(config, "num_input_channels", default=1))
        ],
    }
    main = getattr(model, "main_input_name", "input_ids")
    for value in by_name.get(main, []):
        extra = {k: v for k, v in text.items() if k in accepted and k != main}
        yield (), {main: value}
        if extra:
            yield (), {main: value, **extra}


Make = Callable[[nn.Module], torch.Tensor]
_CROSSED = ("cross_attention_dim", "joint_attention_dim", "caption_channels", "text_embed_dim", "encoder_hid_dim")
# Words in the names of `forward`'s arguments that tell what it takes, wherever the model comes from.
_ARGUMENTS: tuple[tuple[tuple[str, ...], Make], ...] = (
    (("edge_index",), lambda model: torch.zeros(2, NODES, dtype=torch.long, device="meta")),
    (("edge_type", "node_type"), lambda model: torch.zeros(NODES, dtype=torch.long, device="meta")),
    (("edge_weight",), lambda model: torch.empty(NODES, device="meta")),
    (("edge_attr",), lambda model: torch.empty(NODES, _size(model, "edge_dim", default=16), device="meta")),
    (("input_ids", "ids", "idx", "tokens", "text"), lambda model: _integers(TOKENS)),
    (("pixel", "image", "img"), lambda model: _reals(3, PIXELS, PIXELS)),
    (("wave", "audio"), lambda model: _reals(SAMPLES)),
    (("timestep", "sigma", "noise_level", "guidance"), lambda model: torch.empty(BATCH, device="meta")),
    (("encoder_hidden_states",), lambda model: _reals(TOKENS, _size(model, *_CROSSED, default=768))),
    (("pooled_projections",), lambda model: _reals(_size(model, "pooled_projection_dim", default=768))),
)
_TIMES = frozenset({"t", "time", "times"})  # whole names: one number for each of the batch
_WIDTHS = ("dim", "embed_dim", "hidden_size", "d_model", "in_features", "channels")
_NODE_WORDS = frozenset({"x", "pos", "h", "edge_index", "edge_attr", "edge_weight", "edge_type", "node_type"})


def _size(model: nn.Module, *names: str, default: int) -> int:
    """The first of some sizes that a model, or its configuration, keeps as a whole number."""
    config = _told(model, "config")
    for name in names:
        for place in (model, config):
            value = place.get(name) if isinstance(place, Mapping) else _told(place, name)
            value = value[0] if isinstance(value, (list, tuple)) and value else value
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return default


def _by_signature(model: nn.Module) -> Iterator[Inputs]:
    """By the names of the arguments that must be given; the first may be what the first layer takes."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return
    required = [
        p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    made: list[list[torch.Tensor]] = []
    for number, parameter in enumerate(required):
        known = [make(model) for words, make in _ARGUMENTS if any(w in parameter.name for w in words)][:1]
        known = [torch.empty(BATCH, device="meta")] if number and parameter.name in _TIMES else known
        if not known and number == 0 and len(required) > 1:
            graph = any(p.name in _NODE_WORDS for p in required[1:])
            known = [_nodes(model)] if graph else [*_by_fields(model), *_by_first_layer(model)]
        if not known:
            return
        made.append(known)
    if made:
        for first in made[0]:
            yield (first, *(known[0] for known in made[1:])), {}


def _nodes(model: nn.Module) -> torch.Tensor:
    """Features of the nodes of a graph, which has no batch dimension."""
    first = next((m.in_features for m in model.modules() if isinstance(m, nn.Linear)), 16)
    return torch.empty(NODES, _size(model, "in_channels", "in_feats", "channels", default=first), device="meta")


def _by_fields(model: nn.Module) -> Iterator[torch.Tensor]:
    """What a configuration with channels and sizes asks for, as those of diffusion models have."""
    if not isinstance(_told(model, "config"), Mapping):
        return
    size = _size(model, "sample_size", "image_size", default=32)
    channels = _size(model, "in_channels", default=3)
    yield _reals(channels, size, size)
    yield _reals(channels, 4, size, size)
    yield _reals(TOKENS, channels)


def _by_first_layer(model: nn.Module) -> Iterator[torch.Tensor]:
    """What the first layer takes, if one input is all that `forward` asks for; then the same in other dimensions."""
    for layer in model.modules():
        if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)):
            yield _integers(TOKENS)
            return
        if isinstance(layer, (nn.modules.conv._ConvNd, nn.Linear, nn.RNNBase)):
            yield from _fed_to(layer, model)
            return


_TRIED = 6  # sizes of a model's own parameters


def _by_own_parameters(model: nn.Module) -> Iterator[torch.Tensor]:
    """What a small layer may take that has parameters itself: vectors, sequences or images of their sizes.

    Where no layer of torch is in the model, the first module that holds a matrix tells.
    """
    own = _matrices(model)
    if next(_by_first_layer(model), None) is None:
        own = next(filter(None, map(_matrices, model.modules())), own)
    elif 2 * len(model._parameters) < sum(1 for _ in model.parameters()):
        return
    kernels = [p for p in own if p.ndim >= 4 and p.shape[-1] == p.shape[-2] > 1]  # side by side with taps
    for channels in dict.fromkeys(p.shape[-3] for p in kernels):
        yield _reals(channels, 32, 32)
    sizes = (size for p in own if not any(p is k for k in kernels) for size in reversed(p.shape))
    for width in list(dict.fromkeys(size for size in sizes if size > 1))[:_TRIED]:
        yield _reals(width)
        yield _reals(TOKENS, width)


def _matrices(module: nn.Module) -> list[nn.Parameter]:
    """The parameters of two dimensions or more that a module holds itself."""
    return [p for p in module._parameters.values() if p is not None and not is_lazy(p) and p.ndim >= 2]


def _fed_to(layer: nn.Module, model: nn.Module) -> Iterator[torch.Tensor]:
    if isinstance(layer, nn.RNNBase):
        yield _reals(TOKENS, layer.input_size)
    elif isinstance(layer, nn.Linear):
        yield _reals(layer.in_features)
        yield _reals(TOKENS, layer.in_features)
        yield _reals(3, PIXELS, PIXELS)  # patches that are cut and flattened before it
    elif isinstance(layer, nn.modules.conv._ConvNd):
        side = _size(model, "image_size", "img_size", "sample_size", default=PIXELS)
        shapes = {1: (8 * FRAMES,), 2: (side, side), 3: (16, 112, 112)}
        own = len(layer.kernel_size)
        channels = _size(model, "in_channels", "in_chans", default=layer.in_channels)  # it may add some of its own
        for rank in (own, *(r for r in shapes if r != own)):  # pointwise layers serve fields of any rank
            yield _reals(channels, *(shapes[rank] if rank == own else (32,) * rank))
