"""The ending .bias or a shape with one axis, asked by a condition that is a variable."""

import torch
from model_under_test import build_model


def no_decay_condition(name, parameter):
    return name.endswith(".bias") or len(parameter.shape) == 1


def param_groups(models, condition, strength):
    with_decay, without = [], []
    for model in models:
        for name, parameter in model.named_parameters():
            if not parameter.requires_grad:
                continue
            if condition is not None:
                no_decay = condition(name, parameter)
            else:
                no_decay = name.endswith(".bias") or len(parameter.shape) == 1
            if no_decay:
                without.append(parameter)
            else:
                with_decay.append(parameter)
    groups = []
    if len(with_decay):
        groups.append({"params": with_decay, "weight_decay": strength})
    if len(without):
        groups.append({"params": without, "weight_decay": 0.0})
    return groups


model = build_model()
optimizer = torch.optim.AdamW(param_groups([model], no_decay_condition, 0.1), lr=1e-4)
