"""detectron2's groups: what `get_default_optimizer_params` exempts, called at once or by `LazyCall`."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

START = """\
import torch
from torch import nn
from detectron2.config import LazyCall as L
from detectron2.solver import get_default_optimizer_params as groups

model = nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8))
AdamW = torch.optim.AdamW
"""


@pytest.mark.parametrize(
    "line",
    [
        "AdamW(groups(model, base_lr=1e-3), weight_decay=0.1)  # WD101, WD102",
        "AdamW(groups(model, weight_decay=0.1, weight_decay_norm=None))  # WD101, WD102",
        "AdamW(groups(model, weight_decay_norm=0.0), weight_decay=0.1)  # WD301",
        "AdamW(groups(model, weight_decay_norm=0.0, weight_decay_bias=0.0), weight_decay=0.1)",
        "AdamW(groups(model), weight_decay=0.0)",
        "L(AdamW)(params=L(groups)(base_lr='${..lr}'), lr=1e-4, weight_decay=0.1)  # WD103",
        "L(AdamW)(params=L(groups)(weight_decay_norm=0.0, weight_decay_bias=0.0), lr=1e-4, weight_decay=0.1)",
    ],
)
def test_groups_of_detectron2(line: str) -> None:
    files = {"config.py": f"{START}{line}\n"}
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


def test_what_is_called_later_is_not_edited() -> None:
    """The model is not there yet where the configuration is written."""
    line = "L(AdamW)(params=L(groups)(base_lr='${..lr}'), lr=1e-4, weight_decay=0.1)"
    findings, _ = lint_files({"config.py": f"{START}{line}\n"}, {})
    assert [(finding.code, finding.fix) for finding in findings] == [("WD103", None)]
    assert "weight_decay_norm=0.0" in findings[0].help
