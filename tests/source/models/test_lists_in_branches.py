"""Lists of layers that are made and filled in a branch, and models of which no parameter is found."""

from __future__ import annotations

import pytest

from wdlint.api import check_source

PROGRAM = """\
import argparse
import torch
from torch import nn

def start(modules, args):
    return torch.optim.AdamW(modules.parameters(), weight_decay=args.weight_decay)

def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weight_decay", type=float, default=0.1)
    parser.add_argument("--method", default="plain")
    return parser.parse_args()

def main():
    args = options()
    if args.method == "hint":
{made}
        start(modules, args)

main()
"""
MADE = {
    "append": "        modules = nn.ModuleList([])\n        modules.append(nn.Linear(4, 4))",
    "extend": "        modules = nn.ModuleList()\n        modules.extend([nn.Linear(4, 4)])",
    "a list": "        layers = []\n        layers.append(nn.Linear(4, 4))\n        modules = nn.Sequential(*layers)",
    "add_module": "        modules = nn.Sequential()\n        modules.add_module('0', nn.Linear(4, 4))",
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_they_are_filled_where_they_are_made(made: str) -> None:
    (finding,) = check_source(PROGRAM.format(made=made))
    assert (finding.code, "0.bias" in finding.message) == ("WD101", True)


def test_what_another_branch_adds_is_not_there() -> None:
    made = """\
        modules = nn.ModuleList([nn.Linear(4, 4, bias=False)])
        if args.method == "plain":
            modules.append(nn.Linear(4, 4, bias=False))
        else:
            modules.append(nn.Linear(4, 4))"""
    found = check_source(PROGRAM.format(made=made))
    assert all(finding.confidence.name == "ASSUMED" for finding in found)


def test_a_model_of_which_nothing_is_found_can_not_be_seen() -> None:
    program = """\
import torch
from torch import nn
from parts import fill

modules = nn.ModuleList()
fill(modules)
opt = torch.optim.AdamW(modules.parameters(), weight_decay=0.1)
"""
    assert [finding.code for finding in check_source(program)] == ["WD103"]
