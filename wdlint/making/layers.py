"""Write `layers.tsv`: the layers of torch.nn, and those of other libraries that were read in their source.

    python -m wdlint.making.layers READ.csv

READ.csv has one row a parameter: library, class, aliases, parameter, dimensions, kind. Only classes
whose parameters are all gains, biases or weights there enter the table, and they are marked as
incomplete unless they are known to hold nothing else: a class may have children that the reading
did not follow. Needs torch, for signatures and for what has no parameters.
"""

from __future__ import annotations

import csv
import importlib
import inspect
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from wdlint.knowledge.layers import TABLE
from wdlint.making.torch_layers import CONTAINERS, PARAMETERS, PARTS, RECURRENT_ARGUMENTS

HEADER = "# Written by wdlint/making/layers.py: path, other paths, arguments, parameters, parts, completeness"

KINDS = {
    "gain": "gain",
    "bias": "bias",
    "weight": "weight",
    "embedding": "embedding",
    "ssm": "other",
    "logit-scale": "other",
    "rel-pos-bias": "other",
    "token/pos-embed": "other",
}

# Norms of other libraries that hold nothing but what torch's class of the same kind holds.
LIKE_TORCH = {
    "apex.normalization.FusedLayerNorm": ("LayerNorm", "apex.normalization.fused_layer_norm.FusedLayerNorm"),
    "apex.normalization.MixedFusedLayerNorm": ("LayerNorm", "apex.normalization.fused_layer_norm.MixedFusedLayerNorm"),
    "apex.normalization.FusedRMSNorm": ("RMSNorm", "apex.normalization.fused_layer_norm.FusedRMSNorm"),
    "apex.normalization.MixedFusedRMSNorm": ("RMSNorm", "apex.normalization.fused_layer_norm.MixedFusedRMSNorm"),
    "apex.parallel.SyncBatchNorm": ("SyncBatchNorm", "apex.parallel.optimized_sync_batchnorm.SyncBatchNorm"),
    "transformers.modeling_bert.BertLayerNorm": ("LayerNorm", "transformers.modeling_roberta.BertLayerNorm"),
    "transformers.pytorch_utils.Conv1D": ("Linear", "transformers.modeling_utils.Conv1D"),
    "pytorch_transformers.modeling_bert.BertLayerNorm": ("LayerNorm", "pytorch_pretrained_bert.modeling.BertLayerNorm"),
    "fairseq.modules.FairseqLayerNorm": ("LayerNorm", "fairseq.modules.LayerNorm fairseq.modules.layer_norm.LayerNorm"),
    "fairseq.modules.Fp32LayerNorm": ("LayerNorm", "fairseq.modules.layer_norm.Fp32LayerNorm"),
    "fairseq.modules.Fp32GroupNorm": ("GroupNorm", "fairseq.modules.fp32_group_norm.Fp32GroupNorm"),
    "xformers.triton.FusedLayerNorm": ("LayerNorm", "xformers.triton.layer_norm.FusedLayerNorm"),
    "transformer_engine.pytorch.LayerNorm": ("LayerNorm", "transformer_engine.pytorch.module.layernorm.LayerNorm"),
    "transformer_engine.pytorch.RMSNorm": ("RMSNorm", "transformer_engine.pytorch.module.rmsnorm.RMSNorm"),
    "transformer_engine.pytorch.Linear": ("Linear", "transformer_engine.pytorch.module.linear.Linear"),
    "bitsandbytes.nn.Linear8bitLt": ("Linear", "bitsandbytes.nn.modules.Linear8bitLt"),
    "bitsandbytes.nn.Linear4bit": ("Linear", "bitsandbytes.nn.modules.Linear4bit"),
    "flash_attn.ops.rms_norm.RMSNorm": (
        "RMSNorm",
        "flash_attn.ops.triton.layer_norm.RMSNorm mamba_ssm.ops.triton.layer_norm.RMSNorm",
    ),
    "mamba_ssm.ops.triton.layernorm.RMSNorm": ("RMSNorm", ""),
    "fairscale.nn.model_parallel.layers.ColumnParallelLinear": ("Linear", ""),
    "fairscale.nn.model_parallel.layers.RowParallelLinear": ("Linear", ""),
    "fairscale.nn.model_parallel.layers.ParallelEmbedding": ("Embedding", ""),
    "fairscale.nn.model_parallel.layers.VocabParallelEmbedding": ("Embedding", ""),
    "detectron2.layers.Conv2d": ("Conv2d", "detectron2.layers.wrappers.Conv2d"),
    "detectron2.layers.NaiveSyncBatchNorm": ("BatchNorm2d", "detectron2.layers.batch_norm.NaiveSyncBatchNorm"),
    "mmcv.cnn.Linear": ("Linear", ""),
    "mmcv.ops.SyncBatchNorm": ("SyncBatchNorm", ""),
    "torch_geometric.nn.Linear": ("Linear", "torch_geometric.nn.dense.linear.Linear torch_geometric.nn.dense.Linear"),
}

# Read elsewhere: torch's from its signatures, the others' from their built models (`making/models.py`).
ELSEWHERE = {"torch", "transformers", "timm", "torchvision", "library", "(convention)", "open_clip", "swin"}

# These give up the parts that torch's class has.
NOTHING = {
    "detectron2.layers.FrozenBatchNorm2d",
    "torchvision.ops.FrozenBatchNorm2d",
    "torchvision.ops.misc.FrozenBatchNorm2d",
}


def arguments(cls: Any) -> str:
    """The constructor's arguments in order, with their defaults."""
    found = []
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        if name == "self" or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        default = parameter.default
        written = default is not parameter.empty and isinstance(default, (bool, int, type(None)))
        found.append(f"{name}={default}" if written else name)
    return " ".join(found)


def torch_lines() -> dict[str, list[str]]:
    """Path, aliases, arguments, parameters, parts and completeness of each layer of torch.nn."""
    nn: Any = importlib.import_module("torch.nn")
    found = {}
    for name in sorted(dir(nn)):
        cls = getattr(nn, name)
        if not (inspect.isclass(cls) and issubclass(cls, nn.Module)) or name in CONTAINERS:
            continue
        parameters = PARAMETERS.get(name, "")
        if not parameters and name not in PARTS and holds_parameters(cls):
            raise SystemExit(f"torch.nn.{name} has parameters and stands in no line of torch_layers.py")
        signature = RECURRENT_ARGUMENTS.get(name) or arguments(cls)
        home = f"{cls.__module__}.{cls.__qualname__}"
        found[name] = [f"torch.nn.{name}", home, signature, parameters, PARTS.get(name, ""), "complete"]
    for path in ("torch.nn.parallel.DistributedDataParallel", "torch.nn.parallel.distributed.DistributedDataParallel"):
        found[path] = [path, "", "module", "", "module=module", "complete"]
    found["NonDynamicallyQuantizableLinear"] = [
        "torch.nn.modules.linear.NonDynamicallyQuantizableLinear",
        "",
        *found["Linear"][2:],
    ]
    return found


def holds_parameters(cls: Any) -> bool:
    """Whether an instance built from small numbers has parameters; False where it can't be built so."""
    for values in ((), (2,), (2, 2)):
        try:
            return bool(list(cls(*values).parameters()))
        except Exception:  # wrong number of arguments, by each class in its own way
            continue
    return False


def read_lines(path: Path, known: set[str]) -> list[list[str]]:
    """Classes of other libraries, as far as the reading settled the kind of each parameter."""
    classes: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["library"] not in ELSEWHERE:
                classes[row["cls"]].append(row)
    found = []
    for cls, rows in classes.items():
        settled = [row for row in rows if row["kind"] in KINDS and row["param"].isidentifier()]
        if cls in known or not settled:
            continue
        parameters = dict.fromkeys(f"{row['param']}:{row['ndim']}:{KINDS[row['kind']]}" for row in settled)
        aliases = [alias for alias in rows[0]["aliases"].split() if alias not in known and alias != cls]
        found.append([cls, " ".join(aliases), "", " ".join(parameters), "", "partial"])
    return found


def main() -> None:
    torch_like = torch_lines()
    lines = list(torch_like.values())
    for path, (like, others) in LIKE_TORCH.items():
        if like:
            lines.append([path, others, *torch_like[like][2:]])
    lines += [[path, "", "", "", "", "complete"] for path in sorted(NOTHING)]
    known = {path for line in lines for path in (line[0], *line[1].split())}
    lines += read_lines(Path(sys.argv[1]), known)
    TABLE.write_text("\n".join([HEADER, *("\t".join(line) for line in sorted(lines))]) + "\n", encoding="utf-8")
    print(f"{len(lines)} layers, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
