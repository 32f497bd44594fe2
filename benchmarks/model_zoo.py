"""Model builders for the accuracy benchmark: every library's models on the meta device, depth capped where it can be.

Nothing is downloaded and no values are made.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
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
    declare_torchvision()
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


@functools.cache
def declare_torchvision() -> None:
    """Declare the operators that torchvision's Python files speak of, where its compiled half is for another torch."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        with contextlib.suppress(RuntimeError):  # it is there already
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _KEPT.append(library)


_KEPT: list[Any] = []  # operators live as long as the library that declared them


def torchvision_model(name: str, capped: bool = True) -> nn.Module:
    declare_torchvision()
    import torchvision.models as zoo

    options: dict[str, Any] = {"weights": None}
    if zoo.get_model_builder(name).__module__.split(".")[2] in ("detection", "segmentation"):
        options["weights_backbone"] = None
    with torch.device("meta"):
        return zoo.get_model(name, **options)  # type: ignore[no-any-return]


def timm_model(name: str, capped: bool = True) -> nn.Module:
    declare_torchvision()
    import timm

    with torch.device("meta"):
        return timm.create_model(name, pretrained=False)  # type: ignore[no-any-return]


def timm_names() -> list[str]:
    """One model a module file and family, so that every architecture of timm is met once or more."""
    declare_torchvision()
    import timm

    seen: dict[tuple[str, str], str] = {}
    for name in timm.list_models():
        key = (timm.models._registry._model_to_module[name], name.split("_")[0])
        seen.setdefault(key, name)
    return sorted(seen.values())


def diffusers_names() -> list[str]:
    declare_torchvision()
    from wdlint.making.models import diffusers_models

    return [name for name, _ in diffusers_models()]


def diffusers_model(name: str, capped: bool = True) -> nn.Module:
    declare_torchvision()
    import diffusers

    with torch.device("meta"):
        return getattr(diffusers, name)()  # type: ignore[no-any-return]


# What the graph layers' required arguments are given, by a part of their name; anything else gets 16.
_SIZES = (("heads", 4), ("num_layers", 2), ("num_nodes", 20), ("num_relations", 4), ("kernel_size", 3), ("num_", 4))


def graph_names() -> list[str]:
    import torch_geometric.nn as zoo

    found = {n: v for n, v in vars(zoo).items() if inspect.isclass(v) and issubclass(v, nn.Module)}
    return sorted(name for name, cls in found.items() if "Aggregation" not in name and _arguments(cls) is not None)


def _arguments(cls: type) -> dict[str, Any] | None:
    """Arguments that may build a layer; None where one is wanted that is no number and no network."""
    given: dict[str, Any] = {}
    for p in inspect.signature(cls).parameters.values():
        if p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        if p.name in ("nn", "mlp"):
            given[p.name] = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16))
        elif "int" in str(p.annotation) or "float" in str(p.annotation):
            given[p.name] = next((size for part, size in _SIZES if part in p.name), 16)
        else:
            return None
    return given


def graph_layer(name: str, capped: bool = True) -> nn.Module:
    import torch_geometric.nn as zoo

    cls = getattr(zoo, name)
    arguments = _arguments(cls) or {}
    try:
        with torch.device("meta"):
            return cls(**arguments)  # type: ignore[no-any-return]
    except NotImplementedError:  # it reads values that it made
        return cls(**arguments)  # type: ignore[no-any-return]


BUILDERS: dict[str, Callable[[str, bool], nn.Module]] = {
    "transformers": transformers_model,
    "torchvision": torchvision_model,
    "timm": timm_model,
    "diffusers": diffusers_model,
    "torch_geometric": graph_layer,
}
NAMES: dict[str, Callable[[], list[str]]] = {
    "timm": timm_names,
    "diffusers": diffusers_names,
    "torch_geometric": graph_names,
}
