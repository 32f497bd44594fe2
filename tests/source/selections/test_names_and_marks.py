"""Names of parameters that are held apart from them, prefixes of wrappers, and marks that the program sets."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wdlint.linting.examples import differences, lint_files, marks_of

NETWORK = """\
import collections
import itertools

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 3, bias=False)
        self.bn = nn.BatchNorm1d(8)
        self.fc = nn.Linear(8, 3)


def split(decay, rest):
    return [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]


model = Net()
"""

BY_NAME = {
    "keys of a dictionary": """
        named = dict(model.named_parameters())
        spared = [k for k in named if k.endswith("bias")]
        others = [k for k in named if not k.endswith("bias")]
        optimizer = torch.optim.AdamW(split([named[k] for k in others], [named[k] for k in spared]))  # WD301
        """,
    "keys of a dictionary in order": """
        named = collections.OrderedDict(model.named_parameters())
        spared = sorted(k for k in named.keys() if ".bias" in k)
        others = sorted(set(named) - set(spared))
        optimizer = torch.optim.AdamW(split([named[k] for k in others], [named[k] for k in spared]))  # WD301
        """,
    "keys of a dictionary of what is trained": """
        named = {n: p for n, p in model.named_parameters() if p.requires_grad}
        decay, rest = [], []
        for name in named:
            (rest if "bias" in name else decay).append(named[name])
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD301
        """,
    "keys, and all is well": """
        named = dict(model.named_parameters())
        decay = [named[k] for k in named if named[k].ndim > 1]
        rest = [named[k] for k in named if named[k].ndim <= 1]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "names and parameters unzipped": """
        names, params = zip(*model.named_parameters())
        mask = ["bias" not in n for n in names]
        decay = [p for p, keep in zip(params, mask) if keep]
        rest = [p for p, keep in zip(params, mask) if not keep]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD301
        """,
    "unzipped and zipped again": """
        names, params = map(list, zip(*model.named_parameters()))
        decay = [p for n, p in zip(names, params) if "bias" not in n]
        rest = [p for n, p in zip(names, params) if "bias" in n]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD301
        """,
    "a mask beside the parameters": """
        spare = [n.endswith("bias") for n, _ in model.named_parameters()]
        decay, rest = [], []
        for p, spared in zip(model.parameters(), spare):
            if spared:
                rest.append(p)
            else:
                decay.append(p)
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD301
        """,
    "a mask of dimensions, and all is well": """
        names, params = zip(*model.named_parameters())
        mask = [p.ndim > 1 for p in params]
        decay = [p for keep, p in zip(mask, params) if keep]
        rest = [p for keep, p in zip(mask, params) if not keep]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
}

PREFIXED = {
    "compiled, asked for the beginning": """
        model = torch.compile(model)
        decay = [p for n, p in model.named_parameters() if not n.startswith("bn") and not n.endswith("bias")]
        rest = [p for n, p in model.named_parameters() if n.startswith("bn") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD302
        """,
    "compiled, whole names": """
        model = torch.compile(model)
        skip = {"bn.weight", "bn.bias", "fc.bias"}
        decay = [p for n, p in model.named_parameters() if n not in skip]
        rest = [p for n, p in model.named_parameters() if n in skip]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD302
        """,
    "in parallel, asked for the beginning": """
        parallel = nn.parallel.DistributedDataParallel(model)
        decay = [p for n, p in parallel.named_parameters() if not (n.startswith("bn.") or n.endswith("bias"))]
        rest = [p for n, p in parallel.named_parameters() if n.startswith("bn.") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD302
        """,
    "in parallel, and asked for what is in it": """
        parallel = nn.DataParallel(model)
        decay = [p for n, p in parallel.module.named_parameters() if not (n.startswith("bn.") or n.endswith("bias"))]
        rest = [p for n, p in parallel.module.named_parameters() if n.startswith("bn.") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "in parallel, with the prefix": """
        parallel = nn.DataParallel(model)
        decay = [p for n, p in parallel.named_parameters() if not (n.startswith("module.bn.") or n.endswith("bias"))]
        rest = [p for n, p in parallel.named_parameters() if n.startswith("module.bn.") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "compiled later": """
        decay = [p for n, p in model.named_parameters() if not (n.startswith("bn.") or n.endswith("bias"))]
        rest = [p for n, p in model.named_parameters() if n.startswith("bn.") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))
        model = torch.compile(model)
        """,
    "in parallel perhaps: it can't be told": """
        if torch.cuda.device_count() > 1:
            model = nn.DataParallel(model)
        decay = [p for n, p in model.named_parameters() if not (n.startswith("bn.") or n.endswith("bias"))]
        rest = [p for n, p in model.named_parameters() if n.startswith("bn.") or n.endswith("bias")]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
}

MARKED = {
    "by a loop over layers": """
        for layer in (model.bn, model.fc):
            layer.bias._no_weight_decay = True
        model.bn.weight._no_weight_decay = True
        decay = [p for p in model.parameters() if not getattr(p, "_no_weight_decay", False)]
        rest = [p for p in model.parameters() if getattr(p, "_no_weight_decay", False)]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "by a loop over parameters": """
        for p in model.parameters():
            if p.ndim < 2:
                setattr(p, "_optim", {"weight_decay": 0.0})
        decay = [p for p in model.parameters() if not hasattr(p, "_optim")]
        rest = [p for p in model.parameters() if hasattr(p, "_optim")]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "by a function": """
        def spare(layer):
            if isinstance(layer, nn.BatchNorm1d):
                layer.weight.no_decay = layer.bias.no_decay = True
            elif isinstance(layer, nn.Linear):
                layer.bias.no_decay = True

        model.apply(spare)
        decay = [p for p in model.parameters() if not getattr(p, "no_decay", False)]
        rest = [p for p in model.parameters() if getattr(p, "no_decay", False)]
        optimizer = torch.optim.AdamW(split(decay, rest))
        """,
    "by nobody": """
        decay = [p for p in model.parameters() if not getattr(p, "_no_weight_decay", False)]
        rest = [p for p in model.parameters() if getattr(p, "_no_weight_decay", False)]
        optimizer = torch.optim.AdamW(split(decay, rest))  # WD301
        """,
}


def check(text: str) -> None:
    files = {"example.py": NETWORK + dedent(text)}
    findings, errors = lint_files(files, {"select": ("WD1", "WD301", "WD302", "WD305")})
    assert errors == []
    assert differences(findings, marks_of(files)) == []


@pytest.mark.parametrize("text", BY_NAME.values(), ids=BY_NAME)
def test_names_held_apart(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", PREFIXED.values(), ids=PREFIXED)
def test_prefixes_of_wrappers(text: str) -> None:
    check(text)


@pytest.mark.parametrize("text", MARKED.values(), ids=MARKED)
def test_marks_set_by_the_program(text: str) -> None:
    check(text)
