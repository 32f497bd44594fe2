"""Vectors, biases, listed names and names that contain a keyword are kept from decay."""

import torch
from model_under_test import build_model


def mentions(name, keywords=()):
    found = False
    for keyword in keywords:
        if keyword in name:
            found = True
    return found


def split(model, listed=(), keywords=()):
    has, hasnt = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if len(parameter.shape) == 1 or name.endswith(".bias") or (name in listed) or mentions(name, keywords):
            hasnt.append(parameter)
        else:
            has.append(parameter)
    return [{"params": has}, {"params": hasnt, "weight_decay": 0.0}]


model = build_model()
listed = {"absolute_pos_embed", "cls_token", "pos_embed"}
keywords = {"relative_position_bias_table", "logit_scale"}
optimizer = torch.optim.AdamW(split(model, listed, keywords), lr=5e-4, weight_decay=0.05)
