# A class by its name.
# gives: "AdamW"
# changes: the update rule

import torch
from net import Net, train

net = Net()
groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2]},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
NAME = "Adam"
optimizer = getattr(torch.optim, NAME)(groups, lr=1e-3, weight_decay=0.1)
train(net, optimizer)
