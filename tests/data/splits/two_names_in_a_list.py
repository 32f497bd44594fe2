"""The classic list of two names of the language-modelling scripts."""

from model_under_test import build_model
from torch.optim import AdamW

model = build_model()
left_alone = ["bias", "LayerNorm.weight"]
grouped = [
    {
        "params": [p for n, p in model.named_parameters() if not any(part in n for part in left_alone)],
        "weight_decay": 0.01,
    },
    {
        "params": [p for n, p in model.named_parameters() if any(part in n for part in left_alone)],
        "weight_decay": 0.0,
    },
]
optimizer = AdamW(grouped, lr=5e-5)
