"""Example inputs for a model that came without any: made on the meta device, from what the model says of itself.

Asked in turn: a transformers model's configuration and main input, timm's pretrained configuration, the
parameter names of `forward`, and the first layer that holds parameters. Each candidate is a guess that the
observed pass may refuse; nothing is computed with the values.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

Inputs = tuple[tuple[Any, ...], dict[str, Any]]

BATCH = 2
TOKENS = 16  # a multiple of the usual strides and window sizes
PIXELS = 224
SAMPLES = 16_000  # one second of speech at 16 kHz
FRAMES = 256


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
    first = _by_first_layer(model)
    if first is not None:
        yield (first,), {}


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


# Words in the names of `forward`'s arguments that tell what it takes.
_ARGUMENTS: tuple[tuple[tuple[str, ...], Callable[[], torch.Tensor]], ...] = (
    (("input_ids", "ids", "idx", "tokens", "text"), lambda: _integers(TOKENS)),
    (("pixel", "image", "img"), lambda: _reals(3, PIXELS, PIXELS)),
    (("wave", "audio"), lambda: _reals(SAMPLES)),
)


def _by_signature(model: nn.Module) -> Iterator[Inputs]:
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return
    required = [
        p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    made = []
    for parameter in required:
        match = next((make for words, make in _ARGUMENTS if any(w in parameter.name for w in words)), None)
        if match is None:
            return
        made.append(match())
    if made:
        yield tuple(made), {}


def _by_first_layer(model: nn.Module) -> torch.Tensor | None:
    """What the first layer takes, if one input is all that `forward` asks for."""
    for layer in model.modules():
        if isinstance(layer, (nn.Embedding, nn.EmbeddingBag)):
            return _integers(TOKENS)
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            return _reals(layer.in_channels, PIXELS, PIXELS)
        if isinstance(layer, nn.Conv1d):
            return _reals(layer.in_channels, 8 * FRAMES)
        if isinstance(layer, nn.Conv3d):
            return _reals(layer.in_channels, 16, 112, 112)
        if isinstance(layer, nn.Linear):
            return _reals(layer.in_features)
        if isinstance(layer, nn.RNNBase):
            return _reals(TOKENS, layer.input_size)
    return None
