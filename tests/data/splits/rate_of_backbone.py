"""Two learning rates, one decay for all."""

import torch
from model_under_test import build_model

model = build_model()
divided = [
    {"params": [p for n, p in model.named_parameters() if "backbone" not in n and p.requires_grad]},
    {"params": [p for n, p in model.named_parameters() if "backbone" in n and p.requires_grad], "lr": 1e-5},
]
optimizer = torch.optim.AdamW(divided, lr=1e-4, weight_decay=1e-4)
