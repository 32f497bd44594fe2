# A class kept in an attribute.
# gives: optimizer = torch.optim.AdamW
# changes: the update rule

import torch
from net import Net, train

net = Net()


class Config:
    optimizer = torch.optim.Adam
    weight_decay = 0.1


groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2]},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = Config.optimizer(groups, lr=1e-3, weight_decay=Config.weight_decay)
train(net, optimizer)
