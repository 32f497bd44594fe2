"""Biases, gains and weights gathered from modules into three lists, added group by group."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
g = [], [], []
norms = tuple(v for k, v in nn.__dict__.items() if "Norm" in k)
for module in model.modules():
    if hasattr(module, "bias") and isinstance(module.bias, nn.Parameter):
        g[2].append(module.bias)
    if isinstance(module, norms) and isinstance(getattr(module, "weight", None), nn.Parameter):
        g[1].append(module.weight)
    elif hasattr(module, "weight") and isinstance(module.weight, nn.Parameter):
        g[0].append(module.weight)

optimizer = torch.optim.SGD(g[2], lr=0.01, momentum=0.937, nesterov=True)
optimizer.add_param_group({"params": g[0], "weight_decay": 5e-4})
optimizer.add_param_group({"params": g[1], "weight_decay": 0.0})
