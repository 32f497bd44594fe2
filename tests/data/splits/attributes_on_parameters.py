"""Names that the model asks to leave alone, and flags on parameters."""

import torch
from model_under_test import build_model

model = build_model()
listed = model.no_weight_decay() if hasattr(model, "no_weight_decay") else set()
shrunk, kept = [], []
for name, parameter in model.named_parameters():
    if getattr(parameter, "_no_weight_decay", False):
        kept.append(parameter)
    elif name in listed or parameter.ndim < 2:
        kept.append(parameter)
    else:
        shrunk.append(parameter)
optimizer = torch.optim.AdamW([{"params": shrunk, "weight_decay": 0.05}, {"params": kept, "weight_decay": 0.0}])
