"""Optimizers that `hydra.utils.instantiate` makes of a configuration: what must and must not be said in the script."""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

CONFIG = """\
defaults: [_self_, optim: adam]
net: {_target_: nets.Net, width: 8}
decoupled: {_target_: torch.optim.AdamW, weight_decay: 0.1}
partial: {_target_: torch.optim.AdamW, _partial_: true, weight_decay: 0.1}
silent: {_target_: torch.optim.AdamW, lr: 0.1}
none: {_target_: torch.optim.AdamW, weight_decay: 0.0}
hidden: {_target_: "${name}", weight_decay: 0.1}
"""
OPTIM = "_target_: torch.optim.Adam\nweight_decay: 1e-4\n"
NETS = """\
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
"""
SCRIPT = """\
import hydra
import torch
from hydra.utils import instantiate
from nets import Net


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    net = instantiate(cfg.net)
    {line}


main()
"""


@pytest.mark.parametrize(
    "line",
    [
        "optimizer = instantiate(cfg.decoupled, params=net.parameters())  # WD101, WD102",
        "optimizer = instantiate(cfg.decoupled, net.parameters())  # WD101, WD102",
        "optimizer = hydra.utils.instantiate(cfg.optim, net.parameters())  # WD101, WD102, WD201",
        "optimizer = instantiate(cfg.partial)(net.parameters())  # WD101, WD102",
        "optimizer = instantiate(cfg.partial, params=net.parameters())  # WD101, WD102",
        "optimizer = instantiate(cfg.silent, Net(8).parameters())  # WD104",
        "optimizer = instantiate(cfg.decoupled, [p for p in net.parameters() if p.ndim > 1])",
        "optimizer = instantiate(cfg.decoupled, params=net.parameters(), weight_decay=0.0)",
        "optimizer = instantiate(cfg.none, params=net.parameters())",
        "optimizer = instantiate(cfg.hidden, params=net.parameters())",
        "optimizer = instantiate(cfg.partial)",
    ],
)
def test_instantiate(line: str) -> None:
    script = SCRIPT.format(line=line)
    files = {"train.py": script, "nets.py": NETS, "conf/config.yaml": CONFIG, "conf/optim/adam.yaml": OPTIM}
    findings, errors = lint_files(files, {})
    assert errors == []
    found = [finding for finding in findings if finding.place.file == "train.py"]
    assert differences(found, marks_of({"train.py": script})) == []


def test_what_hydra_copies_is_not_edited() -> None:
    """Groups are dictionaries, which `instantiate` takes for configurations."""
    script = SCRIPT.format(line="optimizer = instantiate(cfg.decoupled, params=net.parameters())")
    findings, _ = lint_files({"train.py": script, "nets.py": NETS, "conf/config.yaml": CONFIG}, {})
    in_script = [finding for finding in findings if finding.place.file == "train.py"]
    assert [finding.fix for finding in in_script] == [None, None]
    assert all("_partial_" in finding.help for finding in in_script)
