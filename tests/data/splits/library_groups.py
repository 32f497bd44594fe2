"""The helper of timm that makes the two groups."""

import torch
from model_under_test import build_model
from timm.optim import param_groups_weight_decay

model = build_model()
optimizer = torch.optim.AdamW(param_groups_weight_decay(model, 0.05), lr=1e-3)
