"""A group for each tensor, its decay a conditional expression."""

import torch
from model_under_test import build_model

model = build_model()
groups = []
for name, parameter in model.named_parameters():
    if not parameter.requires_grad:
        continue
    groups.append({"params": [parameter], "weight_decay": 0.0 if "bias" in name or "norm" in name else 0.05})
optimizer = torch.optim.AdamW(groups, lr=1e-4)
