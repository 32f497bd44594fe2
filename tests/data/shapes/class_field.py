# A class kept in a field.
# gives: optimizer: Any = torch.optim.AdamW
# changes: the update rule

from dataclasses import dataclass
from typing import Any

import torch
from net import Net, train

net = Net()


@dataclass
class Settings:
    optimizer: Any = torch.optim.Adam
    decay: float = 0.1


settings = Settings()
groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2]},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = settings.optimizer(groups, lr=1e-3, weight_decay=settings.decay)
train(net, optimizer)
