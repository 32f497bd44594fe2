"""Time and memory of classification beside building the model on meta, each model in a process of its own.

    python benchmarks/model_cost.py

Classification must cost less than the build. Also: a safetensors header with thousands of tensors.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn


def resnet50() -> nn.Module:
    """ResNet-50 by its published shape: bottlenecks of 3, 4, 6, 3."""

    class Bottleneck(nn.Module):
        def __init__(self, inside: int, width: int, stride: int) -> None:
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(inside, width, 1, bias=False), nn.BatchNorm2d(width)
            self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(width)
            self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
            self.shortcut = nn.Sequential()
            if stride != 1 or inside != 4 * width:
                self.shortcut.append(nn.Conv2d(inside, 4 * width, 1, stride, bias=False))
                self.shortcut.append(nn.BatchNorm2d(4 * width))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            out = self.bn1(self.conv1(x)).relu()
            out = self.bn3(self.conv3(self.bn2(self.conv2(out)).relu()))
            return (out + self.shortcut(x)).relu()

    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, 2, 1),
    ]
    inside = 64
    for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(depth):
            layers.append(Bottleneck(inside, width, stride if block == 0 else 1))
            inside = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


def vit_large() -> nn.Module:
    import timm

    return timm.create_model("vit_large_patch16_224")  # type: ignore[no-any-return]


def gpt2_xl() -> nn.Module:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config(n_embd=1600, n_layer=48, n_head=25))


def llama_70b() -> nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            hidden_size=8192, intermediate_size=28672, num_hidden_layers=80, num_attention_heads=64,
            num_key_value_heads=8, vocab_size=128256,
        )
    )  # fmt: skip


def prepare(build: Callable[[], nn.Module]) -> None:
    """Import what the build imports, so that neither side pays for it."""
    if build is vit_large:
        import timm  # noqa: F401
    elif build is not resnet50:
        from transformers import GPT2LMHeadModel, LlamaForCausalLM  # noqa: F401


def measure(build: Callable[[], nn.Module]) -> dict[str, float]:
    from wdlint.model.kinds.classify import classify

    prepare(build)
    start = time.perf_counter()
    with torch.device("meta"):
        model = build()
    built = time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = classify(model)
    done = time.perf_counter()
    again = min(_timed(lambda: classify(model)) for _ in range(5))
    rebuilt = min(_timed(lambda: _on_meta(build)) for _ in range(5))
    return {
        "tensors": len(seen.parameters),
        "elements": sum(c.size for c in seen.parameters),
        "build_ms": 1000 * (built - start),
        "classify_ms": 1000 * (done - built),
        "build_again_ms": 1000 * rebuilt,
        "classify_again_ms": 1000 * again,
        "more_MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
    }


def _on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return build()


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def header(tensors: int = 5000) -> float:
    """Milliseconds to read the header of a file that would hold 300 GB of values."""
    from wdlint.model.loading.checkpoint import safetensors_header

    names = {
        f"model.layers.{i}.weight": {"dtype": "BF16", "shape": [8192, 4096], "data_offsets": [0, 0]}
        for i in range(tensors)
    }
    text = json.dumps(names).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        path.write_bytes(len(text).to_bytes(8, "little") + text)
        return 1000 * min(_timed(lambda: safetensors_header(path)) for _ in range(5))


def main() -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    heads = (("model", 10), ("tensors", 9), ("elements", 10), ("build", 10), ("classify", 10), ("  again:", 8))
    print("".join(f"{head:>{width}}" for head, width in (*heads, ("build", 10), ("classify", 10), ("memory", 12))))
    for build in (resnet50, vit_large, gpt2_xl, llama_70b):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            m = pool.apply(measure, (build,))
        sizes = f"{build.__name__:>10}{m['tensors']:>9.0f}{m['elements'] / 1e9:>9.2f}G"
        first = f"{m['build_ms']:>8.0f}ms{m['classify_ms']:>8.0f}ms"
        again = f"{m['build_again_ms']:>8.0f}ms{m['classify_again_ms']:>8.0f}ms"
        print(f"{sizes}{first}{'':8}{again}{m['more_MiB']:>9.1f}MiB")
    print(f"safetensors header of 5,000 tensors: {header():.1f} ms")


if __name__ == "__main__":
    main()
