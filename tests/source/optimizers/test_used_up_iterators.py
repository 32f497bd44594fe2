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
