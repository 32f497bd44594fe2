"""Names told by a compiled pattern and by re.search with flags."""

import re

import torch
from model_under_test import build_model

model = build_model()
KEPT = re.compile(r"(^|\.)(bias|[a-z_]*(norm|ln_?)[0-9f_]*\.weight)$")
kept, shrunk, tables = [], [], []
for name, parameter in model.named_parameters():
    if KEPT.search(name):
        kept.append(parameter)
    elif re.search(r"embed", name, re.IGNORECASE):
        tables.append(parameter)
    else:
        shrunk.append(parameter)
optimizer = torch.optim.AdamW(
    [
        {"params": shrunk, "weight_decay": 0.1},
        {"params": kept, "weight_decay": 0.0},
        {"params": tables, "weight_decay": 0.0},
    ],
    lr=1e-3,
)
