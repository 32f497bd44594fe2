"""A decay that a function sets in the groups of the optimizer that it is handed, as schedules of old papers do."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)


"""
PROGRAMS = {
    "at every step": """
        def schedule(optimizer, step, steps, gamma=10):
            for group in optimizer.param_groups:
                group["lr"] = group["lr0"] * (1 + gamma * step / steps) ** -0.75
                group["weight_decay"] = 1e-3
            return optimizer

        def train(batches):
            net = Net()
            groups = []
            for _, p in net.named_parameters():
                groups += [{"params": p, "lr": 0.1}]
            optimizer = torch.optim.SGD(groups)  # WD101, WD102
            for step, batch in enumerate(batches):
                schedule(optimizer, step, len(batches))
                optimizer.step()
        """,
    "returned, as a keyword": """
        def with_decay(strength, opt):
            for group in opt.param_groups:
                group["weight_decay"] = strength
            return opt

        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  # WD101, WD102
        optimizer = with_decay(opt=optimizer, strength=0.1)
        """,
    "a method": """
        class Trainer:
            def __init__(self, decay=0.05):
                self.net = Net()
                self.decay = decay
                self.optimizer = torch.optim.AdamW(self.net.parameters(), weight_decay=0.0)  # WD101, WD102
                self.adjust(self.optimizer)

            def adjust(self, optimizer):
                for group in optimizer.param_groups:
                    group.update(weight_decay=self.decay)
        """,
    "one group of two": """
        def strengthen(optimizer, strength=0.1):
            optimizer.param_groups[1]["weight_decay"] = strength

        net = Net()
        weights = [p for p in net.parameters() if p.ndim >= 2]
        others = [p for p in net.parameters() if p.ndim < 2]
        optimizer = torch.optim.SGD([{"params": weights}, {"params": others}], lr=0.1)  # WD301
        strengthen(optimizer)
        """,
    "the other group of two": """
        def strengthen(optimizer, strength=0.1):
            optimizer.param_groups[0]["weight_decay"] = strength

        net = Net()
        weights = [p for p in net.parameters() if p.ndim >= 2]
        others = [p for p in net.parameters() if p.ndim < 2]
        optimizer = torch.optim.SGD([{"params": weights}, {"params": others}], lr=0.1)
        strengthen(optimizer)
        """,
    "by what is in the group": """
        def schedule(optimizer, decay):
            for group in optimizer.param_groups:
                group["weight_decay"] = decay * group["decay_mult"]

        net = Net()
        optimizer = torch.optim.SGD([{"params": net.parameters(), "decay_mult": 0}], lr=0.1)
        schedule(optimizer, 0.1)
        """,
    "another optimizer": """
        def schedule(optimizer):
            for group in optimizer.param_groups:
                group["weight_decay"] = 1e-3

        net, other = Net(), nn.Linear(2, 2, bias=False)
        first = torch.optim.SGD(net.parameters(), lr=0.1)
        second = torch.optim.SGD(other.parameters(), lr=0.1)
        schedule(second)
        """,
    "another key": """
        def schedule(optimizer):
            for group in optimizer.param_groups:
                group["lr"] = 1e-3

        net = Net()
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        schedule(optimizer)
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_decay_set_by_a_function(text: str) -> None:
    files = {"example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD301")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


def test_several_models_are_listed() -> None:
    text = """
        one, two, three = Net(), Net(), Net()
        parameters = [*one.parameters(), *two.parameters(), *three.parameters()]
        optimizer = torch.optim.SGD(parameters, lr=0.1, weight_decay=0.1)
        """
    findings, _ = lint_files({"example.py": HEAD + dedent(text)}, {"select": ("WD102",)})
    assert ["of `one`, `two` and `three` by 0.1" in finding.message for finding in findings] == [True]
