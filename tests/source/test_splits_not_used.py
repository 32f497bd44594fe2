"""Splits that are made and that the optimizer does not get, in every form (WD306).

Each program is a specification: `# WD306` at the end of a line says that the rule must report there, and no
other rule that is on by default may report anywhere.
"""

from __future__ import annotations

import pytest

from wdlint.linting.examples import differences, files_of, lint_files, marks_of

PROGRAMS = {
    "two lists, and the model": """
def build(model, args):
    decay, no_decay = [], []
    for name, p in model.named_parameters():
        if p.ndim < 2:
            no_decay.append(p)
        else:
            decay.append(p)
    print(len(decay), len(no_decay))
    return torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.03)  # WD306
""",
    "one list, and the model": """
def build(model, args):
    params_without_decay = [p for n, p in model.named_parameters() if n.endswith("bias") or "norm" in n]
    return torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.03)  # WD306
""",
    "a filter, and the model": """
def build(model, args):
    exempt = list(filter(lambda p: p.ndim < 2, model.parameters()))
    return torch.optim.AdamW([{"params": model.parameters()}], lr=args.lr, weight_decay=0.03)  # WD306
""",
    "halves that are added": """
def build(model, args):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decay + no_decay, "weight_decay": args.wd}]
    return torch.optim.AdamW(groups, lr=args.lr)  # WD306
""",
    "halves that are spread": """
def build(model, args):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW([*decay, *no_decay], lr=args.lr, weight_decay=args.wd)  # WD306
""",
    "halves of a helper that are chained": """
import itertools


def split(net):
    named = {n: p for n, p in net.named_parameters() if p.requires_grad}
    return [p for p in named.values() if p.dim() >= 2], [p for p in named.values() if p.dim() < 2]


def build(model, args):
    decay, no_decay = split(model)
    return torch.optim.AdamW(itertools.chain(decay, no_decay), lr=args.lr, weight_decay=args.wd)  # WD306
""",
    "a list that is handed on": """
def build(model, args):
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    register(no_decay)
    return torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.03)  # WD103
""",
    "a list of names": """
def build(model, args):
    no_decay = ["bias", "norm"]
    return torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.03)  # WD103
""",
    "halves that are used": """
def build(model, args):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    print(sum(p.numel() for p in no_decay))
    groups = [{"params": decay, "weight_decay": args.wd}, {"params": no_decay, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=args.lr)
""",
    "halves without decay": """
def build(model, args):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    return torch.optim.AdamW(decay + no_decay, lr=args.lr, weight_decay=0.0)
""",
    "two optimizers, one for each half": """
def build(model, args):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    no_decay = [p for p in model.parameters() if p.ndim < 2]
    first = torch.optim.AdamW(decay, lr=args.lr, weight_decay=0.1)
    return first, torch.optim.AdamW(no_decay, lr=args.lr, weight_decay=0.0)
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_unused_splits(name: str) -> None:
    files = files_of("import torch\n" + PROGRAMS[name])
    findings, errors = lint_files(files, {})
    assert errors == []
    assert differences([f for f in findings if not f.latent], marks_of(files)) == []
