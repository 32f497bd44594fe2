"""Parameters that one of several decayed groups holds: they are said to decay as the weights' group does."""

from __future__ import annotations

from wdlint.linting.examples import lint_files

SCRIPT = """\
import copy

import torch


def build(cfg, model):
    params = []
    for _, module in model.named_modules():
        for name, value in module.named_parameters(recurse=False):
            options = copy.copy({{"lr": cfg.LR, "weight_decay": cfg.DECAY}})
            if "pos_embed" in name:
                options["weight_decay"] = 0.0
            if isinstance(module, (torch.nn.LayerNorm, torch.nn.BatchNorm2d, torch.nn.GroupNorm)):
                options["weight_decay"] = cfg.DECAY_OF_NORMS
            {bias}
            if isinstance(module, torch.nn.Embedding):
                options["weight_decay"] = cfg.DECAY_OF_EMBEDDINGS
            params.append({{"params": [value], **options}})
    return torch.optim.AdamW(params, cfg.LR)
"""


def test_biases_decay_as_weights_do() -> None:
    findings, _ = lint_files({"train.py": SCRIPT.format(bias="")}, {})
    (finding,) = findings
    assert finding.code == "WD301"
    assert "the biases in a decayed group, at `cfg.DECAY` " in finding.message


def test_nothing_is_said_where_biases_are_exempt_too() -> None:
    bias = "if name.endswith('bias'):\n                options['weight_decay'] = 0.0"
    assert lint_files({"train.py": SCRIPT.format(bias=bias)}, {})[0] == []
