"""One group for each parameter; its decay by the class of its owner and its name."""

import torch
from model_under_test import build_model
from torch import nn

NORMS = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.SyncBatchNorm,
    nn.GroupNorm,
    nn.InstanceNorm2d,
    nn.LayerNorm,
    nn.LocalResponseNorm,
)


def grouped(model, rate, strength, norm_strength=0.0, bias_strength=0.0):
    groups = []
    seen = set()
    for module in model.modules():
        for key, value in module.named_parameters(recurse=False):
            if not value.requires_grad:
                continue
            if value in seen:
                continue
            seen.add(value)
            decay = strength
            if isinstance(module, NORMS):
                decay = norm_strength
            elif key == "bias":
                decay = bias_strength
            groups += [{"params": [value], "lr": rate, "weight_decay": decay}]
    return groups


model = build_model()
optimizer = torch.optim.SGD(grouped(model, 0.02, 1e-4), lr=0.02, momentum=0.9)
