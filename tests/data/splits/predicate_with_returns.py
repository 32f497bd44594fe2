"""A predicate with several returns and a loop over words."""

import torch
from model_under_test import build_model

WORDS = ("bias", "norm", "ln", "bn")


def shrinks(name, parameter):
    if not parameter.requires_grad:
        return False
    if parameter.ndim < 2:
        return False
    for word in WORDS:
        if word in name.rsplit(".", 1)[-1]:
            return False
    return True


model = build_model()
with_decay = [p for n, p in model.named_parameters() if shrinks(n, p)]
without = [p for n, p in model.named_parameters() if not shrinks(n, p)]
optimizer = torch.optim.AdamW([dict(params=with_decay), dict(params=without, weight_decay=0.0)], weight_decay=0.1)
