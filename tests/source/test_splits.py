"""Well-known splits over models written here: what the engine says of each parameter is what happens.

The same splits over models of libraries are `benchmarks/splits.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers.split_agreement import Comparison, compare, happened, read, run, scripts

torch = pytest.importorskip("torch")

CONVOLUTIONS = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.squeeze = nn.Linear(width, width)


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        self.backbone = nn.ModuleList([Block(8) for _ in range(3)])
        self.fc = nn.Linear(8, 2)
"""

TOKENS = """
import torch
from torch import nn


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2)
        self.norm1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.norm2 = nn.LayerNorm(width)


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, 8))
        self.pos_embed = nn.Parameter(torch.zeros(1, 5, 8))
        self.embedding = nn.Embedding(10, 8)
        self.blocks = nn.Sequential(*[Layer(8) for _ in range(2)])
        self.LayerNorm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 10, bias=False)
"""

FROZEN = """
import torch
from torch import nn


class Root(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))


class Frozen(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(4, 4)
        self.ln_f = nn.LayerNorm(4)
        self.rms = Root(4)
        self.logit_scale = nn.Parameter(torch.tensor(1.0))
        self.head = nn.Linear(4, 2)
        self.table = nn.Parameter(torch.zeros(3, 4), requires_grad=False)
"""

MODELS = {"Convolutions": CONVOLUTIONS, "Tokens": TOKENS, "Frozen": FROZEN}
# Splits of which the engine does not claim to know everything, with the reason.
OPEN = {
    "below_other_modules": "modules within modules are asked by several classes at once",
    "names_below_classes": "a recursion that builds names",
    "recursion_by_class": "a recursion that fills two lists",
    "rates_by_layer_and_list": "a number in a name, counted by a loop",
    "attributes_on_parameters": "a list that the model may have",
}


def compared(script: Path, name: str) -> Comparison:
    names: dict[str, Any] = {}
    exec(MODELS[name], names)
    try:
        model, optimizer = run(script, names[name])
    except ImportError as missing:
        pytest.skip(str(missing))
    except (ValueError, AssertionError) as refused:
        pytest.skip(f"not for this model: {refused}")
    uses = read(script, MODELS[name], f"{name}()")
    return compare(uses[0] if len(uses) == 1 else None, happened(model, optimizer))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.stem)
def test_the_engine_says_what_happens(script: Path, name: str) -> None:
    found = compared(script, name)
    assert found.disagree == ()
    if script.stem not in OPEN:
        assert found.untold == 0
