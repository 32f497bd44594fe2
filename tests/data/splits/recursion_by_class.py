"""A recursive walk that sorts each module's own parameters by its class."""

import torch
from model_under_test import build_model
from torch import nn


def divided(model, strength, norm_strength=0.0):
    norm_classes = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
    sorted_out = {"other": [], "norm": []}

    def walk(module):
        for _, p in module.named_parameters(recurse=False):
            if not p.requires_grad:
                continue
            if isinstance(module, norm_classes):
                sorted_out["norm"].append(p)
            else:
                sorted_out["other"].append(p)
        for child in module.children():
            walk(child)

    walk(model)
    strengths = {"other": strength, "norm": norm_strength}
    return [{"params": sorted_out[key], "weight_decay": strengths[key]} for key in sorted_out]


model = build_model()
optimizer = torch.optim.SGD(divided(model, 1e-4), lr=0.1, momentum=0.9)
