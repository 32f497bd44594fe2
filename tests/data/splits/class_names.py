"""Owners told by the names of their classes."""

import torch
from model_under_test import build_model

model = build_model()
decay, no_decay = [], []
for name, module in model.named_modules():
    kind = type(module).__name__
    for leaf, parameter in module.named_parameters(recurse=False):
        if "Norm" in kind or "BatchNorm" in module.__class__.__name__ or leaf == "bias" or kind == "Embedding":
            no_decay.append(parameter)
        else:
            decay.append(parameter)
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.05}, {"params": no_decay, "weight_decay": 0.0}])
