"""A model of which nothing or only a part could be read is not one without parameters."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import argparse
import ast

import timm
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--kind", default="small")
parser.add_argument("--pretrained", type=ast.literal_eval, default="False")
parser.add_argument("--strength", type=float, default="0.1")
parser.add_argument("--nothing", type=float, default="0.0")
args = parser.parse_args()


"""
PROGRAMS = {
    "no branch of the constructor is taken": """
        class Net(nn.Module):
            def __init__(self, kind):
                super().__init__()
                if kind == "tiny":
                    self.body = nn.Linear(4, 4)
                elif kind == "large":
                    self.body = nn.Linear(8, 8)

        optimizer = torch.optim.AdamW(Net(args.kind).parameters(), weight_decay=0.1)  # WD103
        """,
    "a text that the option's type reads": """
        class Net(nn.Module):
            def __init__(self, pretrained):
                super().__init__()
                if pretrained == False:
                    self.body = nn.Linear(4, 4)
                    self.norm = nn.LayerNorm(4)
                else:
                    self.body = torch.load("body.pt")

        net = Net(args.pretrained)
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=args.strength)  # WD101, WD102
        """,
    "a text that the option's type reads as nothing": """
        net = nn.Linear(4, 4)
        optimizer = torch.optim.AdamW(net.parameters(), weight_decay=args.nothing)
        """,
    "a model of a library under a name that is not known": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.v = timm.create_model("vit_of_a_fork_patch16_384")
                self.head = nn.Linear(4, 2, bias=False)

            def forward(self, x):
                for block in self.v.blocks:
                    x = block(x)
                return self.head(x)

        net = Net()
        flat = ["norm", "bias"]
        rest = [p for n, p in net.named_parameters() if not any(word in n for word in flat)]
        kept = [p for n, p in net.named_parameters() if any(word in n for word in flat)]
        optimizer = torch.optim.AdamW([{"params": rest}, {"params": kept, "weight_decay": 0.0}])
        """,
    "a loss without parameters": """
        class Distance(nn.Module):
            def forward(self, a, b):
                return (a - b).abs().mean()

        net, loss = nn.Linear(4, 4, bias=False), Distance()
        optimizer = torch.optim.AdamW([*net.parameters(), *loss.parameters()], weight_decay=0.1)
        """,
    "options out of a dictionary": """
        def add_dict(parser, defaults):
            for key, value in defaults.items():
                parser.add_argument(f"--{key}", default=value, type=type(value))

        options = dict(rate=0.1, decay=0.0)
        options.update(dict(steps=4))
        second = argparse.ArgumentParser()
        add_dict(second, options)
        given = second.parse_args()
        net = nn.Linear(4, 4)
        optimizer = torch.optim.AdamW(net.parameters(), lr=given.rate, weight_decay=given.decay)
        """,
    "options out of a dictionary that decay": """
        def arguments_from(values, parser):
            for key, value in values.items():
                parser.add_argument("--" + key, default=value)

        def made():
            second = argparse.ArgumentParser()
            arguments_from({"rate": 0.1, "decay": 0.2}, second)
            return second.parse_args()

        given = made()
        net = nn.Linear(4, 4)
        optimizer = torch.optim.AdamW(net.parameters(), lr=given.rate, weight_decay=given.decay)  # WD101
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_what_could_not_be_read(text: str) -> None:
    files = {"example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
