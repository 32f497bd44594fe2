"""Groups that a function of another, longer file makes: places of their keys are told in that file or not at all."""

from __future__ import annotations

from pathlib import Path

from wdlint.api import check_paths

PARTS = (
    "\n" * 80
    + """

def parts(model, rate):
    return [{"name": "body", "params": model.body.parameters(), "lr": rate}, {"params": model.head.parameters()}]


def without(groups):
    found = []
    for group in groups:
        kept = {key: value for key, value in group.items() if key != "name"}
        kept["params"] = group["params"]
        found.append(kept)
    return found
"""
)
TRAIN = """\
import torch
from torch import nn
from parts import parts, without


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.head = nn.Linear(4, 4)


net = Net()
optimizer = torch.optim.AdamW(GROUPS, weight_decay=0.1)
"""


def test_the_fault_is_said_and_mended(tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text(PARTS)
    for groups in ("parts(net, 0.1)", "without(parts(net, 0.1))"):
        script = tmp_path / "train.py"
        script.write_text(TRAIN.replace("GROUPS", groups))
        (finding,) = check_paths([str(script)])
        assert (finding.code, finding.place.line) == ("WD101", 14)
