"""A longer list, compared with lower-case names."""

from model_under_test import build_model
from torch.optim import AdamW

model = build_model()
left_alone = ["bias", "layernorm", "layer_norm", "rmsnorm", "ln_", "norm.", "norm1", "norm2", "bn"]


def is_left_alone(name):
    return any(part in name.lower() for part in left_alone)


named = list(model.named_parameters())
grouped = [
    {"params": [p for n, p in named if not is_left_alone(n) and p.requires_grad], "weight_decay": 0.01},
    {"params": [p for n, p in named if is_left_alone(n) and p.requires_grad], "weight_decay": 0.0},
]
optimizer = AdamW(grouped, lr=5e-5)
