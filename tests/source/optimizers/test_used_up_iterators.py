"""Iterators that one collection uses up, so that another one is empty (WD303)."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import torch
from torch import nn

model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
"""
GROUPS = '[{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]'

PROGRAMS = {
    "in one place": """
        named = model.named_parameters()
        decay = [p for n, p in named if p.ndim > 1]
        rest = [p for n, p in named if p.ndim <= 1]
        optimizer = torch.optim.AdamW(GROUPS)  # WD303
        """,
    "in a helper that is given it": """
        def split(named):
            decay = [p for n, p in named if p.ndim > 1]
            rest = [p for n, p in named if p.ndim <= 1]
            return GROUPS

        optimizer = torch.optim.AdamW(split(model.named_parameters()))  # WD303
        """,
    "in a helper, by a name": """
        def split(rate, named):
            decay = list(p for n, p in named if p.ndim > 1)
            rest = list(p for n, p in named if p.ndim <= 1)
            return GROUPS

        pairs = model.named_parameters()
        optimizer = torch.optim.AdamW(split(0.1, named=pairs))  # WD303
        """,
    "in a method of a class": """
        class Solver:
            def groups(self, params):
                decay = [p for p in params if p.ndim > 1]
                rest = [p for p in params if p.ndim <= 1]
                return GROUPS

        solver = Solver()
        optimizer = torch.optim.AdamW(solver.groups(model.parameters()))  # WD303
        """,
    "kept by an object": """
        class Solver:
            def __init__(self, net):
                self.net = net
                self.named = self.net.named_parameters()
                decay = [p for n, p in self.named if p.ndim > 1]
                rest = [p for n, p in self.named if p.ndim <= 1]
                self.optimizer = torch.optim.AdamW(GROUPS)  # WD303

        solver = Solver(model)
        """,
    "kept by an object, as a list": """
        class Solver:
            def __init__(self, net):
                self.named = list(net.named_parameters())
                decay = [p for n, p in self.named if p.ndim > 1]
                rest = [p for n, p in self.named if p.ndim <= 1]
                self.optimizer = torch.optim.AdamW(GROUPS)

        solver = Solver(model)
        """,
    "kept by an object, and asked for again": """
        class Solver:
            def __init__(self, net):
                self.net = net
                self.renew()
                decay = [p for n, p in self.named if p.ndim > 1]
                self.renew()
                rest = [p for n, p in self.named if p.ndim <= 1]
                self.optimizer = torch.optim.AdamW(GROUPS)

            def renew(self):
                self.named = self.net.named_parameters()

        solver = Solver(model)
        """,
    "kept by an object, set twice": """
        class Solver:
            def __init__(self, net):
                self.named = net.named_parameters()
                decay = [p for n, p in self.named if p.ndim > 1]
                self.named = net.named_parameters()
                rest = [p for n, p in self.named if p.ndim <= 1]
                self.optimizer = torch.optim.AdamW(GROUPS)

        solver = Solver(model)
        """,
    "in a helper that makes it": """
        def split(model):
            named = model.named_parameters()
            decay = [p for n, p in named if p.ndim > 1]
            rest = [p for n, p in named if p.ndim <= 1]
            return GROUPS

        optimizer = torch.optim.AdamW(split(model))  # WD303
        """,
    "in two loops": """
        named = model.named_parameters()
        decay, rest = [], []
        for n, p in named:
            if p.ndim > 1:
                decay.append(p)
        for n, p in named:
            if p.ndim <= 1:
                rest.append(p)
        optimizer = torch.optim.AdamW(GROUPS)  # WD303
        """,
    "a list in a helper": """
        def split(named):
            decay = [p for n, p in named if p.ndim > 1]
            rest = [p for n, p in named if p.ndim <= 1]
            return GROUPS

        optimizer = torch.optim.AdamW(split(list(model.named_parameters())))
        """,
    "made a list in the helper": """
        def split(named):
            named = list(named)
            decay = [p for n, p in named if p.ndim > 1]
            rest = [p for n, p in named if p.ndim <= 1]
            return GROUPS

        optimizer = torch.optim.AdamW(split(model.named_parameters()))
        """,
    "a dictionary in a helper": """
        def split(named):
            decay = [p for n, p in named.items() if p.ndim > 1]
            rest = [p for n, p in named.items() if p.ndim <= 1]
            return GROUPS

        optimizer = torch.optim.AdamW(split(dict(model.named_parameters())))
        """,
    "asked for twice": """
        decay, rest = [], []
        for p in model.parameters():
            if p.ndim > 1:
                decay.append(p)
        for p in model.parameters():
            if p.ndim <= 1:
                rest.append(p)
        optimizer = torch.optim.AdamW(GROUPS)
        """,
    "one loop for both": """
        named = model.named_parameters()
        decay, rest = [], []
        for n, p in named:
            if p.ndim > 1:
                decay.append(p)
            else:
                rest.append(p)
        optimizer = torch.optim.AdamW(GROUPS)
        """,
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_iterators(text: str) -> None:
    files = {"example.py": HEAD + dedent(text).replace("GROUPS", GROUPS)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD3")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


HELPER = """\
def split(pairs, strength):
    flat = ["bias", "norm"]
    return [
        {"params": [p for n, p in pairs if not any(word in n for word in flat)], "weight_decay": strength},
        {"params": [p for n, p in pairs if any(word in n for word in flat)], "weight_decay": 0.0},
    ]
"""
CALLS = {
    "imported by name": """
        from helpers import split
        optimizer = torch.optim.AdamW(split(model.named_parameters(), 0.1))  # WD303
        """,
    "asked of its module": """
        import helpers
        groups = helpers.split(pairs=model.named_parameters(), strength=0.1)
        optimizer = torch.optim.AdamW(groups)  # WD303
        """,
    "in a branch": """
        import sys
        from helpers import split
        strength = float(sys.argv[1])
        if strength:
            groups = split(model.named_parameters(), strength)
        else:
            groups = model.parameters()
        optimizer = torch.optim.AdamW(groups, weight_decay=0.0)  # WD303
        """,
    "given a list": """
        from helpers import split
        optimizer = torch.optim.AdamW(split(list(model.named_parameters()), 0.1))
        """,
}


@pytest.mark.parametrize("text", CALLS.values(), ids=CALLS)
def test_iterators_given_to_a_helper_of_another_file(text: str) -> None:
    files = {"helpers.py": HELPER, "example.py": HEAD + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD303",)})
    assert errors == []
    assert differences(findings, marks_of(files)) == []
