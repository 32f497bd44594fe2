# A switch that is off.
# gives: decoupled_weight_decay=True)
# changes: the update rule

import torch
from net import Net, train

net = Net()
groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2], "weight_decay": 0.1},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.RAdam(groups, lr=1e-3, decoupled_weight_decay=False)
train(net, optimizer)
