"""Models out of a package by a name that can't be told: `getattr(models, name)`, stars in the package included."""

from __future__ import annotations

import pytest

from wdlint.facts import Confidence
from wdlint.linting.examples import lint_files

PACKAGE = "from .small import *\nfrom .large import *\n"
SMALL = """\
from torch import nn

__all__ = ["small"]


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        return self.norm(self.body(x))


def small():
    return Small()


def weights():
    return {}
"""
LARGE = """\
from torch import nn


class Large(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.norm = nn.LayerNorm(8)

    def forward(self, x):
        return self.norm(self.body(x))
"""
OPTIMIZER = "opt = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.1)\n"
HEAD = "import sys\nimport torch\nimport models\n"


@pytest.mark.parametrize(
    "made",
    [
        "getattr(models, sys.argv[1])()",
        "models.__dict__[torch.load(sys.argv[1])['arch']]()",
        "vars(models)[sys.argv[1]]()",
    ],
)
def test_models_of_a_package_are_seen_under_any_name(made: str) -> None:
    files = {"models/__init__.py": PACKAGE, "models/small.py": SMALL, "models/large.py": LARGE}
    files["train.py"] = f"{HEAD}model = {made}\n{OPTIMIZER}"
    findings, errors = lint_files(files, {"select": ("WD1",)})
    assert errors == []
    assert {finding.rule for finding in findings} == {"decayed-bias", "decayed-gain"}
    assert {name for finding in findings for name in finding.parameters} == {"body.bias", "norm.bias", "norm.weight"}
    assert {finding.confidence for finding in findings} == {Confidence.PROVEN}  # all that there are have it


def test_what_all_of_them_freeze_does_not_decay() -> None:
    files = {"models/__init__.py": PACKAGE, "models/small.py": SMALL, "models/large.py": LARGE}
    bare = "model.norm.requires_grad_(False)\nmodel.body.bias.requires_grad = False\n"
    files["train.py"] = f"{HEAD}model = getattr(models, sys.argv[1])()\n{bare}{OPTIMIZER}"
    findings, errors = lint_files(files, {"select": ("WD1",)})
    assert errors == []
    assert findings == []
