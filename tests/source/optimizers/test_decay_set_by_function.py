"""A decay that a function sets in the groups of the optimizer that it is handed, as schedules of old papers do."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.facts import Confidence
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


HELPERS = """\
import torch
from torch import nn


def set_decay(optimizer, strength=None, enabled=True):
    if strength is None or not enabled:
        return optimizer
    for group in optimizer.param_groups:
        group["weight_decay"] = strength
    return optimizer


def by_key(optimizer, strength):
    for group in optimizer.param_groups:
        group["weight_decay"] = strength if group["decayed"] else 0.0


def spare(opt):
    for number, group in enumerate(opt.param_groups):
        if group.get("name") == "norms":
            group["weight_decay"] = 0.0


def of_another(optimizer, strength):
    optimizer = torch.optim.SGD(nn.Linear(2, 2, bias=False).parameters(), lr=0.1)
    for group in optimizer.param_groups:
        group["weight_decay"] = strength
"""
ELSEWHERE = {
    "given nothing": "set_decay(optimizer)",
    "switched off": "set_decay(optimizer, 0.1, enabled=False)",
    "under a constant that is false": "DEBUG = False\nif DEBUG:\n    set_decay(optimizer, 0.1)",
    "another optimizer of that name": "optimizer = torch.optim.SGD(nn.Linear(2, 2, bias=False).parameters(), lr=0.1)\n"
    "set_decay(optimizer, 0.1)",
    "another one inside": "of_another(optimizer, 0.1)",
}


@pytest.mark.parametrize("after", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_function_that_does_not_set_it(after: str) -> None:
    made = "net = Net()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n"
    source = f"from helpers import of_another, set_decay\n{HEAD}{made}{after}\n"
    found, _ = lint_files({"helpers.py": HELPERS, "train.py": source}, {})
    assert found == []


def test_a_function_of_another_file_sets_it() -> None:
    made = "net = Net()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)  # WD101, WD102\n"
    source = f"from helpers import set_decay\n{HEAD}{made}optimizer = set_decay(optimizer, 0.1)\n"
    found, _ = lint_files({"helpers.py": HELPERS, "train.py": source}, {})
    assert differences(found, marks_of({"train.py": source})) == []


@pytest.mark.parametrize("after", ["by_key(optimizer, 0.1)", "spare(optimizer)"])
def test_a_function_of_another_file_goes_by_what_is_in_the_groups(after: str) -> None:
    groups = """\
net = Net()
groups = [
    {"params": [p for p in net.parameters() if p.ndim > 1], "decayed": True, "name": "weights"},
    {"params": [p for p in net.parameters() if p.ndim < 2], "decayed": False, "name": "norms"},
]
optimizer = torch.optim.SGD(groups, lr=0.1, weight_decay=0.1)
"""
    source = f"from helpers import by_key, spare\n{HEAD}{groups}{after}\n"
    found, _ = lint_files({"helpers.py": HELPERS, "train.py": source}, {})
    assert [finding.code for finding in found if finding.confidence is Confidence.PROVEN] == []
    assert "WD401" not in [finding.code for finding in found]
