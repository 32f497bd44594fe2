"""The helper of timm that makes groups and optimizer."""

from model_under_test import build_model
from timm.optim import create_optimizer_v2

model = build_model()
optimizer = create_optimizer_v2(model, opt="adamw", lr=1e-3, weight_decay=0.05)
