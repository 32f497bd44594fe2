"""A lambda and its opposite over names and parameters."""

from model_under_test import build_model
from torch import optim

model = build_model()
exclude = lambda n, p: p.ndim < 2 or "bn" in n or "ln" in n or "bias" in n or "logit_scale" in n  # noqa: E731
include = lambda n, p: not exclude(n, p)  # noqa: E731

named = list(model.named_parameters())
gain_or_bias = [p for n, p in named if exclude(n, p) and p.requires_grad]
rest = [p for n, p in named if include(n, p) and p.requires_grad]
optimizer = optim.AdamW(
    [
        {"params": gain_or_bias, "weight_decay": 0.0},
        {"params": rest, "weight_decay": 0.2},
    ],
    lr=5e-4,
    betas=(0.9, 0.98),
    eps=1e-6,
)
