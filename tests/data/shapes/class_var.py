# A class kept in a name.
# gives: cls = torch.optim.AdamW
# changes: the update rule

import torch
from net import Net, train

net = Net()
cls = torch.optim.Adam
groups = [
    {"params": [p for p in net.parameters() if p.ndim >= 2]},
    {"params": [p for p in net.parameters() if p.ndim < 2], "weight_decay": 0.0},
]
optimizer = cls(groups, lr=1e-3, weight_decay=0.1)
train(net, optimizer)
