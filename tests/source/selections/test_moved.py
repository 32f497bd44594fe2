"""Parameters of a part of a model, told by their names there, that are left out of or looked for in the whole."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import itertools

import torch
from torch import nn


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.first_norm = nn.LayerNorm(4)
        self.blocks = nn.ModuleList(
            [nn.ModuleDict({"fc": nn.Linear(4, 4), "block_norm": nn.LayerNorm(4)}) for _ in range(3)]
        )


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Body()
        self.head = nn.Linear(4, 2, bias=False)


net = Net()
"""
TAIL = """
kept = [p for p in net.parameters() if p not in spared]
groups = [{"params": kept}, {"params": list(spared), "weight_decay": 0.0}]
optimizer = torch.optim.SGD(groups, lr=0.1, weight_decay=0.1)"""
BIASES = "[p for n, p in net.named_parameters() if n.endswith('bias')]"
PROGRAMS = {
    "children of each block": f"""
        spared = set(
            itertools.chain(
                (p for n, p in net.body.named_parameters() if n.startswith("first_norm")),
                itertools.chain.from_iterable(
                    m.parameters()
                    for block in net.body.blocks
                    for name, m in block.named_children()
                    if name.endswith("_norm")
                ),
                {BIASES},
            )
        )
        """,
    "how names of a part begin": f"""
        spared = {{p for n, p in net.body.named_parameters() if n.startswith("first_norm")}}
        spared |= {{p for n, p in net.body.named_parameters() if "block_norm" in n}}
        spared |= set({BIASES})
        """,
    "whole names of a part": f"""
        told = ("first_norm.weight", "first_norm.bias")
        spared = {{p for n, p in net.body.named_parameters() if n in told or n.split(".")[-2] == "block_norm"}}
        spared |= set({BIASES})
        """,
    "a step of the names of a part": f"""
        spared = {{p for n, p in net.body.named_parameters() if n.split(".")[0] == "first_norm"}}
        spared |= {{p for n, p in net.body.blocks.named_parameters() if n.split(".")[1] == "block_norm"}}
        spared |= set({BIASES})
        """,
    "one of them forgotten": f"""
        spared = {{p for n, p in net.body.named_parameters() if n.startswith("body.first_norm")}}
        spared |= {{p for n, p in net.body.blocks.named_parameters() if n.split(".")[1] == "block_norm"}}
        spared |= set({BIASES})
        """,
}
FORGOTTEN = {"one of them forgotten"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_names_in_a_part(name: str) -> None:
    mark = "  # WD302" if name in FORGOTTEN else ""
    source = HEAD + dedent(PROGRAMS[name]).strip() + TAIL + mark + "\n"
    found, _ = lint_files({"train.py": source}, {"select": ("WD1", "WD3")})
    assert differences(found, marks_of({"train.py": source})) == []
    assert all("exemption `body.first_norm` matches" in finding.message for finding in found)
