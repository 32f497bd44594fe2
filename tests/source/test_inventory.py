"""The inventory of a model, read from its source, and torch's own list of the same model's parameters."""

from __future__ import annotations

import textwrap

import libcst

from wdlint.facts import Inventory, Kind, Parameter, Ternary
from wdlint.source.evaluate import Evaluator
from wdlint.source.inventory import inventory
from wdlint.source.lower import expression
from wdlint.source.parse import parse_text
from wdlint.source.project import Project

HEADER = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom torch.nn import Parameter\n"


def read(source: str, model: str = "Net()") -> Inventory:
    """The inventory of `model`, written below `source`."""
    module = parse_text(HEADER + textwrap.dedent(source), "net.py")
    evaluator = Evaluator(Project(), module)
    expr = expression(libcst.parse_expression(model))
    values = evaluator.evaluate(expr, evaluator.frame(module.scope).at(None))
    assert len(values) == 1
    found = inventory(evaluator, values[0])
    assert found is not None
    return found


def by_name(found: Inventory) -> dict[str, Parameter]:
    return {p.name: p for p in found.parameters}


def test_a_module_holds_its_layers_and_raw_parameters() -> None:
    found = read(
        """
        class Net(nn.Module):
            def __init__(self, width=8):
                super().__init__()
                self.fc = nn.Linear(width, 4)
                self.norm = nn.LayerNorm(4)
                self.scale = nn.Parameter(torch.ones(4))
            def forward(self, x):
                return self.norm(self.fc(x)) * self.scale
        """
    )
    assert found.complete
    assert {p.name: (p.kind, p.ndim) for p in found.parameters} == {
        "scale": (Kind.GAIN, 1),
        "fc.weight": (Kind.WEIGHT, 2),
        "fc.bias": (Kind.BIAS, 1),
        "norm.weight": (Kind.GAIN, 1),
        "norm.bias": (Kind.BIAS, 1),
    }
    assert all(p.present is Ternary.YES for p in found.parameters)
    assert by_name(found)["norm.weight"].owner == "torch.nn.LayerNorm"
    assert by_name(found)["norm.weight"].ancestors == ("net.Net",)
