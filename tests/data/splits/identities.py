"""Identities of what norms own, compared with those of all parameters."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
norm_ids = {
    id(p)
    for module in model.modules()
    if isinstance(module, (nn.LayerNorm, nn.BatchNorm2d, nn.GroupNorm))
    for p in module.parameters(recurse=False)
}
kept = [p for n, p in model.named_parameters() if id(p) in norm_ids or n.endswith("bias")]
kept_ids = list(map(id, kept))
shrunk = filter(lambda p: id(p) not in kept_ids, model.parameters())
optimizer = torch.optim.AdamW([{"params": shrunk}, {"params": kept, "weight_decay": 0}], lr=2e-5, weight_decay=0.02)
