"""Every module below the root is asked for all its parameters by full name, which meets most of them many times."""

import torch
from model_under_test import build_model
from torch import nn

model = build_model()
shrunk, kept = set(), set()
heavy = (nn.Linear, nn.Conv2d)
light = (nn.LayerNorm, nn.Embedding, nn.BatchNorm2d)
for path, module in model.named_modules():
    for name, _ in module.named_parameters():
        full = "%s.%s" % (path, name) if path else name
        if name.endswith("bias"):
            kept.add(full)
        elif name.endswith("weight") and isinstance(module, heavy):
            shrunk.add(full)
        elif name.endswith("weight") and isinstance(module, light):
            kept.add(full)
by_name = dict(model.named_parameters())
kept |= by_name.keys() - shrunk
groups = [
    {"params": [by_name[name] for name in sorted(list(shrunk)) if name in by_name], "weight_decay": 0.1},
    {"params": [by_name[name] for name in sorted(list(kept)) if name in by_name], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-3)
