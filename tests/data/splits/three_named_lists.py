"""The same with three names and the batch norm alone."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
pg0, pg1, pg2 = [], [], []
for path, module in model.named_modules():
    if hasattr(module, "bias") and isinstance(module.bias, nn.Parameter):
        pg2.append(module.bias)
    if isinstance(module, nn.BatchNorm2d):
        pg0.append(module.weight)
    elif hasattr(module, "weight") and isinstance(module.weight, nn.Parameter):
        pg1.append(module.weight)

optimizer = torch.optim.SGD(pg0, lr=0.01, momentum=0.9, nesterov=True)
optimizer.add_param_group({"params": pg1, "weight_decay": 5e-4})
optimizer.add_param_group({"params": pg2})
del pg0, pg1, pg2
