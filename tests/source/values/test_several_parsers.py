"""Several command lines in a project: the defaults that count are those of the one that is parsed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

NET = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
"""
COMMON = """\
def add_decay(parser):
    parser.add_argument("--wd", type=float, default=0.5)
"""
OPTIONS = """\
import argparse

from common import add_decay


def train_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wd", type=float, default=0.0)
    parser.add_argument("--strong", "--strong-wd", dest="strong", type=float, default=0.3)
    return parser.parse_args()


def old_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wd", type=float, default=0.5)
    parser.add_argument("--strong", type=float, default=0.0)
    return parser.parse_args()


def own_defaults():
    parser = argparse.ArgumentParser()
    add_decay(parser)
    parser.set_defaults(wd=0.0, other=1)
    return parser.parse_args()
"""
FILES = {"net.py": NET, "common.py": COMMON, "options.py": OPTIONS}
HEAD = """\
import argparse

import torch
from net import Net
from options import old_options, own_defaults, train_options


"""
PROGRAMS = {
    "the first of two in a file": """
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=train_options().wd)
        """,
    "the second of two in a file": """
        args = old_options()
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.wd)  # WD101
        """,
    "another option of the first": """
        args = train_options()
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.strong)  # WD101
        """,
    "by its key": """
        args = vars(train_options())
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args["wd"])
        """,
    "spread": """
        def fit(lr=0.1, wd=0.1, strong=0.1):
            return torch.optim.SGD(Net().parameters(), lr=lr, weight_decay=wd)

        fit(**vars(train_options()))
        """,
    "one that this file makes besides": """
        parser = argparse.ArgumentParser()
        parser.add_argument("--wd", type=float, default=0.5)
        mine = parser.parse_args()
        args = train_options()
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.wd)
        other = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=mine.wd)  # WD101
        """,
    "a default that is set anew": """
        args = own_defaults()
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.wd)
        """,
    "set anew here": """
        parser = argparse.ArgumentParser()
        parser.add_argument("--wd", type=float, default=0.0)
        parser.set_defaults(wd=0.2)
        args = parser.parse_args()
        optimizer = torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.wd)  # WD101
        """,
    "in functions of one file": """
        def train():
            parser = argparse.ArgumentParser()
            parser.add_argument("--weight-decay", type=float, default=0.0)
            args = parser.parse_args()
            return torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.weight_decay)


        def tune():
            parser = argparse.ArgumentParser()
            parser.add_argument("--weight-decay", type=float, default=0.1)
            args = parser.parse_args()
            return torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.weight_decay)  # WD101
        """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_the_one_that_is_parsed(program: str) -> None:
    source = HEAD + dedent(program).strip() + "\n"
    found, _ = lint_files({**FILES, "train.py": source}, {"select": ("WD1",)})
    assert differences(found, marks_of({"train.py": source})) == []


def test_one_that_cannot_be_told_may_be_either() -> None:
    source = HEAD + "def fit(args):\n    return torch.optim.SGD(Net().parameters(), lr=0.1, weight_decay=args.wd)\n"
    found, _ = lint_files({**FILES, "train.py": source}, {"select": ("WD101",)})
    assert ["one of several values" in finding.message for finding in found] == [True]
