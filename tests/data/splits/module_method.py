"""A Lightning-like class that divides the parameters of a model it holds."""

import torch
from model_under_test import build_model
from torch import nn


class Task(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = build_model()

    def configure(self):
        skip = ("bias", "bn", "norm")
        kept, shrunk = [], []
        for name, parameter in self.network.named_parameters():
            (kept if any(part in name for part in skip) else shrunk).append(parameter)
        return torch.optim.AdamW([{"params": shrunk}, {"params": kept, "weight_decay": 0.0}], weight_decay=0.05)


task = Task()
optimizer = task.configure()
