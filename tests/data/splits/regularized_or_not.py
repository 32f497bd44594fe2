"""Biases and norms are told by ending and shape; the second list gets its strength in place."""

import torch
from model_under_test import build_model


def params_groups(model):
    regularized = []
    not_regularized = []
    for name, param in model.named_parameters():
        if not param.requires_grad:
            continue
        if name.endswith(".bias") or len(param.shape) == 1:
            not_regularized.append(param)
        else:
            regularized.append(param)
    return [{"params": regularized}, {"params": not_regularized, "weight_decay": 0.0}]


model = build_model()
optimizer = torch.optim.AdamW(params_groups(model), lr=5e-4, weight_decay=0.04)
