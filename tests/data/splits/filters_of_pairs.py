"""Pairs of name and parameter, filtered and unpacked."""

import torch
from model_under_test import build_model

model = build_model()
pairs = list(model.named_parameters())
shrunk = [pair[1] for pair in filter(lambda pair: "bias" not in pair[0] and pair[1].ndim > 1, pairs)]
kept = list(map(lambda pair: pair[1], filter(lambda pair: "bias" in pair[0] or pair[1].ndim <= 1, pairs)))
optimizer = torch.optim.AdamW([{"params": shrunk, "weight_decay": 0.1}, {"params": kept, "weight_decay": 0.0}], lr=1e-3)
