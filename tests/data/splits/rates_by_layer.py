"""One group for each depth and decay, made when first needed and kept in a dictionary."""

import torch
from model_under_test import build_model


def depth_of(name, layers):
    if name in ("cls_token", "pos_embed") or name.startswith("patch_embed"):
        return 0
    if name.startswith("blocks"):
        return int(name.split(".")[1]) + 1
    return layers


def groups_by_depth(model, strength, factor=0.75):
    groups = {}
    layers = 13
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim == 1:
            label, this_decay = "kept", 0.0
        else:
            label, this_decay = "shrunk", strength
        depth = depth_of(name, layers)
        key = "layer_%d_%s" % (depth, label)
        if key not in groups:
            groups[key] = {"lr_scale": factor ** (layers - depth), "weight_decay": this_decay, "params": []}
        groups[key]["params"].append(parameter)
    return list(groups.values())


model = build_model()
optimizer = torch.optim.AdamW(groups_by_depth(model, 0.05), lr=1e-3)
