"""Two sets of full names, filled by the class of the owner, then looked up in a dictionary."""

import torch
from model_under_test import build_model
from torch import nn


def make_optimizer(model, rate, strength):
    shrunk, kept = set(), set()
    shrunk_classes = (nn.Linear, nn.Conv2d)
    kept_classes = (nn.LayerNorm, nn.Embedding, nn.BatchNorm2d)
    for path, module in model.named_modules():
        for leaf, _ in module.named_parameters(recurse=False):
            full = "%s.%s" % (path, leaf) if path else leaf
            if leaf.endswith("bias"):
                kept.add(full)
            elif leaf.endswith("weight") and isinstance(module, shrunk_classes):
                shrunk.add(full)
            elif leaf.endswith("weight") and isinstance(module, kept_classes):
                kept.add(full)
    by_name = {name: p for name, p in model.named_parameters()}
    groups = [
        {"params": [by_name[name] for name in sorted(shrunk) if name in by_name], "weight_decay": strength},
        {"params": [by_name[name] for name in sorted(kept) if name in by_name], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95))


model = build_model()
optimizer = make_optimizer(model, 6e-4, 0.1)
