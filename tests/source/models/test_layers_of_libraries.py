"""Layers of a project that derive from a library's class are layers, wherever the library is."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

PROGRAM = """\
import torch
from torch import nn
{import_}

class Conv({base}):
    def __init__(self, width):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width, bias=False))

    def {method}(self, x):
        return self.mlp(x)

class Net(nn.Module):
    def __init__(self, kind="gin"):
        super().__init__()
        self.convs = nn.ModuleList()
        for _ in range(3):
            if kind == "gin":
                self.convs.append(Conv(8))

net = {model}
opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
"""
BASES = {
    "torch_geometric": ("from torch_geometric.nn import MessagePassing", "MessagePassing"),
    "another library's": ("from graphs import layers", "layers.GraphLayer"),
    "a class of that name": ("import graphs", "graphs.Layer"),
}


@pytest.mark.parametrize("model", ["Net()", "Conv(8)"])
@pytest.mark.parametrize(("import_", "base"), BASES.values(), ids=BASES)
def test_their_biases_are_seen(import_: str, base: str, model: str) -> None:
    program = PROGRAM.format(import_=import_, base=base, method="forward", model=model)
    (finding,) = check_source(program)
    assert (finding.code, "mlp.0.bias`" in finding.message) == ("WD101", True)


def test_of_what_has_no_forward_nothing_is_told() -> None:
    program = PROGRAM.format(import_="import data", base="data.Reader", method="read", model="Net()")
    assert {finding.code for finding in check_source(program)} <= {"WD103"}
