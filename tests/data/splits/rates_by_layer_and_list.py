"""A pair of groups for each layer, with a falling learning rate."""

import torch
from model_under_test import build_model

model = build_model()
left_alone = ["bias", "LayerNorm.weight"]
layers = 12
groups = []
for depth in range(layers):
    inside = [(n, p) for n, p in model.named_parameters() if f"layer.{depth}." in n]
    groups += [
        {
            "params": [p for n, p in inside if not any(part in n for part in left_alone)],
            "weight_decay": 0.01,
            "lr": 2e-5 * 0.95 ** (layers - depth),
        },
        {
            "params": [p for n, p in inside if any(part in n for part in left_alone)],
            "weight_decay": 0.0,
            "lr": 2e-5 * 0.95 ** (layers - depth),
        },
    ]
groups.append({"params": [p for n, p in model.named_parameters() if "layer." not in n], "weight_decay": 0.01})
optimizer = torch.optim.AdamW(groups, lr=2e-5)
