"""A group for each parameter, its decay multiplied by factors from a configuration."""

import torch
from model_under_test import build_model
from torch import nn

FACTORS = dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0)
BASE = dict(lr=1e-4, weight_decay=0.05)


def collect(model):
    groups = []
    for path, module in model.named_modules():
        is_norm = isinstance(module, (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm))
        for leaf, parameter in module.named_parameters(recurse=False):
            group = {"params": [parameter]}
            if not parameter.requires_grad:
                groups.append(group)
                continue
            if is_norm:
                group["weight_decay"] = BASE["weight_decay"] * FACTORS["norm_decay_mult"]
            elif leaf == "bias":
                group["weight_decay"] = BASE["weight_decay"] * FACTORS["bias_decay_mult"]
            elif parameter.ndim == 1:
                group["weight_decay"] = BASE["weight_decay"] * FACTORS["flat_decay_mult"]
            groups.append(group)
    return groups


model = build_model()
optimizer = torch.optim.AdamW(collect(model), **BASE)
