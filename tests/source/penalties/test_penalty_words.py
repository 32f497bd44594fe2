"""What a penalty's finding says: how many parameters of which kinds, its strength as it acts, and its lines."""

from __future__ import annotations

import textwrap

import pytest

from wdlint.api import check_source
from wdlint.facts import Finding

HEAD = """\
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--l2", type=float, default=1e-4)
args = parser.parse_args()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.norm = nn.LayerNorm(8)
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        return self.last(self.norm(self.first(x)).relu())


net = Net()
"""


def penalty(program: str) -> Finding:
    """The one penalty of a program."""
    findings = check_source(HEAD + textwrap.dedent(program), "train.py", select=("WD202", "WD203"))
    assert len(findings) == 1
    return findings[0]


def line_of(program: str, finding: Finding, words: str) -> str:
    """The source line that a note points to."""
    (place,) = [note.place for note in finding.notes if note.text == words]
    assert place is not None
    return (HEAD + textwrap.dedent(program)).splitlines()[place.line - 1].strip()


TERMS = {
    "c * net.first.weight.norm(2) ** 2": "1 weight (`first.weight`), times `c` (default 0.5,",
    "c * sum(p.pow(2).sum() for p in net.parameters())": (
        "2 weights (`first.weight`, `last.weight`), 1 gain (`norm.weight`) and "
        "3 biases (`first.bias`, `norm.bias`, `last.bias`), times `c`"
    ),
    "sum(p.pow(2).sum() for p in net.parameters() if p.ndim > 1)": "2 weights (`first.weight`, `last.weight`), times 1",
    "0.5 * 1e-3 * net.last.weight.pow(2).sum()": "times `0.5 * 1e-3` (5e-4,",
    "args.l2 * net.last.weight.pow(2).sum() / 2": "times `args.l2 / 2` (default 5e-5, line 7)",
    "args.l2 / 2 * net.last.weight.pow(2).sum()": "(default 5e-5,",
    "0.1 * net.first.weight.pow(2).mean()": "times 0.1, divided by the number of its entries (it is a mean)",
    "0.1 * torch.mean(net.first.weight ** 2)": "times 0.1, divided by the number of its entries (it is a mean)",
    "0.1 * sum(p.pow(2).mean() for p in net.parameters())": "divided by the number of its entries (it is a mean)",
    "0.1 * F.mse_loss(net.first.weight, torch.zeros(8, 4))": "divided by the number of its entries (it is a mean)",
    "0.1 * F.mse_loss(net.first.weight, torch.zeros(8, 4), reduction='sum')": "times 0.1",
    "(0.1 * net.first.weight.pow(2).sum()).mean()": "times 0.1",
}


@pytest.mark.parametrize(("term", "words"), TERMS.items(), ids=TERMS.keys())
def test_counts_kinds_and_strength(term: str, words: str) -> None:
    finding = penalty(f"""
        def step(x, y, c=0.5):
            loss = F.mse_loss(net(x), y) + {term}
            loss.backward()
    """)
    assert words in finding.message
    assert ("mean" in finding.message) == ("mean" in words)


STRENGTHS = {
    "through two helpers and a return": (
        """
        def squares(model):
            total = 0
            for p in model.parameters():
                total = total + p.pow(2).sum()
            return total

        def penalty(model, strength):
            return strength * squares(model)

        def step(x, y):
            loss = F.mse_loss(net(x), y)
            loss = loss + penalty(net, args.l2)
            loss.backward()
        """,
        "times `strength` (default 1e-4, line 7)",
        "loss = loss + penalty(net, args.l2)",
    ),
    "through a sum of parts": (
        """
        def step(x, y):
            fit = F.mse_loss(net(x), y)
            ridge = 0
            for p in net.parameters():
                ridge += p.pow(2).sum()
            parts = [fit, args.l2 * ridge]
            total = sum(parts)
            total.backward()
        """,
        "times `args.l2` (default 1e-4, line 7)",
        None,
    ),
    "by steps of the running loss": (
        """
        def step(x, y):
            loss = F.mse_loss(net(x), y)
            ridge = sum(p.pow(2).sum() for p in net.parameters())
            loss = loss + 0.5 * args.l2 * ridge
            loss = loss + F.l1_loss(net(x), y)
            loss.backward()
        """,
        "times `0.5 * args.l2` (default 5e-5",
        "loss = loss + 0.5 * args.l2 * ridge",
    ),
    "scaled in place": (
        """
        def step(x, y):
            ridge = sum(p.pow(2).sum() for p in net.parameters())
            ridge *= args.l2
            (F.mse_loss(net(x), y) + ridge).backward()
        """,
        "times `args.l2` (default 1e-4, line 7)",
        "(F.mse_loss(net(x), y) + ridge).backward()",
    ),
    "in an augmented assignment": (
        """
        def step(x, y):
            loss = F.mse_loss(net(x), y)
            for p in net.parameters():
                loss += args.l2 * p.pow(2).sum()
            loss.backward()
        """,
        "times `args.l2` (default 1e-4, line 7)",
        None,
    ),
    "in a loss for callers elsewhere": (
        """
        class Fit:
            def __init__(self):
                self.net = Net()
                self.weight = 0.01

            def reg_loss(self):
                return sum(p.pow(2).sum() for p in self.net.parameters())

            def all_reg(self):
                return self.reg_loss()

            def calculate_loss(self, x, y):
                return F.mse_loss(self.net(x), y) + self.weight * self.all_reg()
        """,
        "times `self.weight` (0.01, line",
        "return F.mse_loss(self.net(x), y) + self.weight * self.all_reg()",
    ),
}


@pytest.mark.parametrize(("program", "words", "joins"), STRENGTHS.values(), ids=STRENGTHS.keys())
def test_the_strength_is_kept_and_the_lines_are_told(program: str, words: str, joins: str | None) -> None:
    finding = penalty(program)
    assert words in finding.message
    if joins is not None:
        assert line_of(program, finding, "it joins the loss here") == joins


def test_terms_of_one_statement_with_strengths_of_their_own_are_two() -> None:
    text = HEAD + textwrap.dedent("""
        def step(x, y):
            loss = F.mse_loss(net(x), y) + 0.1 * net.first.weight.norm(2) ** 2 + 0.2 * net.last.weight.norm(2) ** 2
            loss.backward()
    """)
    said = [finding.message for finding in check_source(text, "train.py", select=("WD202",))]
    assert [("first" in m, "0.1" in m) for m in said] == [(True, True), (False, False)]
    assert "last.weight" in said[1] and "0.2" in said[1]


def test_terms_of_one_statement_with_one_strength_are_one() -> None:
    finding = penalty("""
        def step(x, y):
            loss = F.mse_loss(net(x), y) + 0.1 * (net.first.weight.norm(2) ** 2 + net.last.weight.norm(2) ** 2)
            loss.backward()
    """)
    assert "2 weights (`first.weight`, `last.weight`)" in finding.message


def test_decay_in_a_gradient_is_counted_too() -> None:
    finding = penalty("""
        def step():
            for p in net.parameters():
                p.grad.add_(p, alpha=args.l2)
    """)
    assert "2 weights (`first.weight`, `last.weight`), 1 gain (`norm.weight`) and 3 biases" in finding.message
    assert finding.message.startswith("a decay of `args.l2` (default 1e-4, line 7)")
