"""Matrices decay, vectors and scalars don't."""

import torch
from model_under_test import build_model

model = build_model()
learnable = {name: p for name, p in model.named_parameters()}
learnable = {name: p for name, p in learnable.items() if p.requires_grad}
matrices = [p for name, p in learnable.items() if p.dim() >= 2]
vectors = [p for name, p in learnable.items() if p.dim() < 2]
groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=3e-4)
