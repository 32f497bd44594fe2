"""All parameters below modules that are no norms: nearly every parameter, norms included."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
shrunk = {p for m in model.modules() if not isinstance(m, (nn.LayerNorm, nn.BatchNorm2d)) for p in m.parameters()}
kept = [p for p in model.parameters() if p not in shrunk]
groups = [{"params": list(shrunk), "weight_decay": 0.1}, {"params": kept, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
