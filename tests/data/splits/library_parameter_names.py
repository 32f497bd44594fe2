"""The helper of transformers that gathers names outside of norm classes."""

import torch
from model_under_test import build_model
from torch import nn
from transformers.trainer_pt_utils import get_parameter_names

model = build_model()
names = get_parameter_names(model, [nn.LayerNorm])
names = [name for name in names if "bias" not in name]
groups = [
    {"params": [p for n, p in model.named_parameters() if n in names], "weight_decay": 0.1},
    {"params": [p for n, p in model.named_parameters() if n not in names], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-4)
