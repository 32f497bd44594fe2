"""A small network and a short training of it, around which a test writes an optimizer of its own."""

from __future__ import annotations

NETWORK = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 6)
        self.ln = nn.LayerNorm(6)
        self.out = nn.Linear(6, 3)

    def forward(self, x):
        return self.out(self.ln(self.fc(x)))


"""
TRAINING = """
x, y = torch.randn(5, 4), torch.randint(0, 3, (5,))
for _ in range(2):
    optimizer.zero_grad()
    F.cross_entropy(net(x), y).backward()
    optimizer.step()
"""
