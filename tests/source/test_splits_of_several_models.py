"""One split for each of several models: a pattern that one of them has is not dead for the others."""

from __future__ import annotations

from wdlint.linting.examples import differences, lint_files, marks_of

HEAD = """\
import torch
from torch import nn


class Upper(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.LayerNorm = nn.LayerNorm(4)


class Lower(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.layer_norm = nn.LayerNorm(4)


class Short(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 4)
        self.ln = nn.LayerNorm(4)


"""
SPLIT = """\
    no_decay = ["bias", "LayerNorm.weight"]
    named = list(model.named_parameters())
    groups = [
        {"params": [p for n, p in named if not any(nd in n for nd in no_decay)], "weight_decay": 0.1},
        {"params": [p for n, p in named if any(nd in n for nd in no_decay)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups)"""


def check(choice: str, wrong: str) -> None:
    text = f"{HEAD}def build(kind):\n{choice}\n{SPLIT}  # {wrong}\n"
    findings, errors = lint_files({"example.py": text}, {"select": ("WD3",)})
    assert errors == []
    assert differences(findings, marks_of({"example.py": text})) == []


def test_a_pattern_of_one_of_them_is_incomplete_for_the_others() -> None:
    check('    model = {"upper": Upper, "lower": Lower, "short": Short}[kind]()', "WD301")
    check('    model = Upper() if kind == "upper" else Lower()', "WD301")
    check('    if kind == "lower":\n        model = Lower()\n    else:\n        model = Upper()', "WD301")


def test_a_pattern_of_none_of_them_is_dead() -> None:
    check('    model = {"lower": Lower, "short": Short}[kind]()', "WD302")
    check('    model = Short() if kind == "short" else Lower()', "WD302")
