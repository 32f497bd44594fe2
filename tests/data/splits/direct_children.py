"""The weights of direct children alone; what lies below them, and all the rest, is in a second group."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
own = [layer.weight for layer in model.children() if isinstance(layer, (nn.Linear, nn.Conv2d, nn.Embedding))]
named = [layer.bias for _, layer in model.named_children() if isinstance(layer, nn.Linear) and layer.bias is not None]
taken = {id(p) for p in own + named}
optimizer = torch.optim.AdamW(
    [
        {"params": own, "weight_decay": 0.1},
        {"params": named, "weight_decay": 0.0},
        {"params": [p for p in model.parameters() if id(p) not in taken], "weight_decay": 0.02},
    ],
    lr=1e-3,
)
