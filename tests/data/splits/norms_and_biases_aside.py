"""Parameters of norms and biases are gathered first; all others are compared with them by identity."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
norm_types = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm2d, nn.LayerNorm)
aside = []
for module in model.modules():
    if isinstance(module, norm_types):
        aside += [p for p in module.parameters()]
    elif getattr(module, "bias", None) is not None:
        aside.append(module.bias)
aside_ids = set(map(id, aside))
rest = [p for p in model.parameters() if id(p) not in aside_ids]
optimizer = torch.optim.AdamW([{"params": rest, "weight_decay": 0.01}, {"params": aside, "weight_decay": 0.0}], lr=1e-3)
