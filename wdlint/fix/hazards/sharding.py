"""Sharding that takes their dimensions from parameters, or flattens them, and fixes that ask for dimensions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wdlint.facts import Edit, Kind, OptimizerUse, Ternary
from wdlint.fix.program import Program, dotted
from wdlint.knowledge.written import HELPER_NAME
from wdlint.source.read import tree as t
from wdlint.source.read.syntax import last_part

FLATTENED = "FSDP without `use_orig_params=True` flattens parameters: no split can tell gains and biases from weights"
SHARDED = "sharding leaves every parameter with one dimension, so dimensions tell nothing"

# Calls after which, or under which, parameters have one dimension each. FSDP2 (`fully_shard`) keeps their shapes.
# Beside accelerate's stand-ins for DeepSpeed a file says whether it shards.
_SHARDS = frozenset(
    "FSDP FullyShardedDataParallel FSDPStrategy DDPFullyShardedStrategy FullyShardedDataParallelPlugin "
    "XlaFullyShardedDataParallel FullyShardedNativeTorchPolicy "
    "DeepSpeedPlugin DummyOptim".split()
)
_BY_DIMENSION = re.compile(rf"\b(ndim|dim|shape|{HELPER_NAME})\b")


def counts_dimensions(edits: Sequence[Edit]) -> bool:
    """Whether the text of a fix asks for dimensions."""
    return any(_BY_DIMENSION.search(edit.text) for edit in edits)


def shards(program: Program) -> bool:
    """Whether the program shards a model so that its parameters lose their dimensions."""
    for node in program.nodes:
        if not isinstance(node, t.Call):
            continue
        name = dotted(node.func) or ""
        last = last_part(node.func)
        if last in _SHARDS or (last == "Init" and ("zero" in name or "deepspeed" in name)):
            return True
        for argument in node.args:
            value = argument.value
            if argument.keyword == "strategy" and isinstance(value, t.Const):
                if isinstance(value.value, str) and value.value.startswith(("fsdp", "deepspeed_stage_3")):
                    return True
    return False


def flattens(program: Program) -> bool:
    """Whether the program wraps a model in FSDP that flattens parameters."""
    for node in program.nodes:
        if isinstance(node, t.Call) and last_part(node.func) in ("FSDP", "FullyShardedDataParallel"):
            value = next((a.value for a in node.args if a.keyword == "use_orig_params"), None)
            spread = any(a.star == "**" for a in node.args)
            if not spread and not (isinstance(value, t.Const) and value.value is True):
                return True
    return False


def needs_a_model(use: OptimizerUse) -> bool:
    """Whether a decayed group may hold gains or biases that no count of dimensions tells from weights."""
    decayed = [g for g in use.groups if g.amount.decays or g.amount.latent]
    return use.inventory is not None and any(
        p.kind in (Kind.GAIN, Kind.BIAS)
        and p.ndim is not None
        and p.ndim >= 2
        and any(index >= len(g.members) or g.members[index] is not Ternary.NO for g in decayed)
        for index, p in enumerate(use.inventory.parameters)
    )
