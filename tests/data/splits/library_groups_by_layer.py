"""The helper of timm that makes groups for each layer."""

import torch
from model_under_test import build_model
from timm.optim import param_groups_layer_decay

model = build_model()
optimizer = torch.optim.AdamW(param_groups_layer_decay(model, 0.05, layer_decay=0.75), lr=1e-3)
