"""Sets of names, subtracted from each other."""

import torch
from model_under_test import build_model

model = build_model()
by_name = dict(model.named_parameters())
everything = set(by_name.keys())
biases = {name for name in everything if name.split(".")[-1] == "bias"}
norms = {name for name in everything - biases if "norm" in name.lower() or "ln" in name}
weights = everything - (biases | norms)
optimizer = torch.optim.AdamW(
    [
        {"params": [by_name[name] for name in weights], "weight_decay": 0.1},
        {"params": [by_name[name] for name in biases | norms], "weight_decay": 0.0},
    ],
    lr=1e-3,
)
