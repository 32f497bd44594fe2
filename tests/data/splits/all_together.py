"""Everything that can learn, in one group."""

import torch
from model_under_test import build_model

model = build_model()
params = list(filter(lambda p: p.requires_grad, model.parameters()))
optimizer = torch.optim.Adam(params, lr=1e-3, weight_decay=1e-4)
