"""One dimension, the ending .bias, or a name on a list: no decay."""

import torch
from model_under_test import build_model


def divided(model, strength=1e-5, left_out=()):
    shrunk = []
    kept = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim <= 1 or name.endswith(".bias") or name in left_out:
            kept.append(parameter)
        else:
            shrunk.append(parameter)
    return [{"params": kept, "weight_decay": 0.0}, {"params": shrunk, "weight_decay": strength}]


model = build_model()
optimizer = torch.optim.AdamW(divided(model, 0.05), lr=1e-3)
