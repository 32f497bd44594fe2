"""Model builders for the accuracy benchmark: every library's models on the meta device, depth capped where it can be.

Nothing is downloaded and no values are made.
"""

from __future__ import annotations

import contextlib
import io
import signal
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

_DEPTHS = (
    "num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers", "num_encoder_layers",
    "num_decoder_layers", "encoder_num_layers", "decoder_num_layers", "depth",
)  # fmt: skip
DEPTH = 4


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in this thread after so many seconds (POSIX)."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield


def transformers_model(name: str, capped: bool = True) -> nn.Module:
    """The architecture `name` from its default configuration, at most four layers deep if `capped`."""
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    config = _capped(CONFIG_MAPPING[name]()) if capped else CONFIG_MAPPING[name]()
    kinds = (
        transformers.AutoModel, transformers.AutoModelForPreTraining, transformers.AutoModelForCausalLM,
        transformers.AutoModelForSeq2SeqLM,
    )  # fmt: skip
    last: Exception | None = None
    for auto in kinds:
        try:
            with torch.device("meta"):
                return auto.from_config(config)
        except Exception as error:
            last = last or error
    assert last is not None
    raise last


def _capped(config: Any) -> Any:
    for part in [config, *[v for v in vars(config).values() if hasattr(v, "to_dict") and hasattr(v, "model_type")]]:
        kinds = getattr(part, "layer_types", None)
        first = (i for i in range(1, len(kinds or ()) + 1) if set(kinds[:i]) == set(kinds))
        depth = next(first, DEPTH)
        for field in _DEPTHS:
            value = getattr(part, field, None)
            if isinstance(value, int) and not isinstance(value, bool) and value > max(depth, DEPTH):
                with contextlib.suppress(Exception):
                    setattr(part, field, max(depth, DEPTH))
        if kinds and hasattr(part, "num_hidden_layers"):
            with contextlib.suppress(Exception):
                part.layer_types = list(kinds[: part.num_hidden_layers])
    return config


def torchvision_model(name: str, capped: bool = True) -> nn.Module:
    import torchvision.models as zoo

    options: dict[str, Any] = {"weights": None}
    if zoo.get_model_builder(name).__module__.split(".")[2] in ("detection", "segmentation"):
        options["weights_backbone"] = None
    with torch.device("meta"):
        return zoo.get_model(name, **options)  # type: ignore[no-any-return]


def timm_model(name: str, capped: bool = True) -> nn.Module:
    import timm

    with torch.device("meta"):
        return timm.create_model(name, pretrained=False)  # type: ignore[no-any-return]


def timm_names() -> list[str]:
    """One model a module file and family, so that every architecture of timm is met once or more."""
    import timm

    seen: dict[tuple[str, str], str] = {}
    for name in timm.list_models():
        key = (timm.models._registry._model_to_module[name], name.split("_")[0])
        seen.setdefault(key, name)
    return sorted(seen.values())


BUILDERS: dict[str, Callable[[str, bool], nn.Module]] = {
    "transformers": transformers_model,
    "torchvision": torchvision_model,
    "timm": timm_model,
}
