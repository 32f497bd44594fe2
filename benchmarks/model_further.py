"""Kinds in further libraries, for which no truth was written: every raw parameter once, to be read by a person.

    python benchmarks/model_further.py x_transformers loralib neuralop …

Each library's models are built small and on the meta device, and classified. A line a distinct parameter that no layer
of torch.nn explains: kind, class and attribute, shape, model, witness and evidence. Then the totals: models, tensors by
kind, how the forward passes went, crashes, and models that took longer to classify than to build (CPU seconds).
Libraries that are not installed are left out and said.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from model_zoo import declare_torchvision, silence, time_limit

from wdlint.model.holding.tensors import qualified
from wdlint.model.kinds.classify import Classified, classify
from wdlint.model.loading.targets import emptied_parameters

Built = tuple[str, Callable[[], nn.Module]]


def x_transformers() -> Iterator[Built]:
    import x_transformers as x

    options: tuple[dict[str, Any], ...] = (
        {}, {"rel_pos_bias": True}, {"use_rmsnorm": True}, {"use_scalenorm": True}, {"attn_num_mem_kv": 4},
        {"attn_qk_norm": True, "attn_qk_norm_dim_scale": True}, {"gate_residual": True}, {"use_layerscale": True},
        {"use_dynamic_tanh": True}, {"scale_residual": True}, {"attn_head_scale": True}, {"num_residual_streams": 2},
        {"dynamic_pos_bias": True}, {"macaron": True}, {"ff_glu": True},
    )  # fmt: skip
    for given in options:
        layers = lambda given=given: x.Decoder(dim=64, depth=2, heads=4, **given)  # noqa: E731
        yield (
            f"decoder {given}",
            lambda make=layers: x.TransformerWrapper(num_tokens=100, max_seq_len=64, attn_layers=make()),
        )


def neuralop() -> Iterator[Built]:
    from neuralop.models import FNO, TFNO

    for modes in ((8,), (8, 8), (4, 4, 4)):
        yield (
            f"FNO {len(modes)}",
            lambda modes=modes: FNO(n_modes=modes, in_channels=3, out_channels=1, hidden_channels=16),
        )
    yield "TFNO", lambda: TFNO(n_modes=(8, 8), in_channels=3, out_channels=1, hidden_channels=16)
    for way in ("cp", "tt", "tucker"):
        yield (
            f"FNO {way}",
            lambda way=way: FNO(
                n_modes=(8, 8),
                in_channels=3,
                out_channels=1,
                hidden_channels=16,
                factorization=way,
                implementation="factorized",
            ),
        )


def loralib() -> Iterator[Built]:
    import loralib as lora

    yield "Linear", lambda: nn.Sequential(lora.Linear(16, 16, r=4))
    yield "MergedLinear", lambda: nn.Sequential(lora.MergedLinear(16, 48, r=4, enable_lora=[True, False, True]))
    yield "Conv2d", lambda: nn.Sequential(lora.Conv2d(3, 8, 3, r=4))
    yield "Embedding", lambda: nn.Sequential(lora.Embedding(16, 16, r=4))


def peft() -> Iterator[Built]:
    import peft as p
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    wishes = {"target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM", "num_virtual_tokens": 4}
    for name, kind in inspect.getmembers(p, inspect.isclass):
        if name.endswith("Config") and issubclass(kind, p.PeftConfig):
            given = {k: v for k, v in wishes.items() if k in kind.__dataclass_fields__}
            yield (
                name,
                lambda kind=kind, given=given: p.get_peft_model(
                    LlamaForCausalLM(LlamaConfig(vocab_size=100, num_key_value_heads=4, **sizes)), kind(**given)
                ),
            )


def segmentation_models_pytorch() -> Iterator[Built]:
    import segmentation_models_pytorch as smp

    for name in (
        "Unet",
        "UnetPlusPlus",
        "MAnet",
        "Linknet",
        "FPN",
        "PSPNet",
        "PAN",
        "DeepLabV3",
        "UPerNet",
        "Segformer",
    ):
        for encoder in ("resnet18", "efficientnet-b0", "mit_b0"):
            yield (
                f"{name} {encoder}",
                lambda name=name, encoder=encoder: getattr(smp, name)(encoder_name=encoder, encoder_weights=None),
            )


def pytorchcv() -> Iterator[Built]:
    from pytorchcv.model_provider import _models

    first: dict[str, str] = {}
    for name, make in _models.items():
        first.setdefault(make.__module__, name)
    for name in sorted(first.values()):
        yield name, lambda name=name: _models[name](pretrained=False)


def e3nn() -> Iterator[Built]:
    torch.serialization.add_safe_globals([slice])  # what its constants are stored with
    from e3nn import nn as layers
    from e3nn import o3

    irreps = "8x0e+8x1o"
    yield "Linear", lambda: o3.Linear(irreps, irreps)
    yield "FullyConnectedTensorProduct", lambda: o3.FullyConnectedTensorProduct(irreps, irreps, irreps)
    yield "FullyConnectedNet", lambda: layers.FullyConnectedNet([8, 16, 8], torch.relu)
    yield "BatchNorm", lambda: layers.BatchNorm(irreps)


_VISION = {
    "image_size": 64, "patch_size": 16, "num_classes": 10, "dim": 64, "depth": 2, "heads": 4, "mlp_dim": 64,
    "cls_depth": 1, "max_tokens_per_depth": (8, 4), "frames": 8, "image_patch_size": 16, "frame_patch_size": 2,
}  # fmt: skip


def vit_pytorch() -> Iterator[Built]:
    """Every transformer of the package that these arguments are enough for."""
    import vit_pytorch as v

    for file in pkgutil.iter_modules(v.__path__):
        try:
            module = importlib.import_module(f"vit_pytorch.{file.name}")
        except ImportError:  # some want a library for sound
            continue
        for name, cls in inspect.getmembers(module, inspect.isclass):
            if (
                not issubclass(cls, nn.Module)
                or cls.__module__ != module.__name__
                or "image_size" not in (accepted := inspect.signature(cls).parameters)
            ):
                continue
            given = {key: value for key, value in _VISION.items() if key in accepted}
            yield f"{file.name}.{name}", lambda cls=cls, given=given: cls(**given)


def vector_quantize_pytorch() -> Iterator[Built]:
    import vector_quantize_pytorch as v

    learned = {"learnable_codebook": True, "ema_update": False}
    yield "VectorQuantize", lambda: v.VectorQuantize(dim=16, codebook_size=32)
    yield "VectorQuantize, learned", lambda: v.VectorQuantize(dim=16, codebook_size=32, **learned)
    yield "ResidualVQ", lambda: v.ResidualVQ(dim=16, num_quantizers=2, codebook_size=32)
    yield "FSQ", lambda: v.FSQ(levels=[8, 5, 5], dim=16)
    yield "LFQ", lambda: v.LFQ(codebook_size=32, dim=16)
    yield "SimVQ", lambda: v.SimVQ(dim=16, codebook_size=32)
    yield "LatentQuantize", lambda: v.LatentQuantize(levels=[5, 5, 8], dim=16)


def denoising_diffusion_pytorch() -> Iterator[Built]:
    import denoising_diffusion_pytorch as d
    from denoising_diffusion_pytorch.karras_unet import KarrasUnet

    yield "Unet", lambda: d.Unet(dim=16, dim_mults=(1, 2))
    yield "Unet1D", lambda: d.Unet1D(dim=16, dim_mults=(1, 2), channels=3)
    yield "KarrasUnet", lambda: KarrasUnet(image_size=32, dim=32, dim_max=64, num_downsamples=2)
    yield "GaussianDiffusion", lambda: d.GaussianDiffusion(d.Unet(dim=16, dim_mults=(1, 2)), image_size=32)


LIBRARIES: dict[str, Callable[[], Iterator[Built]]] = {
    made.__name__: made
    for made in (
        x_transformers,
        neuralop,
        loralib,
        peft,
        segmentation_models_pytorch,
        pytorchcv,
        e3nn,
        vit_pytorch,
        vector_quantize_pytorch,
        denoising_diffusion_pytorch,
    )
}


def build(make: Callable[[], nn.Module]) -> nn.Module:
    try:
        with torch.device("meta"):
            return make()
    except Exception:
        with emptied_parameters():
            return make()


def line_of(one: Classified, model: str) -> str:
    p = one.parameter
    shape = "x".join(map(str, p.shape or ()))
    owner = type(one.held.owner).__qualname__
    return f"{p.kind.value:9} {owner}.{p.attribute} {shape} [{model}] {p.evidence.witness.value}: {p.evidence.text}"


def measure(library: str) -> None:
    totals: Counter[str] = Counter()
    passes: Counter[str] = Counter()
    met: set[tuple[object, ...]] = set()
    for name, make in LIBRARIES[library]():
        try:
            with silence(), time_limit(60):
                start = time.process_time()
                model = build(make)
                built = time.process_time() - start
        except (Exception, TimeoutError):
            totals["not built"] += 1
            continue
        with silence(), time_limit(120):
            start = time.process_time()
            seen = classify(model)
            totals["slower than building"] += time.process_time() - start > built
        totals["models"] += 1
        passes[seen.observed.partition(":")[0] or "none needed"] += 1
        for one in seen.parameters:
            p = one.parameter
            totals["tensors"] += 1
            totals[p.kind.value] += 1
            key = (qualified(type(one.held.owner)), p.attribute.rstrip("0123456789"), p.kind, p.ndim)
            if p.evidence.witness.value != "layer" and key not in met:
                met.add(key)
                print(line_of(one, name))
    print(f"{library}: {dict(totals)}; passes: {dict(passes)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="*", choices=[[], *LIBRARIES], help="default: all")
    declare_torchvision()
    torch.set_num_threads(1)
    for library in parser.parse_args().library or LIBRARIES:
        try:
            importlib.import_module(library)
        except ImportError as error:
            print(f"{library} is left out: {error}")
            continue
        measure(library)


if __name__ == "__main__":
    main()
