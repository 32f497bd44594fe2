"""Names gathered by recursion, without those below certain classes; then a comparison of names."""

import torch
from model_under_test import build_model
from torch import nn


def names_outside(module, classes):
    found = []
    for name, child in module.named_children():
        if not isinstance(child, tuple(classes)):
            found += [f"{name}.{inner}" for inner in names_outside(child, classes)]
    found += list(module._parameters.keys())
    return found


model = build_model()
shrunk = names_outside(model, [nn.LayerNorm])
shrunk = [name for name in shrunk if "bias" not in name]
optimizer = torch.optim.AdamW(
    [
        {"params": [p for n, p in model.named_parameters() if n in shrunk], "weight_decay": 0.1},
        {"params": [p for n, p in model.named_parameters() if n not in shrunk], "weight_decay": 0.0},
    ],
    lr=1e-4,
)
